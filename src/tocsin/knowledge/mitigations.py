"""What may stand before a hole until the update comes, and how it looks in IIS's configuration."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.root import cached, data_root

_TABLE = "exchange/mitigations.toml"
_ANYTHING = "*"


class MitigationKind(StrEnum):
    """What is changed on the server."""

    REWRITE_RULE = "rewrite_rule"
    APPLICATION_POOL = "application_pool"
    EXTENDED_PROTECTION = "extended_protection"


class Mitigation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One mitigation.

    `together` names what closes the hole only as a whole. `weak` maps earlier patterns to why they
    do not hold. `least` maps ``site/virtual directory`` to the token checking that it needs.
    `lost_by_update` says that a cumulative update overwrites it.
    """

    id: str
    title: str
    kind: MitigationKind
    cves: tuple[str, ...]
    together: str
    lost_by_update: bool
    source: str
    names: tuple[str, ...] = ()
    input: str | None = None
    patterns: tuple[str, ...] = ()
    weak: dict[str, str] = {}
    least: dict[str, str] = {}

    def is_named(self, name: str) -> bool:
        """Whether a rule or pool of this name is the mitigation; case does not matter."""
        folded = name.strip().lower()
        return any(
            folded.startswith(known[:-1].lower())
            if known.endswith(_ANYTHING)
            else folded == known.lower()
            for known in self.names
        )


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mitigation: tuple[Mitigation, ...]


@cached
def all_mitigations() -> tuple[Mitigation, ...]:
    """Every mitigation that is known. Raises `KnowledgeError` where the table is broken."""
    try:
        table = msgspec.toml.decode((data_root() / _TABLE).read_bytes(), type=_Table)
    except msgspec.DecodeError as error:
        raise KnowledgeError(str(error), where=_TABLE) from error
    return table.mitigation
