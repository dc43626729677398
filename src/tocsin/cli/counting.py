"""How far a long run is that counts things, not bytes: a bar, or a line every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, TextIO, TypeAlias

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from tocsin.cli.progress import LINE_EVERY_S

if TYPE_CHECKING:
    from collections.abc import Iterator

Advance: TypeAlias = Callable[[str], None]
"""Counts one thing that is finished; the text is a note of ours, a few words."""


def counting_on(
    stream: TextIO, title: str, *, total: int, done: int, quiet: bool
) -> AbstractContextManager[Advance]:
    """What fits `stream`, which is stderr; `done` of `total` are finished."""
    if quiet:
        return nullcontext(_nothing)
    if stream.isatty():
        return _bar(stream, title, total=total, done=done)
    return lines(stream, title, total=total, done=done)


def _nothing(note: str) -> None:
    """Say nothing."""


@contextmanager
def _bar(stream: TextIO, title: str, *, total: int, done: int) -> Iterator[Advance]:
    """A bar with numbers, share and time left."""
    bars = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}", markup=False, style="dim"),
        console=Console(file=stream, markup=False, highlight=False, emoji=False),
        transient=True,
    )
    task = bars.add_task(title, total=total, completed=done, note="")
    with bars:
        yield lambda note: bars.update(task, advance=1, note=note)


@contextmanager
def lines(
    stream: TextIO,
    title: str,
    *,
    total: int,
    done: int,
    clock_s: Callable[[], float] = time.monotonic,
) -> Iterator[Advance]:
    """A line every five seconds, for logs and pipes."""
    last_line_s = clock_s()

    def line(text: str) -> None:
        print(f"tocsin: {title}: {text}", file=stream, flush=True)

    def advance(note: str) -> None:
        nonlocal done, last_line_s
        done += 1
        if clock_s() - last_line_s >= LINE_EVERY_S:
            last_line_s = clock_s()
            line(f"{done:,} of {total:,} done, {note}")

    line(f"{total:,} to do, {done:,} done before")
    try:
        yield advance
    finally:
        line(f"{done:,} of {total:,} done")
