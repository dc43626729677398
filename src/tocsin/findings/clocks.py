"""Files whose clock is not what it claims, so that the report says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.events.clock import OFFSET_FIELD, statement
from tocsin.matching.scan import Observer
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.events.format import Format
    from tocsin.matching.watching import Watch
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event


_EXPORTS = "events_json"
"""The one format that corrects times; a column of this name in any other log means nothing."""


class Clocks(Observer):
    """Notes every file in which a row's time was corrected, and by how much."""

    def __init__(self) -> None:
        self._minutes: dict[tuple[str, int], int] = {}

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """Note a correction."""
        del kind
        if form.name != _EXPORTS:
            return
        minutes = event.fields.get(OFFSET_FIELD)
        if minutes is not None:
            place = (artefact.path.inside, int(minutes))
            self._minutes[place] = self._minutes.get(place, 0) + 1

    def absorb(self, later: Clocks) -> None:
        """Note the corrections of one more file."""
        for place, rows in later._minutes.items():
            self._minutes[place] = self._minutes.get(place, 0) + rows

    def problem(self, kind: str, problem: Problem) -> None:
        """Damage has no clock."""

    def watches(self, form: Format) -> Sequence[Watch]:
        """Nothing in a log of requests."""
        del form
        return ()

    def problems(self) -> list[Problem]:
        """One problem for each file and correction."""
        return [
            Problem(
                artefact=artefact,
                line=None,
                code=ProblemCode.CLOCK,
                detail=f"{statement(minutes)} ({rows} rows)",
            )
            for (artefact, minutes), rows in sorted(self._minutes.items())
        ]

    def limits(self) -> list[str]:
        """The same in words, for the verdict's limits."""
        return [f"{problem.artefact}: {problem.detail}." for problem in self.problems()]
