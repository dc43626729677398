from __future__ import annotations

import io

from rich.console import Console

from tocsin.cli.bars import BarProgress
from tocsin.cli.progress import LineProgress, progress_on
from tocsin.model.progress import Progress, SilentProgress


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def work(progress: Progress) -> None:
    progress.start("server\x1b[31m.zip", 4 * 2**20)
    progress.file("C/inetpub/logs/LogFiles/W3SVC1/u_ex210303\x07.log")
    progress.advance(2**20)
    progress.step("second hunt: 3 pivots")
    progress.advance(3 * 2**20)
    progress.finish()


def test_silence_where_nobody_wants_to_hear() -> None:
    assert isinstance(progress_on(io.StringIO(), quiet=True), SilentProgress)


def test_a_pipe_gets_lines() -> None:
    assert isinstance(progress_on(io.StringIO(), quiet=False), LineProgress)


def test_a_line_comes_every_five_seconds_and_no_oftener() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = LineProgress(stream, clock_s=clock)
    progress.start("server.zip", 80 * 2**20)
    progress.file("a.log")
    for _ in range(80):
        clock.now_s += 0.125
        progress.advance(2**20)
    progress.finish()
    assert [
        "tocsin: reading server.zip (80.0 MiB)",
        "tocsin: server.zip: 40.0 MiB of 80.0 MiB, 8.0 MiB/s, in a.log",
        "tocsin: server.zip: 80.0 MiB of 80.0 MiB, 8.0 MiB/s, in a.log",
        "tocsin: server.zip: 80.0 MiB of 80.0 MiB, 8.0 MiB/s read",
    ] == stream.getvalue().splitlines()


def test_a_source_of_unknown_size_has_no_end_to_name() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = LineProgress(stream, clock_s=clock)
    progress.start("folder", None)
    clock.now_s += 1
    progress.advance(2**20)
    progress.finish()
    assert "tocsin: folder: 1.0 MiB, 1.0 MiB/s read\n" in stream.getvalue()


def test_where_nothing_had_to_be_read_no_rate_is_told() -> None:
    """A folder is opened without unpacking anything: "0.0 MiB/s" would look like a fault."""
    stream = io.StringIO()
    progress = LineProgress(stream)
    progress.start("folder, unpacking", None)
    progress.finish()
    assert stream.getvalue() == "tocsin: reading folder, unpacking\n"


def test_no_escape_sequence_of_evidence_reaches_the_terminal() -> None:
    stream = io.StringIO()
    work(LineProgress(stream))
    assert "\x1b" not in stream.getvalue()
    assert "‹U+001B›[31m" in stream.getvalue()


def test_bars_show_what_is_done_and_take_themselves_away() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=160, color_system=None)
    work(BarProgress(console))
    shown = stream.getvalue()
    assert "second hunt: 3 pivots" in shown
    assert "\x07" not in shown
    assert "\x1b[31m" not in shown


def test_bars_survive_calls_without_a_source() -> None:
    stream = io.StringIO()
    progress = BarProgress(Console(file=stream, force_terminal=True, width=80))
    progress.file("a")
    progress.advance(1)
    progress.finish()
    assert "a" not in stream.getvalue().replace("\x1b", "")
