"""Some processes that work on tasks, and what they say meanwhile.

They are forked, so that each has the rules, the patterns and the opened collection of its parent
without loading anything. So a task names files by number, and only tasks and what is said of them
go through the pipes.

A process that dies (the system is out of memory, a library crashed) or that says nothing for
`SILENT_S` is replaced, and its task is told as lost: nobody waits for it. Ctrl-C reaches the
parent alone, which ends all of them; and they end with their parent, however that ends.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

TaskT = TypeVar("TaskT")

SILENT_S = 900.0
"""How long a process may say nothing while it is listened to. It tells of every few MiB that it
reads; YARA may take a minute for one file, and the slowest parser some minutes."""
_STEP_S = 5.0
_PR_SET_PDEATHSIG = 1
"""Source: Linux man-pages, prctl(2)."""
_AT_ONCE, _IN_TURN, _DONE = b"a", b"t", b"d"


class Say(Protocol):
    """How whoever works on a task tells what comes of it."""

    def __call__(self, what: object, *, at_once: bool = False) -> None:
        """Say it; what is said `at_once` may overtake what is kept for its turn."""


class Said(NamedTuple, Generic[TaskT]):
    """Something that was said of a task; `packed` until somebody wants it."""

    task: TaskT
    packed: bytes
    at_once: bool

    def what(self) -> object:
        """What was said."""
        return pickle.loads(self.packed)  # noqa: S301 from a process that we forked, by its pipe


class Done(NamedTuple, Generic[TaskT]):
    """A task that came to its end."""

    task: TaskT


class Lost(NamedTuple, Generic[TaskT]):
    """A task whose process is gone; `how` in words."""

    task: TaskT
    how: str


def can_fork() -> bool:
    """Whether several processes can work here: elsewhere a fork is not there, or not safe."""
    return sys.platform == "linux"


@dataclass(eq=False, slots=True)
class _Hand(Generic[TaskT]):
    """One process and our end of its pipe; `silent_s` is how long we listened in vain."""

    process: int
    pipe: Connection
    task: TaskT | None = None
    silent_s: float = 0.0


class Crew(Generic[TaskT]):
    """So many processes, each of which runs `work` for the tasks that it is given.

    Use it as a context manager: however it ends, all processes are gone afterwards.
    """

    def __init__(self, jobs: int, work: Callable[[TaskT, Say], None]) -> None:
        """Start nothing yet."""
        self._jobs = jobs
        self._work = work
        self._hands: list[_Hand[TaskT]] = []

    def __enter__(self) -> Self:
        """Start the processes."""
        try:
            for _ in range(self._jobs):
                self._hands.append(self._start())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the processes at once."""
        self._end()

    @property
    def processes(self) -> Sequence[int]:
        """The ids of the processes."""
        return [hand.process for hand in self._hands]

    @property
    def is_idle(self) -> bool:
        """Whether some process has nothing to do."""
        return any(hand.task is None for hand in self._hands)

    def give(self, task: TaskT) -> None:
        """Give a task to a process that has nothing to do."""
        hand = next(hand for hand in self._hands if hand.task is None)
        hand.task, hand.silent_s = task, 0.0
        with suppress(OSError):  # It died while it was idle; `hear` finds out.
            hand.pipe.send(task)

    def hear(
        self, wants: Callable[[TaskT], bool]
    ) -> Iterator[Said[TaskT] | Done[TaskT] | Lost[TaskT]]:
        """Wait until something is said of a task that somebody `wants` to hear of, and tell it.

        The others wait with what they have to say, once their pipe is full. Nothing comes where a
        few seconds passed in silence.
        """
        heard = [hand for hand in self._hands if hand.task is not None and wants(hand.task)]
        step_s = min(_STEP_S, SILENT_S)
        ready = set(map(id, wait([hand.pipe for hand in heard], step_s)))
        for hand in heard:
            if hand.task is None:
                continue
            if id(hand.pipe) in ready:
                hand.silent_s = 0.0
                yield self._hear(hand, hand.task)
            elif not ready:
                hand.silent_s += step_s
                if hand.silent_s >= SILENT_S:
                    yield Lost(hand.task, self._replace(hand, has_hung=True))

    def _hear(self, hand: _Hand[TaskT], task: TaskT) -> Said[TaskT] | Done[TaskT] | Lost[TaskT]:
        try:
            message = hand.pipe.recv_bytes()
        except (OSError, EOFError):
            return Lost(task, self._replace(hand))
        if message[:1] == _DONE:
            hand.task = None
            return Done(task)
        return Said(task, message[1:], message[:1] == _AT_ONCE)

    def _start(self) -> _Hand[TaskT]:
        ours, theirs = Pipe()
        parent = os.getpid()
        process = os.fork()
        if not process:
            # Nothing of the parent's may run here: no flush, no clean-up, no exception further up.
            try:
                for other in (ours, *(hand.pipe for hand in self._hands)):
                    other.close()
                _serve(parent, theirs, self._work)
            except BaseException:  # noqa: BLE001 a worker: whatever it is, the process ends here
                os.write(2, traceback.format_exc().encode("utf-8", "replace"))
                os._exit(1)
            os._exit(0)
        theirs.close()
        return _Hand(process, ours)

    def _replace(self, hand: _Hand[TaskT], *, has_hung: bool = False) -> str:
        """Put another process in the place of one that is no use, and say what became of it."""
        os.kill(hand.process, signal.SIGKILL)
        _, status = os.waitpid(hand.process, 0)
        hand.pipe.close()
        self._hands.remove(hand)
        self._hands.append(self._start())
        return f"it said nothing for {SILENT_S:.0f} s" if has_hung else _how(status)

    def _end(self) -> None:
        for hand in self._hands:
            os.kill(hand.process, signal.SIGKILL)
        for hand in self._hands:
            os.waitpid(hand.process, 0)
            hand.pipe.close()
        self._hands.clear()


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"it ended with code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    hint = ": is there enough memory?" if -code == signal.SIGKILL else ""
    return f"it was ended by {name}{hint}"


def _serve(parent: int, pipe: Connection, work: Callable[[TaskT, Say], None]) -> None:
    """What each process does, until it is ended or its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return  # It was gone before we asked to end with it.

    def say(what: object, *, at_once: bool = False) -> None:
        mark = _AT_ONCE if at_once else _IN_TURN
        pipe.send_bytes(mark + pickle.dumps(what, pickle.HIGHEST_PROTOCOL))

    try:
        while True:
            work(pipe.recv(), say)
            pipe.send_bytes(_DONE)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # Nobody listens any more.
