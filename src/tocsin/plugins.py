"""Find plugin files: one thing is one file, and no list has to be edited to add one."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, TypeVar

from tocsin.errors import PluginError

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T")


def names(package: ModuleType) -> list[str]:
    """The modules of `package` that are plugins, sorted; none is imported.

    Modules whose name starts with an underscore are no plugins.
    """
    found = (info.name for info in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in found if not name.startswith("_"))


def load(
    package: ModuleType, constant: str, kind: type[T], *, only: str | None = None
) -> dict[str, T]:
    """Import every plugin in `package` and collect its `constant`, by module name, sorted.

    With `only`, that one alone. Raises `PluginError` where a module cannot be imported, lacks the
    constant, or holds something that is not a `kind`: a plugin that is silently missing would be
    worse than a run that stops.
    """
    found: dict[str, T] = {}
    for plugin in names(package) if only is None else [only]:
        name = f"{package.__name__}.{plugin}"
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            raise PluginError(f"cannot be imported: {error}", where=name) from error
        value = getattr(module, constant, None)
        if not isinstance(value, kind):
            raise PluginError(f"needs a constant {constant} of type {kind.__name__}", where=name)
        found[plugin] = value
    return found
