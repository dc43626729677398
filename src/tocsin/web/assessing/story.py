"""A host as the desk keeps it: what `tocsin exposure --json` tells, and what each source says.

`host_json` tells what counts and why. Beside it, below ``desk``, stands what each feed alone would
say, so that a page can put sources side by side where they disagree. Contacts are left out: they
are personal data, and lie with the organisation. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tocsin.campaign.exposure import NOT_OPEN, Judged, judge_build, nothing_seen, order
from tocsin.campaign.host_json import host_json, stamp_json
from tocsin.campaign.merge import Host
from tocsin.campaign.nodes import Basis, Rules, bases, strays
from tocsin.campaign.owners import Clues, Owner
from tocsin.campaign.sightings import Sighting, Stamp
from tocsin.campaign.totals import Totals
from tocsin.knowledge.status import StatusWord
from tocsin.report import jsontext

Json = dict[str, Any]

_NUL = "\x00"


def story_of(host: Host, totals: Totals, owner: Owner, rules: Rules, *, region: str = "") -> Json:
    """Everything of one host that its page shows, as plain JSON that any database keeps.

    `region` is what feeds say.
    """
    told = host_json(host, totals, None)
    told["owner"] = owner_json(owner)
    sources = [_source(feed, host, rules) for feed in _feeds(host)]
    told["desk"] = {
        "clues": _clues(host),
        "sectors": host.gathered.sectors,
        "countries": host.gathered.countries,
        "region": region,
        "sources": sources,
        "differ": list(_differ(sources, totals.cves)),
    }
    return plain(told)


def owner_json(owner: Owner) -> Json:
    """As `tocsin exposure --json` tells it, without contacts and keys."""
    who = owner.constituent
    return {
        "organisation": None if who is None else who.organisation,
        "sector": None if who is None else who.sector,
        "country": None if who is None else who.country,
        "region": None if who is None else who.region,
        "language": None if who is None else who.language,
        "step": owner.step,
        "confidence": owner.confidence,
        "reason": owner.reason,
        "others": [one._asdict() for one in owner.others],
        "signs": [one._asdict() for one in owner.signs],
    }


def clues_in(story: Json) -> Clues:
    """What may tell whose it is, out of a story: the same as of all rows about the host."""
    more = story["desk"]["clues"]
    return Clues(
        ip=story["ip"],
        hostnames=tuple(story["hostnames"]),
        names=tuple(story["names"]),
        server_names=tuple(more["server_names"]),
        asns=tuple(story["asns"]),
        tags=tuple(more["tags"]),
    )


def plain(value: Json) -> Json:
    """As it comes back from the database. PostgreSQL keeps no NUL character."""
    text = jsontext.line(value).decode("utf-8")
    told: Json = json.loads(text)
    if "\\u0000" in text:
        told = _without_nul(told)
    return told


def _without_nul(value: Any) -> Any:  # noqa: ANN401 any JSON value
    if isinstance(value, str):
        return value.replace(_NUL, "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return [_without_nul(one) for one in value] if isinstance(value, list) else value


def _clues(host: Host) -> Json:
    servers = {one.server.lower() for one in host.gathered.sightings if one.server}
    return {"server_names": sorted(servers), "tags": host.gathered.tags}


def _feeds(host: Host) -> list[str]:
    gathered = host.gathered
    notes = (*gathered.evidence, *gathered.claims)
    return sorted({one.feed for one in gathered.sightings} | {note.feed for note in notes})


def _source(feed: str, host: Host, rules: Rules) -> Json:
    """What one feed saw, what it alone would say of each CVE, and what it claims."""
    gathered = host.gathered
    seen = [one for one in gathered.sightings if one.feed == feed]
    notes = [one for one in (*gathered.evidence, *gathered.claims) if one.feed == feed]
    stamps = [stamp for one in seen for stamp in (one.first, one.last)]
    stamps += [stamp for note in notes for stamp in (note.first, note.last)]
    return {
        "feed": feed,
        "owners_word": any(one.is_claim for one in seen),
        "first": stamp_json(min(stamps, key=lambda one: one.order)),
        "last": stamp_json(max(stamps, key=lambda one: one.order)),
        "seen": [_seen(one) for one in seen],
        "says": _says(feed, host, rules),
        "claims": sorted({one.what for one in gathered.claims if one.feed == feed}),
        "evidence": sorted({one.what for one in gathered.evidence if one.feed == feed}),
    }


def _seen(one: Sighting) -> Json:
    return {
        "server": one.server,
        "port": one.port,
        "builds": [{"build": build, "method": how} for build, how in one.builds],
        "first": stamp_json(one.first),
        "last": stamp_json(one.last),
    }


def _says(feed: str, host: Host, rules: Rules) -> list[Json]:
    """CVEs of which it says the same stand together, in the order in which they were asked."""
    shown = list(_shown(feed, host, rules))
    alike: dict[tuple[tuple[str, Judged, Stamp], ...], list[str]] = {}
    for cve in host.cves if shown else ():
        said = sorted(
            [(server, _judged(basis, cve), at) for server, basis, at in shown],
            key=lambda one: (order(one[1].status), one[0]),
        )
        # The judgement names its CVE, which must not keep equal ones apart.
        key = tuple((server, replace(judged, cve=""), at) for server, judged, at in said)
        alike.setdefault(key, []).append(cve)
    return [
        {
            "cves": cves,
            "statuses": list(dict.fromkeys(judged.status for _, judged, _ in said)),
            "by": [
                {
                    "server": server,
                    "status": judged.status,
                    "build": judged.build,
                    "method": judged.method,
                    "reason": judged.reason,
                    "at": stamp_json(at),
                }
                for server, judged, at in said
            ],
        }
        for said, cves in alike.items()
    ]


def _shown(feed: str, host: Host, rules: Rules) -> Iterator[tuple[str, Basis | None, Stamp]]:
    """What a feed shows of each server when it is asked alone; the owner's word is its claim.

    None in place of a build where it saw the server without one.
    """
    for node in host.counting:
        for claim in node.claims:
            if claim.basis.at.feed == feed:
                yield node.name, claim.basis, claim.basis.at
        own = [one for one in node.sightings if one.feed == feed]
        found = bases(own, rules, one_server=node.is_named) if own else ()
        for basis in found:
            yield node.name, basis, basis.at
        if own and not found:
            yield node.name, None, max((one.last for one in own), key=lambda one: one.order)
    for claim in strays(host.gathered.sightings):
        if claim.basis.at.feed == feed:
            yield claim.server, claim.basis, claim.basis.at


def _judged(basis: Basis | None, cve: str) -> Judged:
    return nothing_seen(cve) if basis is None else judge_build(basis.build, basis.method, cve)


def _differ(sources: Sequence[Json], cves: Sequence[str]) -> Iterator[Json]:
    """The CVEs that one source calls open and another does not; a claim is a voice, too."""
    for cve in cves:
        is_open: list[str] = []
        is_not: list[str] = []
        for source in sources:
            said = {
                word for one in source["says"] if cve in one["cves"] for word in one["statuses"]
            }
            if StatusWord.VULNERABLE in said or cve in source["claims"]:
                is_open.append(source["feed"])
            if said & NOT_OPEN:
                is_not.append(source["feed"])
        if is_open and is_not and is_open != is_not:
            yield {"cve": cve, "open": is_open, "not_open": is_not}
