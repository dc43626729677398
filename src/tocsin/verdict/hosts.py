"""Which server this is: the name that its own rows give it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tocsin.matching.scan import Observer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.events.format import Column, Format
    from tocsin.matching.watching import Watch
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event
    from tocsin.model.problem import Problem

_CHARACTERS = 256
_ROWS_OF_A_FILE = 20
"""Rows of one file that are asked: a name is in all of them or in none."""


class Hosts(Observer):
    """Counts the names in the host column, over a few rows of every file."""

    def __init__(self) -> None:
        self._names: Counter[str] = Counter()
        self._columns: dict[str, tuple[Column, ...]] = {}
        self._file = ""
        self._asked = 0

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """Count a name."""
        del kind
        if artefact.path.inside != self._file:
            self._file, self._asked = artefact.path.inside, 0
        if self._asked >= _ROWS_OF_A_FILE:
            return
        self._asked += 1
        columns = self._columns.get(form.name)
        if columns is None:
            columns = tuple(column for column in form.columns if column.name == "host")
            self._columns[form.name] = columns
        for column in columns:
            if name := (column.value(event) or "")[:_CHARACTERS]:
                self._names[name.split(".")[0].upper()] += 1
                return

    def problem(self, kind: str, problem: Problem) -> None:
        """Damage has no name."""

    def watches(self, form: Format) -> Sequence[Watch]:
        """Nothing: the first rows of a file come one by one."""
        del form
        return ()

    def name(self, otherwise: str) -> str:
        """The name most rows give, in capitals as Windows writes it; else `otherwise`."""
        ranked = sorted(self._names.items(), key=lambda pair: (-pair[1], pair[0]))
        return ranked[0][0] if ranked else otherwise
