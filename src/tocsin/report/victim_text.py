"""The summary of many results, for people: one block for all hosts, and one for each group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.report import words
from tocsin.report.visible import shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.report.victim_counts import Group, Share, Summary

_WIDEST = 60
_NAMES_SHOWN = 10


def victim_text(summary: Summary) -> str:
    """The summary in lines, each number with what it is a share of. Ends with a newline."""
    lines = [f"{_hosts(summary.all_hosts.hosts)} in {words.count(summary.results, 'result')}"]
    if summary.repeated:
        lines.append(
            f"{summary.repeated} earlier results on hosts that were hunted again left out"
        )
    if summary.same_name:
        names = ", ".join(_safe(name) for name in summary.same_name[:_NAMES_SHOWN])
        lines.append(f"several sources have a host of this name, and each is counted: {names}")
    lines += ["", *_block(summary.all_hosts, "All hosts")]
    for group in summary.groups:
        lines += ["", *_block(group, f"{summary.by}: {_safe(group.name)}")]
    return "\n".join([*lines, "", summary.note, ""])


def _block(group: Group, title: str) -> Iterator[str]:
    yield title
    hunted = _hosts(group.hosts)
    if group.listed is not None:
        hunted += f" hunted; {_hosts(group.listed)} in the list of owners"
    yield f"  {hunted}"
    if not group.hosts:
        return
    yield f"  broken into: {_share(group.broken_into)}"
    if group.at_most.hosts > group.broken_into.hosts:
        doubtful = group.at_most.hosts - group.broken_into.hosts
        yield f"    and any of {doubtful} inconclusive may be: at most {group.at_most.hosts}"
    yield f"  complete evidence: {group.complete} of {group.hosts}"
    for one in group.levels:
        if one.share.hosts:
            yield f"  {words.LEVEL_NAMES[one.level]}: {_share(one.share)}"
    for pack in group.packs:
        if pack.broken_into.hosts:
            yield f"  pack {_safe(pack.pack)}: {_share(pack.broken_into)} that it applies to"
    for chain in group.chains:
        cves = _safe(" + ".join(chain.cves))
        succeeded, tried = _share(chain.succeeded), chain.tried.hosts
        yield f"  {cves}: succeeded on {succeeded}, only tried on {tried}"
    for overlap in group.overlaps:
        told = f"{overlap.wording} with {_safe(overlap.group)}"
        yield f"  {told}: {_share(overlap.share)} broken into"
    yield from _times(group)


def _times(group: Group) -> Iterator[str]:
    seen = group.first_seen
    if not seen.of:
        return
    yield f"  first trace of a break-in: known for {seen.hosts} of {seen.of}"
    if seen.hosts:
        yield f"    earliest {seen.earliest}, median {seen.median}, latest {seen.latest}"
        yield "    " + ", ".join(f"week of {day}: {number}" for day, number in seen.weeks.items())


def _hosts(number: int) -> str:
    return words.count(number, "host")


def _share(share: Share) -> str:
    if share.low is None or share.high is None:
        return f"{share.hosts} of {share.of}"
    return (
        f"{share.hosts} of {share.of} ({share.hosts / share.of:.0%};"
        f" {share.low:.0%} to {share.high:.0%})"
    )


def _safe(text: str) -> str:
    return visible(shortened(text, _WIDEST))
