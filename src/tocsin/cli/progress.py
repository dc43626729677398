"""How far a long run is: bars on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from tocsin.model.progress import Progress, SilentProgress
from tocsin.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable

_LINE_EVERY_S = 5.0
_NAME_CHARACTERS = 48


def progress_on(stream: TextIO, *, quiet: bool) -> Progress:
    """The fitting listener for `stream`, which is stderr."""
    if quiet:
        return SilentProgress()
    if stream.isatty():
        return BarProgress(Console(file=stream, markup=False, highlight=False, emoji=False))
    return LineProgress(stream)


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


class LineProgress:
    """A line every five seconds, for logs and pipes."""

    def __init__(self, stream: TextIO, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock_s = clock_s
        self._source = ""
        self._file = ""
        self._total_bytes: int | None = None
        self._read_bytes = 0
        self._started_s = 0.0
        self._last_line_s = 0.0

    def start(self, source: str, total_bytes: int | None) -> None:
        """Say which source begins."""
        self._source, self._file = source, ""
        self._total_bytes, self._read_bytes = total_bytes, 0
        self._started_s = self._last_line_s = self._clock_s()
        size = "" if total_bytes is None else f" ({_mebibytes(total_bytes)})"
        self._line(f"reading {source}{size}")

    def file(self, path: str) -> None:
        """Remember the file for the next line."""
        self._file = path

    def advance(self, read_bytes: int) -> None:
        """Count, and say so if the last line is old enough."""
        self._read_bytes += read_bytes
        if self._clock_s() - self._last_line_s >= _LINE_EVERY_S:
            self._last_line_s = self._clock_s()
            self._line(f"{self._source}: {self._so_far()}, in {self._file}")

    def step(self, title: str) -> None:
        """Say what begins."""
        self._line(f"{self._source}: {title}")

    def finish(self) -> None:
        """Say how much was read, where anything had to be."""
        if self._read_bytes:
            self._line(f"{self._source}: {self._so_far()} read")

    def _so_far(self) -> str:
        seconds = self._clock_s() - self._started_s
        of = "" if self._total_bytes is None else f" of {_mebibytes(self._total_bytes)}"
        rate = f", {_mebibytes(round(self._read_bytes / seconds))}/s" if seconds > 0 else ""
        return f"{_mebibytes(self._read_bytes)}{of}{rate}"

    def _line(self, text: str) -> None:
        print(f"tocsin: {visible(text)}", file=self._stream, flush=True)


def _mebibytes(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:,.1f} MiB"


def _short(path: str) -> str:
    """The end of a path, which tells more than its beginning."""
    text = visible(path)
    return text if len(text) <= _NAME_CHARACTERS else f"…{text[1 - _NAME_CHARACTERS :]}"
