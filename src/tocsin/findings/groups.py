"""Which groups an intruder's ways overlap with, in words that say what that is worth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tocsin.findings.overlap import CHANCE, FEWEST, Ways
from tocsin.model.result import GroupOverlap

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from tocsin.findings.overlap import Calibration, Score
    from tocsin.knowledge.groups import Groups, Trait

SOME = 0.8
"""Of the sets for which a group is named, so many must be its own for any word; see the record."""
MARKED = 0.9
_TOLD = 3
"""Groups that are told for one intruder."""
_WEAK = ("file_name",)
_KINDS = {
    "address": "address",
    "domain": "domain",
    "sha1": "file",
    "file_name": "file name",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one intruder was seen to do and to use; `texts` are the rows, all in lower case."""

    techniques: frozenset[str]
    addresses: frozenset[str]
    file_names: frozenset[str]
    texts: Sequence[str]


@lru_cache(maxsize=4)
def ways_of(known: Groups, observable: frozenset[str]) -> Ways:
    """The groups, compared by the techniques that rules can see and that are not given here.

    Kept, because what is calibrated for one server holds for all that the same rules look at.
    """
    return Ways(known.group, observable.difference(known.given))


def overlaps(evidence: Evidence, known: Groups, ways: Ways) -> list[GroupOverlap]:
    """The overlaps that are worth telling, the firmest first; mostly there are none."""
    firm = _by_traits(evidence, known.trait)
    counted = evidence.techniques.intersection(ways.observable)
    if len(counted) >= FEWEST:
        worth = ways.calibrated(len(counted))
        if worth.right_of_named >= SOME:
            named = [
                one for one in ways.scores(counted) if one.nats > worth.threshold and one.has_rare
            ]
            firm += [_by_ways(one, worth, ways) for one in named[:_TOLD]]
    return firm


def _by_ways(score: Score, worth: Calibration, ways: Ways) -> GroupOverlap:
    word = "a marked overlap" if worth.right_of_named >= MARKED else "some overlap"
    rarest = ways.shared_by(score.shared[0])
    return GroupOverlap(
        name=score.group.name,
        overlap=round(score.share, 2),
        shared_by=rarest,
        techniques=score.shared,
        wording=(
            f"{word} with the published techniques of {score.group.name} ({score.group.id}): "
            f"{len(score.shared)} of {worth.size} that were seen are on its list, and the rarest "
            f"of them is shared by {rarest} of {len(ways.groups)} groups. In a test with sets of "
            f"this size, at most {CHANCE:.0%} of those of an unknown group were taken for a known "
            f"one's, and {worth.right_of_named:.0%} of those for which a group was named were its "
            "own. This is no attribution: others may do the same."
        ),
    )


def _by_traits(evidence: Evidence, traits: Iterable[Trait]) -> list[GroupOverlap]:
    """Overlaps by addresses, domains and files; a file name only stands beside one of them."""
    found: dict[str, list[tuple[str, str]]] = {}
    for trait in traits:
        for value in trait.values:
            if _is_there(value, trait.kind, evidence):
                found.setdefault(trait.of, []).append((trait.kind, value))
    return [
        GroupOverlap(name=of, overlap=0.0, shared_by=1, techniques=(), wording=_told(of, seen))
        for of, seen in found.items()
        if any(kind not in _WEAK for kind, _ in seen)
    ]


def _is_there(value: str, kind: str, evidence: Evidence) -> bool:
    held: Collection[str]
    match kind:
        case "address":
            held = evidence.addresses
        case "file_name":
            held = evidence.file_names
        case _:  # domains and hashes have no column of their own
            return any(_stands_alone(value, text) for text in evidence.texts)
    return value in held


def _stands_alone(domain: str, text: str) -> bool:
    """Whether a text names the domain, and not one whose name only ends or goes on so."""
    at = text.find(domain)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(domain) :][:1]
        if not (before.isalnum() or before == "-" or after.isalnum() or after == "-"):
            return True
        at = text.find(domain, at + 1)
    return False


def _told(of: str, seen: Sequence[tuple[str, str]]) -> str:
    listed = ", ".join(f"{_KINDS[kind]} {value}" for kind, value in seen)
    return (
        f"overlap with what was published of {of} in March 2021: {listed}. Addresses change hands "
        "and files are passed on, so this is no attribution."
    )
