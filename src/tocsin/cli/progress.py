"""How far a long run is: bars on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

from tocsin.model.progress import SilentProgress
from tocsin.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.model.progress import Progress

LINE_EVERY_S = 5.0


def progress_on(stream: TextIO, *, quiet: bool) -> Progress:
    """The fitting listener for `stream`, which is stderr."""
    if quiet:
        return SilentProgress()
    if stream.isatty():
        from tocsin.cli.bars import bars_on  # noqa: PLC0415 - rich is slow to import

        return bars_on(stream)
    return LineProgress(stream)


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
        if self._clock_s() - self._last_line_s >= LINE_EVERY_S:
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
