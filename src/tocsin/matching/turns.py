"""The tasks of a crew in their order, and what is said of them: as if one process did it all.

Processes end their tasks in any order. What they say is kept until it is its turn; so much is kept
as `KEPT_BYTES` say, and then those whose turn it is not are not listened to, and wait.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from tocsin.matching.crew import Done, Lost, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tocsin.matching.crew import Crew

TaskT = TypeVar("TaskT")

KEPT_BYTES = 16 * 2**20
"""What is kept of one task before its turn, for each process; one message more at most."""
TRIES = 2
"""How often a task is given to a process: one that kills a second one is hopeless."""


class Heard(NamedTuple, Generic[TaskT]):
    """What was said of a task, in its turn; the task is `Lost` where no process survives it."""

    task: TaskT
    what: object


@dataclass(eq=False, slots=True)
class _Item(Generic[TaskT]):
    task: TaskT
    is_running: bool = False
    is_done: bool = False
    tries: int = 0
    kept: deque[Said[TaskT] | Lost[TaskT]] = field(default_factory=deque)
    kept_bytes: int = 0
    heard: int = 0
    """Messages that came; a second process says the same again, and is not listened to twice."""
    again: int = 0
    brought: int = 0
    brought_again: int = 0


class Turns(Generic[TaskT]):
    """Gives `tasks` to `crew`, in their order; iterate over what is heard of them, in order too.

    What is said at once of a task goes to `at_once`, which may give a task that came up: it is
    put before the one that it came up in, behind those from there. While a task runs for which
    `brings_more` holds, those after it wait.
    """

    def __init__(
        self,
        crew: Crew[TaskT],
        tasks: Iterator[TaskT],
        *,
        at_once: Callable[[TaskT, object], TaskT | None],
        brings_more: Callable[[TaskT], bool] = lambda _: False,
    ) -> None:
        """Give nothing yet."""
        self._crew = crew
        self._tasks = tasks
        self._at_once = at_once
        self._brings_more = brings_more
        self._items: list[_Item[TaskT]] = []
        self._has_more = True

    def __iter__(self) -> Iterator[Heard[TaskT]]:
        """Work until all tasks came to their end."""
        self._give()
        while self._items:
            first = self._items[0]
            while first.kept:
                said = first.kept.popleft()
                if isinstance(said, Said):
                    first.kept_bytes -= len(said.packed)
                    yield Heard(said.task, said.what())
                else:
                    yield Heard(said.task, said)
            if first.is_done:
                self._items.pop(0)
                self._give()
                continue
            for told in self._crew.hear(self._wants):
                self._take(told)
            self._give()

    def _item(self, task: TaskT) -> _Item[TaskT]:
        return next(item for item in self._items if item.task is task)

    def _wants(self, task: TaskT) -> bool:
        item = self._item(task)
        return item is self._items[0] or item.kept_bytes < KEPT_BYTES

    def _give(self) -> None:
        """Give tasks to whoever has nothing to do, the first ones first."""
        while self._crew.is_idle:
            item = self._next()
            if item is None:
                return
            item.is_running = True
            item.tries += 1
            item.again = item.brought_again = 0
            self._crew.give(item.task)

    def _next(self) -> _Item[TaskT] | None:
        first = self._items[0] if self._items else None
        for item in self._items:
            if not item.is_running and not item.is_done:
                return item if item is first or self._has_room() else None
        waits = any(not one.is_done and self._brings_more(one.task) for one in self._items)
        if waits or not self._has_more or (self._items and not self._has_room()):
            return None
        task = next(self._tasks, None)
        if task is None:
            self._has_more = False
            return None
        self._items.append(_Item(task))
        return self._items[-1]

    def _has_room(self) -> bool:
        """Whether what is kept already leaves room for more tasks."""
        running = sum(item.is_running for item in self._items)
        return sum(item.kept_bytes for item in self._items) < KEPT_BYTES * max(1, running)

    def _take(self, told: Said[TaskT] | Done[TaskT] | Lost[TaskT]) -> None:
        item = self._item(told.task)
        match told:
            case Said(at_once=True):
                self._bring(item, told)
            case Said():
                item.again += 1
                if item.again > item.heard:
                    item.heard = item.again
                    item.kept.append(told)
                    item.kept_bytes += len(told.packed)
            case Done():
                item.is_running, item.is_done = False, True
            case Lost():
                item.is_running = False
                if item.tries >= TRIES:
                    item.is_done = True
                    item.kept.append(told)

    def _bring(self, item: _Item[TaskT], told: Said[TaskT]) -> None:
        found = self._at_once(item.task, told.what())
        if found is None:
            return
        item.brought_again += 1
        if item.brought_again > item.brought:
            item.brought = item.brought_again
            self._items.insert(self._items.index(item), _Item(found))
