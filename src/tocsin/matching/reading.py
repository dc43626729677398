"""What reading a collection gives: matches, problems, the manifest, and what can be read again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tocsin.errors import SourceError
from tocsin.matching.content import Shown
from tocsin.matching.rules import Seen
from tocsin.matching.scan import Observer
from tocsin.matching.tally import Tally
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tocsin.events.format import Format
    from tocsin.events.stretches import Stretch
    from tocsin.matching.match import Match
    from tocsin.matching.watching import Watch
    from tocsin.model.artefact import Artefact
    from tocsin.model.result import ManifestEntry

TRACES_PER_KEY = 2000
"""Rows that the second hunt keeps for one kind of pivot; the rest are counted."""
PROBLEMS_PER_PLACE = 20
"""Problems of one code that are listed for one file; the rest are one line with their number."""


@dataclass(kw_only=True)
class Problems(Observer):
    """All problems counted, and the first of each kind in each file listed."""

    listed: list[Problem] = field(default_factory=list)
    _counts: Counter[tuple[str, ProblemCode]] = field(default_factory=Counter)

    def row(self, *_: object) -> None:
        """A row that could be read is no problem."""

    def problem(self, kind: str, problem: Problem) -> None:
        """List or count one."""
        del kind
        place = (problem.artefact, problem.code)
        self._counts[place] += 1
        if self._counts[place] <= PROBLEMS_PER_PLACE:
            self.listed.append(problem)

    def watches(self, form: Format) -> Sequence[Watch]:
        """A row that could be read is no problem."""
        del form
        return ()

    def absorb(self, later: Problems) -> None:
        """List or count what was met in one more file."""
        for problem in later.listed:
            self.problem("", problem)
        for place, count in later._counts.items():
            self._counts[place] += max(0, count - PROBLEMS_PER_PLACE)

    def taken(self) -> list[Problem]:
        """The list, with one line for what was counted only; sorted by place."""
        more = [
            Problem(
                artefact=artefact,
                line=None,
                code=code,
                detail=f"{count - PROBLEMS_PER_PLACE} more places with this problem in this file",
            )
            for (artefact, code), count in self._counts.items()
            if count > PROBLEMS_PER_PLACE
        ]
        return sorted(
            [*self.listed, *more],
            key=lambda one: (one.artefact, one.line or 10**12, one.code, one.detail),
        )


class Log(NamedTuple):
    """A file to be read again: its number in the collection, and its stretches if it was cut."""

    artefact: Artefact
    number: int
    stretches: Sequence[Stretch] = ()


@dataclass(kw_only=True)
class Reading:
    """What the first hunt gives; it grows while files are read."""

    tally: Tally = field(default_factory=Tally)
    seen: Seen = field(default_factory=Seen)
    shown: Shown = field(default_factory=Shown)
    problems: Problems = field(default_factory=Problems)
    manifest: list[ManifestEntry] = field(default_factory=list)
    formats: set[str] = field(default_factory=set)
    logs: list[Log] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    """What correlations could not look at, and what there was no room to keep, in sentences."""

    @property
    def matches(self) -> list[Match]:
        """The matches that are kept, in the order of reading."""
        return self.tally.matches

    @property
    def counts(self) -> Counter[str]:
        """All matches by rule, benign patterns included."""
        return self.tally.counts


def refuse_what_nobody_reads(source: Path, reading: Reading) -> Reading:
    """Give `reading`; raise `SourceError` where the source is one file that nobody reads.

    A folder or archive without a log is a server of which nothing can be said; a file that was
    handed over by mistake must not look like a server.
    """
    alone = [entry.path for entry in reading.manifest] == [source.name]
    if alone and source.is_file() and not reading.formats:
        raise SourceError(
            "is neither an archive that Tocsin opens nor a log that it knows; give a folder, "
            "a zip, tar or 7z archive, or one log file",
            where=str(source),
        )
    return reading
