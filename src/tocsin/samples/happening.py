"""One script line with all its words filled in, on its way to become rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tocsin.samples.dice import Dice
    from tocsin.samples.recipe import Server


@dataclass(kw_only=True)
class Happening:
    """What happened, when, and where; `dice` gives the values that the line does not name."""

    verb: str
    time: datetime
    server: Server
    dice: Dice
    values: Mapping[str, str]
    _used: set[str] = field(default_factory=set)

    def get(self, key: str, default: str = "") -> str:
        """The value of `key`, or `default`."""
        self._used.add(key)
        return self.values.get(key, default)

    def need(self, key: str) -> str:
        """The value of `key`. Raises `KnowledgeError` where the line has none."""
        if key not in self.values:
            raise KnowledgeError(f"needs {key}=", where=self._where)
        return self.get(key)

    def named(self, prefix: str) -> dict[str, str]:
        """All values whose key begins with `prefix`, without it; ``_`` stands for a space."""
        keys = [key for key in self.values if key.startswith(prefix)]
        self._used.update(keys)
        return {key.removeprefix(prefix).replace("_", " "): self.values[key] for key in keys}

    def finish(self) -> None:
        """Raise `KnowledgeError` for values that nothing asked for: most likely misspelt."""
        if left := sorted(set(self.values) - self._used):
            raise KnowledgeError(f"knows no {', '.join(left)}", where=self._where)

    @property
    def build(self) -> str:
        """The build that ran at the time."""
        return self.server.build_at(self.time)

    @property
    def _where(self) -> str:
        return f"{self.time} {self.verb}"
