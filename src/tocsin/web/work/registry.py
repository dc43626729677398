"""The tasks of all apps. An app's `tasks` module holds ``TASKS``, by the name of the kind.

It may also hold ``ON_FAILURE``: for a kind, what to do with a job that failed in whatever way, its
worker's death included, so that what the job was about does not look as if it still ran.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from tocsin.web.work.models import Job

if TYPE_CHECKING:
    from types import ModuleType


class Progress(Protocol):
    """How a task says how far it is. It may raise `StopWorking`, which a task lets pass."""

    def __call__(self, done: int, total: int, message: str = "") -> None:
        """So many of so many; `total` is 0 where nobody can say."""


def silent(done: int, total: int, message: str = "") -> None:
    """Say how far it is to nobody."""


Task = Callable[[Job, Progress], None]
T = TypeVar("T", bound=Task)
_BESIDE: set[Task] = set()


class StopWorking(BaseException):
    """The worker was told to end, or its job was given to another: undo and get out.

    No `Exception`, so that no task takes it for an error of its own.
    """


class Tasks(NamedTuple):
    """What the worker can do."""

    run: dict[str, Task]
    on_failure: dict[str, Callable[[Job], None]]

    @property
    def beside_each_other(self) -> list[str]:
        """The kinds of which several may run at once in one campaign."""
        return [kind for kind, task in self.run.items() if task in _BESIDE]


def beside_each_other(task: T) -> T:
    """Let several of this kind run at once in one campaign; others run one after the other."""
    _BESIDE.add(task)
    return task


@cache
def all_tasks() -> Tasks:
    """Those of every installed app. Raises `ImproperlyConfigured` for a name that two give."""
    found = Tasks(run={}, on_failure={})
    for module in _modules():
        for kind, task in getattr(module, "TASKS", {}).items():
            if kind in found.run:
                raise ImproperlyConfigured(f"{module.__name__}: the task {kind} is there twice")
            found.run[kind] = task
        found.on_failure.update(getattr(module, "ON_FAILURE", {}))
    return found


def _modules() -> list[ModuleType]:
    names = [f"{config.name}.tasks" for config in apps.get_app_configs()]
    return [import_module(name) for name in names if find_spec(name) is not None]
