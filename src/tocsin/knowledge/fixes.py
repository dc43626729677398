"""Which update fixes which CVE, and the first build of each cumulative update that holds it.

Cumulative updates are named as in the table: ``2016 CU19``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.builds import Number, parse
from tocsin.knowledge.root import cached, data_root

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLE = "exchange/first_fixed.toml"
_SPECIAL = "exchange/special.toml"

T = TypeVar("T")


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a TOML file holds; a misspelt key is an error."""


class _Row(_File, frozen=True, kw_only=True):
    name: str
    released: date
    products: tuple[str, ...]
    source: str
    cves: tuple[str, ...]
    fixed: dict[str, tuple[str, ...]]


class _Rows(_File, frozen=True, kw_only=True):
    update: tuple[_Row, ...]


class _SpecialRow(_File, frozen=True, kw_only=True, rename={"first": "from"}):
    cu: str
    first: str
    missing: dict[str, tuple[str, ...]]


class _SpecialFile(_File, frozen=True, kw_only=True):
    name: str
    released: date
    fixes: tuple[str, ...]
    source: str
    cumulative_update: tuple[_SpecialRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A security update, a hotfix update or a rollup that brings fixes.

    `released` is the day (UTC). `products` are what it was made for, and `fixed` maps a
    cumulative update to its first fixed builds; two of them: the sources disagree.
    """

    name: str
    released: date
    products: tuple[str, ...]
    cves: tuple[str, ...]
    fixed: Mapping[str, tuple[Number, ...]]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """A package for one cumulative update, that may have been installed without older updates.

    From build `first` on it holds the CVEs of `fixes` for certain. `missing` maps the KB of an
    older update to its CVEs.
    """

    name: str
    cu: str
    first: Number
    fixes: tuple[str, ...]
    missing: Mapping[str, tuple[str, ...]]

    def older_update(self, cve: str) -> str | None:
        """The KB that is known to bring the fix of `cve`, or None."""
        return next((kb for kb, cves in self.missing.items() if cve in cves), None)


@cached
def all_updates() -> tuple[Update, ...]:
    """Every update that fixes a CVE, oldest first. Raises `KnowledgeError` with file and key."""
    return tuple(
        Update(
            name=row.name,
            released=row.released,
            products=row.products,
            cves=row.cves,
            fixed=MappingProxyType(
                {
                    cu: tuple(
                        sorted(_number(text, f"{_TABLE}: {row.name}, {cu}") for text in fixed)
                    )
                    for cu, fixed in row.fixed.items()
                }
            ),
            source=row.source,
        )
        for row in sorted(_read(_TABLE, _Rows).update, key=lambda row: row.released)
    )


@cached
def updates_for(cve: str) -> tuple[Update, ...]:
    """The updates that fix `cve`, oldest first; more than one where the sources disagree."""
    return tuple(update for update in all_updates() if cve in update.cves)


@cached
def special_packages() -> Mapping[str, Special]:
    """The special packages, by their cumulative update."""
    file = _read(_SPECIAL, _SpecialFile)
    return MappingProxyType(
        {
            row.cu: Special(
                name=file.name,
                cu=row.cu,
                first=_number(row.first, f"{_SPECIAL}: {row.cu}"),
                fixes=file.fixes,
                missing=MappingProxyType(row.missing),
            )
            for row in file.cumulative_update
        }
    )


def _number(text: str, where: str) -> Number:
    number = parse(text)
    if number is None or len(number) != 4:
        raise KnowledgeError(f"{text!r} needs four parts", where=where)
    return number


def _read(name: str, kind: type[T]) -> T:
    try:
        return msgspec.toml.decode((data_root() / name).read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise KnowledgeError(str(error), where=name) from error
