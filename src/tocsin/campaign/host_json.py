"""A host, and the totals, as `tocsin exposure --json` prints them.

Changing a name here breaks scripts: it needs a news fragment and a decision record. Times are UTC.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tocsin.campaign.merge import colour_of
from tocsin.campaign.telling import explain, moment
from tocsin.campaign.totals import SETTLED_BY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.campaign.gathering import Hosts
    from tocsin.campaign.lookup import Found
    from tocsin.campaign.merge import CveExposure, Host, OwnerWord
    from tocsin.campaign.nodes import Basis, Node
    from tocsin.campaign.owners import Owner
    from tocsin.campaign.sightings import Noted, Stamp
    from tocsin.campaign.totals import Count, Totals
    from tocsin.campaign.transitions import Transition

Json = dict[str, Any]


def host_json(host: Host, totals: Totals, owner: Owner | None, found: Found | None = None) -> Json:
    """One host. `owner` is None without a constituency, `found` without recorded answers."""
    gathered = host.gathered
    return {
        "host": gathered.key,
        "ip": gathered.ip,
        "colour": colour_of(host, totals.settled_by_builds),
        "vanished": host.vanished is not None,
        "hostnames": gathered.hostnames,
        "names": gathered.names,
        "asns": gathered.asns,
        "servers": [_server(node) for node in host.nodes],
        "exposure": {cve: _exposure(host, one) for cve, one in host.cves.items()},
        "evidence": [_noted(note) for note in host.evidence],
        "claims": [_noted(note) for note in gathered.claims],
        "support": None
        if host.support is None
        else {"state": host.support.state, "reason": host.support.reason},
        "owner": None if owner is None else _owner(owner),
        "lookup": None if found is None else _found(found),
        "transitions": [_transition(one) for one in host.transitions],
        "cut": gathered.cut,
    }


def totals_json(totals: Totals, hosts: Hosts | None = None) -> Json:
    """The last line: colours over the CVEs that a build settles, and by CVE.

    With `hosts` also the signs of compromise in rows that name none.
    """
    summary: Json = {
        "together": {"cves": totals.settled_by_builds, **_count(totals.together)},
        "by_cve": {cve: _count(count) for cve, count in totals.by_cve.items()},
        "support": dict(sorted(totals.support.items())),
    }
    if hosts is not None:
        evidence = [_noted(note) for note in hosts.unplaced]
        summary["unplaced"] = {"rows": hosts.unplaced_rows, "evidence": evidence}
    return {"summary": summary}


def _server(node: Node) -> Json:
    return {
        "name": node.name,
        "current": node.current,
        "last": None if node.last is None else stamp_json(node.last),
        "builds": [
            {
                "build": one.build,
                "method": one.method,
                "last": stamp_json(one.at),
                "outdated": one.outdated_by is not None,
            }
            for one in _shown(node)
        ],
    }


def _shown(node: Node) -> Iterator[Basis]:
    """The builds that count, and beside an outdated one the newer, less precise one."""
    for one in node.bases:
        yield one
        if one.beside is not None:
            yield one.beside


def _exposure(host: Host, one: CveExposure) -> Json:
    return {
        "status": one.statuses,
        "colour": one.colour,
        "doubts": one.doubts,
        "owner_reported": [_word(word) for word in one.owner_words],
        "claimed_by": sorted({claim.feed for claim in one.claimed}),
        "why": explain(host, one.cve),
    }


def _word(word: OwnerWord) -> Json:
    return {
        "server": word.server if word.is_seen else None,
        "about": word.about,
        "status": word.judged.status,
        "build": word.judged.build,
        "contradicted": word.contradicted,
    }


def _noted(note: Noted) -> Json:
    return {
        "what": note.what,
        "feed": note.feed,
        "first": stamp_json(note.first),
        "last": stamp_json(note.last),
    }


def _owner(owner: Owner) -> Json:
    who = owner.constituent
    return {
        "organisation": None if who is None else who.organisation,
        "sector": None if who is None else who.sector,
        "country": None if who is None else who.country,
        "region": None if who is None else who.region,
        "contacts": () if who is None else who.contacts,
        "language": None if who is None else who.language,
        "keys": () if who is None else who.keys,
        "step": owner.step,
        "confidence": owner.confidence,
        "reason": owner.reason,
        "others": [one._asdict() for one in owner.others],
        "signs": [one._asdict() for one in owner.signs],
    }


def _found(found: Found) -> Json:
    """RDAP and security.txt, each as it was read, or null."""
    published = found.security_txt
    return {
        "rdap": None if found.rdap is None else asdict(found.rdap),
        "security_txt": None
        if published is None
        else {
            "usable": published.usable,
            "contacts": published.contacts,
            "languages": published.languages,
            "encryption": published.encryption,
            "expires": None if published.expires is None else moment(published.expires),
            "problems": published.problems,
        },
    }


def _transition(one: Transition) -> Json:
    return {
        "change": one.change,
        "cve": one.cve,
        "server": one.server,
        "after": None if one.after is None else moment(one.after),
        "before": moment(one.before),
        "builds": one.builds,
    }


def stamp_json(stamp: Stamp) -> Json:
    """Where and when something was read."""
    return {
        "time": None if stamp.time is None else moment(stamp.time),
        "feed": stamp.feed,
        "file": stamp.file,
        "row": stamp.row,
    }


def _count(count: Count) -> Json:
    return {
        "red": count.red,
        "yellow": count.yellow,
        "green": count.green,
        "vanished": count.vanished,
        "compromised": count.compromised,
        "yellow_by": {
            doubt: {"hosts": hosts, "settled_by": SETTLED_BY[doubt]}
            for doubt, hosts in sorted(count.yellow_by.items())
        },
        "yellow_claimed": count.yellow_claimed,
        "yellow_owner_reported_fixed": count.yellow_owner_fixed,
    }
