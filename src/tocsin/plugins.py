"""Find plugin files: one thing is one file, and no list has to be edited to add one."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, TypeVar

from tocsin.errors import PluginError

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T")


def load(package: ModuleType, constant: str, kind: type[T]) -> dict[str, T]:
    """Import every module in `package` and collect its `constant`, by module name, sorted.

    Modules whose name starts with an underscore are no plugins. Raises `PluginError` where a
    module cannot be imported, lacks the constant, or holds something that is not a `kind`: a
    plugin that is silently missing would be worse than a run that stops.
    """
    found: dict[str, T] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if info.name.startswith("_"):
            continue
        name = f"{package.__name__}.{info.name}"
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            raise PluginError(f"cannot be imported: {error}", where=name) from error
        value = getattr(module, constant, None)
        if not isinstance(value, kind):
            raise PluginError(f"needs a constant {constant} of type {kind.__name__}", where=name)
        found[info.name] = value
    return found
