"""What made a result: which Tocsin, with which rules, and what became of each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tocsin
from tocsin.knowledge.version import version_in_use
from tocsin.model.result import RuleCounts, Tool
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tocsin.matching.reading import Reading
    from tocsin.matching.rules import RuleSet


def told_of(rules: RuleSet, readings: Sequence[Reading]) -> Tool:
    """This Tocsin and the knowledge in use, with the count of its rules over all servers."""
    return Tool(
        version=tocsin.__version__, knowledge=version_in_use(), rules=count_rules(rules, readings)
    )


def count_rules(rules: RuleSet, readings: Sequence[Reading]) -> RuleCounts:
    """Count over all servers: a rule is not applicable where none of them has its log.

    A rule of which every row was asked under one header at least, for want of a rare text to look
    for, is one of `full_scan`. `tocsin rules` says the same of the same rules and files.
    """
    formats = {name for reading in readings for name in reading.formats}
    asked = [set(rules.fields_never_seen(reading.seen)) for reading in readings]
    never = set.intersection(*asked) if asked else set()
    full = rules.narrows.full_scans
    yara = len(rules.yara.pack_ids | rules.yara.user_ids)
    indicators = len(rules.indicators)
    return RuleCounts(
        loaded=len(rules.infos),
        not_applicable=len(rules.not_applicable(formats, [one.shown for one in readings])),
        failed=rules.failed,
        full_scan=tuple(rule for rule in rules.infos if rule in full),
        fields_never_seen=tuple(rule for rule in rules.infos if rule in never),
        sigma=len(rules.infos) - yara - indicators,
        yara=yara,
        indicators=indicators,
    )


def noise_of(rules: RuleSet, counts: Mapping[str, int]) -> dict[str, int]:
    """The rows that each benign pattern fits, by its rule; named, and hidden nowhere."""
    return {
        rule: count
        for rule, count in counts.items()
        if count and rules.infos[rule].kind is RuleKind.BENIGN
    }
