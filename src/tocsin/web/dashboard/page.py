"""The campaign page: every number with its denominator and the rows it leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.web.assets.models import Change, Colour
from tocsin.web.campaigns.models import Campaign
from tocsin.web.campaigns.queries import pack_of
from tocsin.web.campaigns.services import ASSESS
from tocsin.web.cases.models import CaseKind
from tocsin.web.dashboard import queries
from tocsin.web.dashboard.curve import curve_of
from tocsin.web.dashboard.groups import breakdowns
from tocsin.web.dashboard.links import hosts_url, organisations_url, seen_url
from tocsin.web.dashboard.queries import Stands
from tocsin.web.design.words import DOUBTS, SETTLED_BY, SIGNS, SUPPORT, capital, word_in
from tocsin.web.imports.models import Import
from tocsin.web.lists.known import NOT_KNOWN
from tocsin.web.work.models import Job

FEW = 5
"""So many imports, jobs, cases and web shells are named; the lists have the rest."""

_CHANGES = {
    Change.FIRST_SEEN: ("New", "seen for the first time"),
    Change.FIXED: ("Fixed", "a CVE was open, and a newer build closes it"),
    Change.VULNERABLE_AGAIN: ("Vulnerable again", "a CVE was closed, and is open again"),
    Change.VANISHED: ("Vanished", "missing in later scans, which is not fixed"),
    Change.BACK: ("Back", "seen again after it had vanished"),
}
_BAD = frozenset({Change.VULNERABLE_AGAIN, Change.FIRST_SEEN, Change.BACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One line of the answer: servers, hosts or organisations."""

    name: str
    stands: Stands
    of: str
    urls: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What would settle some of the yellow hosts."""

    why: str
    hosts: int
    settled_by: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Hosts with one kind of change, noticed after the last import."""

    name: str
    what: str
    hosts: int
    kind: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportLine:
    """Hosts in one state of support."""

    name: str
    hosts: int
    url: str


def page_of(campaign: Campaign) -> dict[str, Any]:
    """All that the page shows. A bounded number of queries, whatever there is."""
    imports = queries.newest_imports(campaign, FEW)
    jobs = queries.running(campaign, FEW)
    if not imports and campaign.assessed_at is None:
        return {"is_empty": True, "imports": [], "jobs": jobs, **_about(campaign)}
    hosts, by_support = queries.hosts(campaign)
    last = queries.last_import(campaign)
    cases, case_counts = queries.open_cases(campaign, FEW)
    many, newest = queries.counted_imports(campaign)
    return {
        "is_empty": False,
        "imports": imports,
        "import_count": many,
        "jobs": jobs,
        "is_behind": _is_behind(campaign, jobs, newest),
        "unplaced": campaign.totals.get("unplaced", {}).get("rows", 0),
        "quarantined": queries.in_quarantine(campaign),
        "hosts": hosts,
        "standings": _standings(campaign, hosts),
        "without_owner": queries.without_owner(campaign),
        "nobody_url": seen_url(campaign, owner=NOT_KNOWN),
        "curve": curve_of(queries.points(campaign), campaign.totals.get("stride")),
        "last": last,
        "noticed": _noticed(campaign, last) if last is not None else [],
        "signs_url": hosts_url(campaign, signs_noticed_in=str(last.number)) if last else "",
        "resolutions": _resolutions(campaign),
        "shells": [(one, signs_in(one.evidence)) for one in queries.compromised(campaign, FEW)],
        "shells_url": hosts_url(campaign, compromised="true"),
        "cases": cases,
        "case_count": sum(case_counts.values()),
        "case_counts": [(CaseKind(kind).label, count) for kind, count in case_counts.items()],
        "breakdowns": breakdowns(campaign),
        "support": _support(campaign, by_support),
        "by_cve": _by_cve(campaign),
        **_about(campaign),
    }


def signs_in(evidence: str) -> str:
    """The signs of compromise of a host in words."""
    return ", ".join(word_in(SIGNS, one) for one in evidence.split(",") if one)


def _about(campaign: Campaign) -> dict[str, Any]:
    pack = pack_of(campaign.pack)
    return {
        "pack": pack.about if pack is not None else None,
        "account": campaign.totals.get("account", {}),
        "knowledge": campaign.totals.get("knowledge", ""),
        "settled": campaign.totals.get("together", {}).get("cves", []),
    }


def _is_behind(campaign: Campaign, jobs: Sequence[Job], newest: datetime | None) -> bool:
    """Whether something counts that these numbers do not know yet: imports until `newest` do."""
    if campaign.assessed_at is None or campaign.saving_by:
        return True
    if any(job.kind == ASSESS for job in jobs):
        return True
    return newest is not None and newest > campaign.assessed_at


def _standings(campaign: Campaign, hosts: Stands) -> list[Standing]:
    there_are = queries.organisations_there_are(campaign)
    owned = queries.organisations(campaign)
    return [
        Standing(
            name="Servers",
            stands=queries.servers(campaign),
            of="servers that answer behind the hosts",
            urls={},
        ),
        Standing(
            name="Hosts",
            stands=hosts,
            of="hosts that were ever seen",
            urls={
                **{one.value: seen_url(campaign, colour=one.value) for one in Colour},
                "vanished": hosts_url(campaign, vanished="true"),
                "total": hosts_url(campaign),
            },
        ),
        Standing(
            name="Organisations",
            stands=owned,
            of=f"organisations with a host, of {there_are:,} in the constituency",
            urls={
                **{
                    one: organisations_url(campaign, worst=one)
                    for one in (*Colour.values, "vanished")
                },
                "total": organisations_url(campaign, hosts="true"),
            },
        ),
    ]


def _noticed(campaign: Campaign, last: Import) -> list[Noticed]:
    return [
        Noticed(
            name=name,
            what=what,
            hosts=last.effect.get(change.value, 0),
            kind="green" if change is Change.FIXED else "yellow" if change in _BAD else "grey",
            url=hosts_url(campaign, change=change.value, noticed_in=str(last.number)),
        )
        for change, (name, what) in _CHANGES.items()
    ]


def _resolutions(campaign: Campaign) -> dict[str, Any]:
    found = queries.yellow(campaign)
    return {
        "lines": [
            Resolution(
                why=capital(DOUBTS[doubt]),
                hosts=hosts,
                settled_by=SETTLED_BY[doubt],
                url=seen_url(campaign, colour=Colour.YELLOW.value, doubt=doubt.value),
            )
            for doubt, hosts in found.by_doubt.most_common()
        ],
        "claimed": found.claimed,
        "claimed_url": seen_url(campaign, colour=Colour.YELLOW.value, claimed="true"),
        "owner_reports_fixed": found.owner_reports_fixed,
        "fixed_url": seen_url(campaign, colour=Colour.YELLOW.value, owner_reports_fixed="true"),
    }


def _support(campaign: Campaign, found: dict[str, Stands]) -> list[SupportLine]:
    return [
        SupportLine(
            name=capital(label),
            hosts=found[state].seen,
            url=seen_url(campaign, support=state),
        )
        for state, label in SUPPORT.items()
        if state in found and found[state].seen
    ]


def _by_cve(campaign: Campaign) -> list[dict[str, Any]]:
    """As the assessment that wrote the hosts counted them: they change only together."""
    settled = set(campaign.totals.get("together", {}).get("cves", []))
    return [
        {
            "cve": cve,
            "stands": Stands(
                red=count["red"],
                yellow=count["yellow"],
                green=count["green"],
                vanished=count["vanished"],
                compromised=count["compromised"],
            ),
            "is_settled": cve in settled,
            "urls": {
                **{one.value: seen_url(campaign, cve=cve, cve_colour=one.value) for one in Colour},
                "seen": seen_url(campaign, cve=cve),
            },
        }
        for cve, count in campaign.totals.get("by_cve", {}).items()
    ]
