"""Hosts and totals in words: one line for each host, the totals as the BSI publishes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.campaign.merge import Colour, colour_of
from tocsin.campaign.telling import explain, looked_up, ownership, transition
from tocsin.campaign.totals import SETTLED_BY, counts_as_vanished

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.campaign.lookup import Found
    from tocsin.campaign.merge import Host
    from tocsin.campaign.owners import Owner
    from tocsin.campaign.totals import Count, Totals

_CVES_SHOWN = 3
_WIDTH_HOST = 15


def host_line(host: Host, totals: Totals, owner: Owner | None) -> str:
    """A host in one line: colour, address, names, builds, what is open, and whose it is."""
    is_apart = counts_as_vanished(host)
    colour = "vanished" if is_apart else str(colour_of(host, totals.settled_by_builds))
    parts = [
        f"{colour:<8}",
        f"{host.gathered.key:<{_WIDTH_HOST}}",
        ", ".join(host.gathered.hostnames[:2]) or "no name",
        _builds(host) or "no build",
        _open(host),
    ]
    if host.evidence:
        parts.append("signs of compromise: " + ", ".join({n.what: None for n in host.evidence}))
        if host.vanished:
            parts.append("vanished")
    if owner is not None:
        name = owner.constituent.organisation if owner.constituent else "nobody"
        parts.append(f"owner: {name} ({owner.step}, {owner.confidence})")
    return "  ".join(parts)


def host_details(host: Host, owner: Owner | None, found: Found | None = None) -> Iterator[str]:
    """Why, for each CVE that is not settled well; whose it is; what changed."""
    if owner is not None:
        yield from ownership(owner)
    if found is not None:
        yield from looked_up(found)
    if host.support is not None:
        yield f"support: {host.support.reason}"
    said: dict[tuple[str, ...], list[str]] = {}
    for cve, exposure in host.cves.items():
        if exposure.colour is not Colour.GREEN or exposure.owner_words or exposure.claimed:
            said.setdefault(explain(host, cve), []).append(cve)
    for sentences, cves in said.items():
        yield f"{', '.join(cves)}:"
        for sentence in sentences:
            yield f"  {sentence}"
    changes: dict[str, list[str]] = {}
    for one in host.transitions:
        text = transition(one)
        changes.setdefault(text.removeprefix(f"{one.cve}: "), []).append(one.cve or "")
    for text, cves in changes.items():
        about = f" ({', '.join(cves)})" if any(cves) else ""
        yield f"{text}{about}"


def totals_lines(totals: Totals) -> Iterator[str]:
    """The totals, and what would settle the yellow."""
    together = totals.together
    yield f"Hosts, by the worst of the {len(totals.settled_by_builds)} CVEs that a build settles:"
    yield f"  {_counted(together)}"
    for doubt, hosts in together.yellow_by.most_common():
        yield f"  of the yellow {hosts:,} would be settled by {SETTLED_BY[doubt]}"
    if together.yellow_claimed:
        yield f"  of the yellow {together.yellow_claimed:,} are claimed to be vulnerable by a feed"
    if together.yellow_owner_fixed:
        yield f"  of the yellow {together.yellow_owner_fixed:,} are reported fixed by their owners"
    for cve, count in totals.by_cve.items():
        yield f"{cve}: {_counted(count)}"
    states = ", ".join(f"{hosts:,} {state}" for state, hosts in sorted(totals.support.items()))
    if states:
        yield f"Support: {states}"


def _counted(count: Count) -> str:
    told = f"red {count.red:,}, yellow {count.yellow:,}, green {count.green:,}"
    if count.compromised:
        told += f" ({count.compromised:,} of the red with signs of compromise)"
    return f"{told}, vanished {count.vanished:,}" if count.vanished else told


def _builds(host: Host) -> str:
    """The builds that count, with their servers where there are several."""
    several = len(host.nodes) > 1
    return ", ".join(
        f"{node.name} {one.build}" if several else one.build
        for node in host.nodes
        if node.current
        for one in node.bases
    )


def _open(host: Host) -> str:
    found = [cve for cve, one in host.summaries.items() if "vulnerable" in one.statuses]
    if not found:
        unclear = sum(bool(one.doubts) for one in host.summaries.values())
        return (
            f"not settled: {unclear} of {len(host.summaries)} CVEs" if unclear else "no CVE open"
        )
    rest = len(found) - _CVES_SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return f"vulnerable: {', '.join(found[:_CVES_SHOWN])}{more}"
