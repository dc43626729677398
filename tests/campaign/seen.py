"""Rows of feeds for tests, in one line each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from tocsin.campaign.gathering import Hosts
from tocsin.campaign.merge import Host, merged
from tocsin.campaign.observation import Method, Observation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tocsin.campaign.nodes import Rules
    from tocsin.campaign.observation import FeedRow

PROXYLOGON = "CVE-2021-26855"
CVES = (PROXYLOGON, "CVE-2021-34473", "CVE-2024-21410")
"""Two that builds settle, and one that a setting decides."""
ON = date(2026, 11, 24)
START = datetime(2021, 5, 1, tzinfo=UTC)
OPEN, FIXED, UNCLEAR = "15.2.721.2", "15.2.721.13", "15.2.721"
"""2019 CU7: below and at its first build that is fixed for ProxyLogon, and three parts of it."""

_ROWS = count(1)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def row(
    build: str | None = None,
    days: float | None = 0,
    *,
    feed: str = "probe",
    method: Method | None = None,
    ip: str | None = "192.0.2.1",
    port: int | None = 443,
    server: str | None = None,
    file: str | None = None,
    number: int | None = None,
    hostname: str | None = None,
    evidence: tuple[str, ...] = (),
    claims: tuple[str, ...] = (),
    builds: tuple[tuple[str, Method], ...] = (),
    about_exchange: bool = True,
) -> Observation:
    """A row of `feed`, `days` after the start; its file is that of the day unless named."""
    how = method or (Method.OWA_HEADER if build and build.count(".") == 3 else Method.FEED_VERSION)
    seen = builds or (((build, how),) if build else ())
    name = file or f"{feed}-{'undated' if days is None else int(days)}"
    return Observation(
        feed=feed,
        file=name,
        file_sha256=name,
        row=next(_ROWS) if number is None else number,
        time_utc=None if days is None else at(days),
        ip=ip,
        port=port,
        hostname=hostname,
        server_name=server,
        builds=seen,
        evidence=evidence,
        claims=claims,
        about_exchange=about_exchange,
    )


def hosts_of(
    rows: Iterable[FeedRow], cves: tuple[str, ...] = (PROXYLOGON,), rules: Rules | None = None
) -> dict[str, Host]:
    hosts = Hosts()
    for one in rows:
        hosts.add(one)
    return {host.gathered.key: host for host in merged(hosts, cves, on=ON, rules=rules)}


def host_of(*rows: FeedRow, rules: Rules | None = None) -> Host:
    """The one host of these rows."""
    [host] = hosts_of(rows, CVES, rules).values()
    return host
