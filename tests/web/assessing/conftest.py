"""Three days of a small campaign, out of reports as Shadowserver writes them."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tocsin.campaign.feed import FeedContext, all_feeds
from tocsin.campaign.observation import Observation
from tocsin.web.accounts.models import Role
from tocsin.web.imports.models import FeedFile, Import, ImportState, Rejected
from tocsin.web.imports.models import Observation as Row
from tocsin.web.imports.rows import COLUMNS, list_in, values_of
from tocsin.web.organisations.models import Claim, ClaimKind, Organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign

HEADER = (
    '"timestamp","severity","ip","protocol","port","hostname","tag","asn","geo","region","city",'
    '"naics","hostname_source","sector","version","servername","url"'
)
OPEN, FIXED, UNCLEAR = "15.2.721.2", "15.2.721.13", "15.2.721"
"""2019 CU7: below and at its first build that is fixed for ProxyLogon, and three parts of it."""


def line(
    time: str,
    ip: str,
    version: str = "",
    *,
    tag: str = "exchange",
    hostname: str = "",
    server: str = "",
    asn: int = 64496,
    region: str = "",
    sector: str = "",
) -> str:
    """One record of a report."""
    return (
        f'"{time}","critical","{ip}","tcp",443,"{hostname}","{tag}",{asn},"DE","{region}","",'
        f'0,"ptr","{sector}","{version}","{server}",'
    )


DAY_1 = [
    line("2021-05-14 00:10:00", "192.0.2.1", OPEN, hostname="mail.a.example", server="EX01"),
    line("2021-05-14 00:11:00", "192.0.2.2", UNCLEAR, region="SOUTH", sector="Health"),
    line("2021-05-14 00:12:00", "198.51.100.7", FIXED, tag="exchange;webshell"),
    line("2021-05-14 00:13:00", "203.0.113.9", FIXED, hostname="owa.b.example"),
    line("2021-05-14 00:14:00", "203.0.113.10", tag="exchange;cve-2021-26855"),
]
"""Red, yellow (three parts), red (a web shell), green, yellow (no build, and a claim)."""
DAY_2 = [
    line("2021-05-15 00:10:00", "192.0.2.1", FIXED, hostname="mail.a.example", server="EX01"),
    line("2021-05-15 00:12:00", "198.51.100.7", FIXED),
    line("2021-05-15 00:13:00", "203.0.113.9", FIXED, hostname="owa.b.example"),
    line("2021-05-15 00:14:00", "203.0.113.10"),
]
"""192.0.2.1 was fixed, and 192.0.2.2 is missing."""
DAY_3 = [
    line("2021-05-16 00:10:00", "192.0.2.1", FIXED, hostname="mail.a.example", server="EX01"),
    line("2021-05-16 00:12:00", "198.51.100.7", FIXED),
    line("2021-05-16 00:13:00", "203.0.113.9", FIXED, hostname="owa.b.example"),
    line("2021-05-16 00:14:00", "203.0.113.10"),
    line("2021-05-16 00:15:00", "203.0.113.11", OPEN),
]
"""192.0.2.2 is missing for the second time, and 203.0.113.11 is new."""


def report(lines: list[str]) -> bytes:
    return "\n".join([HEADER, *lines, ""]).encode()


@pytest.fixture
def organisations(campaign: Campaign) -> dict[str, Organisation]:
    """A by network, with a region; B by domain, with a sector; C with nothing seen."""
    made: dict[str, Organisation] = {}
    for name, sector, region, kind, value in (
        ("A", "", "East", ClaimKind.NETWORK, "192.0.2.0/31"),
        ("B", "Energy", "", ClaimKind.DOMAIN, "b.example"),
        ("C", "Water", "West", ClaimKind.NETWORK, "2001:db8::/32"),
    ):
        made[name] = Organisation.objects.create(
            constituency=campaign.constituency, name=name, sector=sector, region=region
        )
        Claim.objects.create(organisation=made[name], kind=kind, value=value)
    return made


@pytest.fixture
def bring(campaign: Campaign, person: Callable[[Role], User]) -> Callable[..., Import]:
    """Read a file with its parser and store the rows, as an import does."""

    def run(
        lines: list[str] | bytes,
        name: str = "2021-05-14-scan_exchange-north-geo.csv",
        *,
        feed: str = "shadowserver",
        host: str | None = None,
    ) -> Import:
        content = lines if isinstance(lines, bytes) else report(lines)
        sha256 = hashlib.sha256(content + name.encode()).hexdigest()
        made = Import.objects.create(
            campaign=campaign,
            number=Import.objects.filter(campaign=campaign).count() + 1,
            by=person(Role.ANALYST),
            file_name=name,
            sha256=sha256,
            feed=feed,
            state=ImportState.DONE,
            finished_at=datetime.now(UTC),
        )
        file = FeedFile.objects.create(
            campaign=campaign, part_of=made, feed=feed, name=name, sha256=sha256
        )
        context = FeedContext(file=name, sha256=sha256, host=host)
        for row in all_feeds()[feed].read(io.BytesIO(content), context):
            if isinstance(row, Observation):
                values = dict(zip(COLUMNS, values_of(row), strict=True))
                Row.objects.create(file=file, **values)
                made.observations += 1
                if row.time_utc is not None:
                    made.earliest = min(made.earliest or row.time_utc, row.time_utc)
                    made.latest = max(made.latest or row.time_utc, row.time_utc)
            else:
                Rejected.objects.create(
                    part_of=made,
                    file_name=name,
                    file_sha256=sha256,
                    feed=feed,
                    row=row.row,
                    code=row.code,
                    detail=row.detail,
                    ip=row.ip or "",
                    evidence=list_in(row.evidence) if row.evidence else "",
                )
        made.save()
        return made

    return run


@pytest.fixture
def three_days(
    bring: Callable[..., Import], organisations: dict[str, Organisation]
) -> list[Import]:
    """Three imports, not assessed yet."""
    return [
        bring(lines, f"2021-05-{14 + at}-scan_exchange-north-geo.csv")
        for at, lines in enumerate((DAY_1, DAY_2, DAY_3))
    ]
