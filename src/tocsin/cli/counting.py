"""How far a long run is that counts things, not bytes: a bar, or a line every few seconds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_LINE_EVERY_S = 5.0


class Counting(Protocol):
    """Told of each thing that is finished; `note` is one of ours, a few words."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, whether it went well or not."""
        ...

    def advance(self, note: str) -> None:
        """Count one."""
        ...


def counting_on(stream: TextIO, title: str, *, total: int, done: int, quiet: bool) -> Counting:
    """The fitting listener for `stream`, which is stderr; `done` of `total` are finished."""
    if quiet:
        return _Silent()
    if stream.isatty():
        return _Bar(stream, title, total=total, done=done)
    return Lines(stream, title, total=total, done=done)


class _Silent:
    """Says nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def advance(self, note: str) -> None:
        """Say nothing."""


class _Bar:
    """A bar with numbers, share and time left."""

    def __init__(self, stream: TextIO, title: str, *, total: int, done: int) -> None:
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}", markup=False, style="dim"),
            console=Console(file=stream, markup=False, highlight=False, emoji=False),
            transient=True,
        )
        self._task = self._bars.add_task(title, total=total, completed=done, note="")

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def advance(self, note: str) -> None:
        """Move the bar."""
        self._bars.update(self._task, advance=1, note=note)


class Lines:
    """A line every five seconds, for logs and pipes."""

    def __init__(
        self,
        stream: TextIO,
        title: str,
        *,
        total: int,
        done: int,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._title = title
        self._total = total
        self._done = done
        self._clock_s = clock_s
        self._last_line_s = clock_s()

    def __enter__(self) -> Self:
        self._line(f"{self._total:,} to do, {self._done:,} done before")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._line(f"{self._done:,} of {self._total:,} done")

    def advance(self, note: str) -> None:
        """Count, and say so if the last line is old enough."""
        self._done += 1
        if self._clock_s() - self._last_line_s >= _LINE_EVERY_S:
            self._last_line_s = self._clock_s()
            self._line(f"{self._done:,} of {self._total:,} done, {note}")

    def _line(self, text: str) -> None:
        print(f"tocsin: {self._title}: {text}", file=self._stream, flush=True)
