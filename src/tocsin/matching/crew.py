"""Some processes that work on tasks, and what they say meanwhile.

They are forked, so that each has the rules, the patterns and the opened collection of its parent
without loading anything. A fork copies no threads and the locks that they held stay locked, so it
is not done in a process that has any (`can_fork`).

A process that dies (the system is out of memory, a library crashed) is replaced and its task is
told as lost: nobody waits for it. Ctrl-C reaches the parent alone, which ends all of them.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.context import ForkProcess
    from types import TracebackType
    from typing import Self

TaskT = TypeVar("TaskT")


class Say(Protocol):
    """How a process tells its parent something."""

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
    """A task whose process died; `how` in words."""

    task: TaskT
    how: str


_PR_SET_PDEATHSIG = 1
"""Source: Linux man-pages, prctl(2)."""
_AT_ONCE, _IN_TURN, _DONE = b"a", b"t", b"d"


def can_fork() -> bool:
    """Whether processes can be forked here: on this system, and with no thread beside this one."""
    return sys.platform == "linux" and threading.active_count() == 1


@dataclass(eq=False, slots=True)
class _Hand(Generic[TaskT]):
    """One process and our end of its pipe."""

    process: ForkProcess
    pipe: Connection
    task: TaskT | None = None


class Crew(Generic[TaskT]):
    """So many processes, each of which runs `work` for the tasks that it is given.

    Use it as a context manager: however it ends, all processes are gone afterwards. At the end of
    its time each runs `farewell`, whose results `dismiss` gives.
    """

    def __init__(
        self,
        jobs: int,
        work: Callable[[TaskT, Say], None],
        farewell: Callable[[], object] = lambda: None,
    ) -> None:
        """Start nothing yet."""
        self._jobs = jobs
        self._work = work
        self._farewell = farewell
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
    def idle(self) -> int:
        """How many processes have nothing to do."""
        return sum(hand.task is None for hand in self._hands)

    def give(self, task: TaskT) -> None:
        """Give a task to a process that has nothing to do."""
        hand = next(hand for hand in self._hands if hand.task is None)
        hand.task = task
        try:
            hand.pipe.send(task)
        except OSError:
            return  # It died while it was idle; `hear` finds out.

    def hear(
        self, wants: Callable[[TaskT], bool]
    ) -> Iterator[Said[TaskT] | Done[TaskT] | Lost[TaskT]]:
        """Wait until something is said of a task that somebody `wants` to hear of, and tell it.

        The others wait with what they have to say, once their pipe is full.
        """
        heard = [h for h in self._hands if h.task is not None and wants(h.task)]
        ready = set(map(id, wait([hand.pipe for hand in heard])))
        for hand in heard:
            if id(hand.pipe) in ready and hand.task is not None:
                yield self._hear(hand, hand.task)

    def dismiss(self) -> list[object]:
        """End the processes, which must have nothing to do; what each says at its end."""
        said: list[object] = []
        for hand in self._hands:
            try:
                hand.pipe.send(None)
                said.append(pickle.loads(hand.pipe.recv_bytes()))  # noqa: S301 see `Said`
            except (OSError, EOFError):
                continue  # What it knew is lost, and its tasks were all told before.
        return said

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
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        not_theirs = [ours, *(hand.pipe for hand in self._hands)]
        process = context.Process(
            target=_serve,
            args=(os.getpid(), theirs, not_theirs, self._work, self._farewell),
            daemon=True,
        )
        process.start()
        theirs.close()
        return _Hand(process, ours)

    def _replace(self, hand: _Hand[TaskT]) -> str:
        """Put another process in the place of one that died, and say how it did."""
        hand.process.join()
        how = _how(hand.process.exitcode)
        hand.pipe.close()
        self._hands.remove(hand)
        self._hands.append(self._start())
        return how

    def _end(self) -> None:
        for hand in self._hands:
            hand.process.kill()
        for hand in self._hands:
            hand.process.join()
            hand.pipe.close()
        self._hands.clear()


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        hint = ": is there enough memory?" if -code == signal.SIGKILL else ""
        return f"it was ended by {name}{hint}"
    return f"it ended with code {code}"


def _end_with(parent: int) -> None:
    """Ask the system to end this process with its parent, however that ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # It was gone before we asked.


def _serve(
    parent: int,
    pipe: Connection,
    not_ours: list[Connection],
    work: Callable[[TaskT, Say], None],
    farewell: Callable[[], object],
) -> None:
    """What each process does, until it is dismissed or its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with(parent)
    for other in not_ours:
        other.close()

    def say(what: object, *, at_once: bool = False) -> None:
        mark = _AT_ONCE if at_once else _IN_TURN
        pipe.send_bytes(mark + pickle.dumps(what, pickle.HIGHEST_PROTOCOL))

    try:
        while (task := pipe.recv()) is not None:
            work(task, say)
            pipe.send_bytes(_DONE)
        pipe.send_bytes(pickle.dumps(farewell(), pickle.HIGHEST_PROTOCOL))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # Nobody listens any more.
