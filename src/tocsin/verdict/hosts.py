"""Which server this is: the name that its own rows give it."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
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
        self._file = ""
        self._said: list[str] = []
        """By the rows of this file that were asked; empty where one has no name."""

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """Count a name."""
        del kind
        if artefact.path.inside == self._file and len(self._said) >= _ROWS_OF_A_FILE:
            return
        names = (column.value(event) for column in _columns(form))
        name = next((name for name in names if name), "")[:_CHARACTERS]
        self._ask(artefact.path.inside, name.split(".")[0].upper())

    def absorb(self, later: Hosts) -> None:
        """Ask the rows that `later` asked; it may have seen another part of the same file."""
        for name in later._said:
            self._ask(later._file, name)

    def _ask(self, file: str, name: str) -> None:
        if file != self._file:
            self._file, self._said = file, []
        if len(self._said) >= _ROWS_OF_A_FILE:
            return
        self._said.append(name)
        if name:
            self._names[name] += 1

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


@lru_cache(maxsize=64)
def _columns(form: Format) -> tuple[Column, ...]:
    return tuple(column for column in form.columns if column.name == "host")
