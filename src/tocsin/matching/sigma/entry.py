"""One Sigma rule, ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.matching.sigma.compile import compile_node

if TYPE_CHECKING:
    from tocsin.events.format import LogSource
    from tocsin.matching.sigma.plain import Node
    from tocsin.matching.sigma.values import Predicate


@dataclass(slots=True, kw_only=True, eq=False)
class SigmaEntry:
    """One rule: which events it means, what it asks of them, and the fields that it looks at.

    It is compiled when it is first asked: most rules of a large collection have no log here.
    """

    id: str
    log_source: LogSource
    node: Node
    fields: frozenset[str]
    _test: Predicate | None = field(default=None, init=False, repr=False)

    @property
    def test(self) -> Predicate:
        """The test. Raises `KnowledgeError` where it cannot be compiled, the first time."""
        if self._test is None:
            self._test = compile_node(self.node)
        return self._test
