"""Processes that work on tasks: whatever becomes of them, nobody waits for ever and nothing stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tocsin.matching import crew as crews
from tocsin.matching import turns
from tocsin.matching.crew import Crew, Lost, can_fork
from tocsin.matching.turns import Turns

if TYPE_CHECKING:
    from tocsin.matching.crew import Say

pytestmark = pytest.mark.skipif(not can_fork(), reason="processes are forked on Linux only")


def heard(jobs: int, tasks: list[str]) -> list[tuple[str, object]]:
    """All that is said of tasks, in turn: the first letter says what to do, the rest where."""

    def at_once(task: str, what: object) -> str | None:
        del task
        return what if isinstance(what, str) else None

    with Crew(jobs, work) as crew:
        told = list(Turns(crew, iter(tasks), at_once=at_once, brings_more=lambda t: t[0] == "b"))
        ids = crew.processes
    assert [] == [one for one in ids if is_there(one)]
    return [(one.task, one.what.how if isinstance(one.what, Lost) else one.what) for one in told]


def work(task: str, say: Say) -> None:  # noqa: C901 a list of what processes may do
    match task[0]:
        case "s":  # slowly
            time.sleep(0.05)
            say(task)
        case "m":  # much
            for number in range(20):
                say(f"{number}" + "x" * 10**6)
        case "b":  # brings others
            for number in range(3):
                say(f"q{number}", at_once=True)
            say(task)
        case "k":  # is killed after half of its work
            say("half")
            os.kill(os.getpid(), signal.SIGKILL)
        case "o":  # is killed once; the name of a file says whether it was
            say("first")
            if not Path(task[1:]).exists():
                Path(task[1:]).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            say("second")
        case "h":  # hangs
            time.sleep(600)
        case "e":  # a defect of ours that nobody caught
            raise ZeroDivisionError
        case _:
            say(task)


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_what_is_said_comes_in_the_order_of_the_tasks(jobs: int) -> None:
    tasks = ["s0", "q1", "q2", "s3", "q4"]
    assert [(task, task) for task in tasks] == heard(jobs, tasks)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_what_comes_up_in_a_task_goes_before_it(jobs: int) -> None:
    names = ["s0", "q0", "q1", "q2", "b1", "q2"]
    assert [(name, name) for name in names] == heard(jobs, ["s0", "b1", "q2"])


def test_much_is_said_in_turn_and_nothing_of_it_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "KEPT_BYTES", 2 * 10**6)
    told = heard(3, ["s0", "m1", "m2", "m3", "m4"])
    assert 1 + 4 * 20 == len(told)
    assert [("m1", 10**6 + 1)] * 10 == [(task, len(str(what))) for task, what in told[1:11]]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_task_over_which_two_processes_die_is_lost_and_the_others_are_done(jobs: int) -> None:
    how = "it was ended by SIGKILL: is there enough memory?"
    expected = [("q0", "q0"), ("k1", "half"), ("k1", how), ("q2", "q2")]
    assert expected == heard(jobs, ["q0", "k1", "q2"])


def test_a_second_process_says_nothing_again(tmp_path: Path) -> None:
    task = f"o{tmp_path / 'was-here'}"
    assert [(task, "first"), (task, "second")] == heard(2, [task])


def test_a_process_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "SILENT_S", 0.2)
    told = heard(2, ["h0", "q1"])
    assert [("h0", "it said nothing for 0 s"), ("q1", "q1")] == told


def test_a_process_that_fails_tells_why(capfd: pytest.CaptureFixture[str]) -> None:
    assert [("e0", "it ended with code 1")] == heard(1, ["e0"])
    assert "ZeroDivisionError" in capfd.readouterr().err


SCRIPT = """
import signal, sys, time
from tocsin.matching.crew import Crew
# Whoever starts the tests in the background leaves SIGINT ignored, and this process would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
with Crew(2, lambda task, say: time.sleep(600)) as crew:
    crew.give(1)
    print(*crew.processes, flush=True)
    while True:
        list(crew.hear(lambda task: True))
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_the_parent_ends_its_processes_end_too(sent: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        ids = [int(word) for word in parent.stdout.readline().split()]
        assert [True, True] == [is_there(one) for one in ids]
        # As a terminal does: Ctrl-C reaches all of them.
        (os.killpg if sent is signal.SIGINT else os.kill)(parent.pid, sent)
        try:
            assert parent.wait(60) != 0
        finally:
            if parent.poll() is None:
                os.killpg(parent.pid, signal.SIGKILL)
    for _ in range(600):
        if not any(is_there(one) for one in ids):
            return
        time.sleep(0.1)
    pytest.fail("a process outlived its parent by a minute")
