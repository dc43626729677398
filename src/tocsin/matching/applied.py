"""What comes of rules that were applied: hits one by one, and the account at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from tocsin.matching.rules import Seen
from tocsin.model.result import RuleFailure

if TYPE_CHECKING:
    from tocsin.matching.sigma.correlation.firing import Firing
    from tocsin.matching.sigma.correlation.hits import Hits
    from tocsin.matching.sigma.keywords import Keyword
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event, PlaceKind
    from tocsin.model.grade import Severity
    from tocsin.model.problem import Problem, ProblemCode
    from tocsin.model.rule import RuleInfo

PROBLEMS_PER_CODE = 20
"""Problems of one code that are kept as examples; all of them are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One rule that says yes to one row.

    `source` is the source as the user named it, `fields` what the rule looks at. `view` names
    what the rule was shown where that is not the row as it was logged. A `damaged` row is one of
    which only a part could be read. `keywords` are those by which the rule can match.
    """

    rule: RuleInfo
    fields: frozenset[str]
    source: str
    artefact: Artefact
    place_kind: PlaceKind
    event: Event
    view: str | None = None
    damaged: bool = False
    keywords: tuple[Keyword, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """One correlation that fired; `hits` hold the rows that it stands on."""

    rule: RuleInfo
    firing: Firing
    hits: Hits


@dataclass(kw_only=True)
class Account:
    """What became of every row and file; it grows while the hits are taken.

    `events` counts rows by format, `outside` those that the period leaves out, `asked_all` those
    of JSON lines about which every rule was asked. `matches` counts the hits that were told, by
    rule, and `below` those of rules that are below the level asked for. `unknown` are files that
    hold no events that anybody knows. `not_correlated` says in sentences what correlations could
    not look at, or found too often to tell.
    """

    events: Counter[str] = field(default_factory=Counter)
    matches: Counter[str] = field(default_factory=Counter)
    outside: int = 0
    asked_all: int = 0
    below: int = 0
    files: int = 0
    unknown: int = 0
    problems: Counter[ProblemCode] = field(default_factory=Counter)
    examples: list[Problem] = field(default_factory=list)
    not_correlated: list[str] = field(default_factory=list)
    worst: Severity | None = None
    seen: Seen = field(default_factory=Seen)

    def problem(self, problem: Problem) -> None:
        """Count one place that could not be read, and keep it as an example."""
        self.problems[problem.code] += 1
        if self.problems[problem.code] <= PROBLEMS_PER_CODE:
            self.examples.append(problem)

    def absorb(self, later: Account) -> None:
        """Take what became of the rows of one more file, or of a stretch of it."""
        self.events.update(later.events)
        self.outside += later.outside
        for problem in later.examples:
            self.problem(problem)
        for code, count in later.problems.items():
            self.problems[code] += max(0, count - PROBLEMS_PER_CODE)

    def hit(self, rule: RuleInfo) -> None:
        """Count one hit that is told."""
        self.matches[rule.id] += 1
        if self.worst is None or rule.severity.rank > self.worst.rank:
            self.worst = rule.severity


class Summary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last object of `tocsin rules --json`: nothing is lost without a line here.

    `rules` are those that could be loaded. `not_applicable` and `fields_never_seen` name rules by
    id, as the accounts of a hunt do; they are of the loaded ones. `formats` gives rows by format,
    `problems` places that could not be read by code.
    """

    rules: int
    events: int
    matches: int
    not_applicable: tuple[str, ...]
    failed: tuple[RuleFailure, ...]
    full_scan: tuple[str, ...]
    fields_never_seen: tuple[str, ...]
    matches_by_rule: dict[str, int]
    files: int
    formats: dict[str, int]
    unknown_files: int
    problems: dict[str, int]
    outside_period: int
    below_level: int
    asked_of_every_rule: int
    yara_files: int
    not_correlated: tuple[str, ...]
