"""Bars on a terminal that show how far a long run is."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from tocsin.report.visible import visible

if TYPE_CHECKING:
    from rich.progress import TaskID

_NAME_CHARACTERS = 48


def bars_on(stream: TextIO) -> BarProgress:
    """Bars on `stream`, which is a terminal."""
    return BarProgress(Console(file=stream, markup=False, highlight=False, emoji=False))


class BarProgress:
    """A bar per source with bytes, rate and time left, and the file being read below it."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[file]}", markup=False, style="dim"),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def start(self, source: str, total_bytes: int | None) -> None:
        """Show a new bar."""
        self._bars.start()
        self._task = self._bars.add_task(_short(source), total=total_bytes, file="")

    def file(self, path: str) -> None:
        """Show which file is being read."""
        if self._task is not None:
            self._bars.update(self._task, file=_short(path))

    def advance(self, read_bytes: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bars.advance(self._task, read_bytes)

    def step(self, title: str) -> None:
        """Leave a line above the bar."""
        self._bars.console.print(Text(f"  {visible(title)}"))

    def finish(self) -> None:
        """Take the bar away."""
        self._bars.stop()
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None


def _short(path: str) -> str:
    """The end of a path, which tells more than its beginning."""
    text = visible(path)
    return text if len(text) <= _NAME_CHARACTERS else f"…{text[1 - _NAME_CHARACTERS :]}"
