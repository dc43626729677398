"""Where the facts lie: in this release, or in newer knowledge that the user installed.

Everything that reads facts asks `data_root()`. It is the built-in folder until a shell calls
`use` or `using`: the core itself never looks into the user's folders, so that a hunt in a script
gives the same result on every machine. A process that hunts for another one calls `use` with the
same folder.
"""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from functools import lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BUILTIN = Path(__file__).parent / "data"
"""The knowledge of this release."""
_REMEMBERED = 4096

P = ParamSpec("P")
T = TypeVar("T")


class _InUse:
    """The one thing about knowledge that changes while Tocsin runs."""

    root: Path = BUILTIN
    edition: int = 0
    """Counts on when a folder may hold something else than before."""


_LOADERS: list[Callable[[], Any]] = []


def data_root() -> Path:
    """The folder with the facts: ``packs/``, ``exchange/``, ``logsources.toml`` and so on."""
    return _InUse.root


def use(root: Path) -> None:
    """Read facts from `root` from now on, in every thread of this process."""
    _InUse.root = root


def read_anew() -> None:
    """Forget all that was read: a folder was changed while this process ran."""
    _InUse.edition += 1


@contextmanager
def using(root: Path) -> Iterator[None]:
    """Read facts from `root` within a block."""
    before = data_root()
    use(root)
    try:
        yield
    finally:
        use(before)


def cached(load: Callable[P, T]) -> Callable[P, T]:
    """Remember what `load` returned, for each folder of facts apart.

    As `functools.cache`, which would go on answering from the folder of before.
    """

    @lru_cache(maxsize=_REMEMBERED)
    def remembered(_root: Path, _edition: int, *arguments: P.args, **named: P.kwargs) -> T:
        return load(*arguments, **named)

    @wraps(load)
    def ask(*arguments: P.args, **named: P.kwargs) -> T:
        return remembered(_InUse.root, _InUse.edition, *arguments, **named)  # type: ignore[arg-type]  # mypy cannot know that all arguments of a cached function are hashable

    if all(one.default is not one.empty for one in inspect.signature(load).parameters.values()):
        _LOADERS.append(ask)
    return ask


def loaders() -> Sequence[Callable[[], Any]]:
    """Everything `cached` so far that needs no argument: what reads whole tables."""
    return tuple(_LOADERS)
