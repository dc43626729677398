"""The CVEs of Exchange Server: whom they affect, whether they are exploited, what decides them.

Which update fixes a CVE is told by `tocsin.knowledge.fixes`; what a build says about it by
`tocsin.knowledge.status`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.root import cached, data_root

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLE = "exchange/cves.csv"
_CHECKS = "exchange/checks.toml"


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What decides where the build does not: a setting, Active Directory, or Windows.

    `do` is a sentence in the imperative, without its full stop. `without_update` is what a build
    below the first fixed one says (``vulnerable`` or ``undetermined``), and `later_products`
    whether the doubt goes on in products that came out after the fix.
    """

    without_update: str
    later_products: bool
    do: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cve:
    """One CVE, or an advisory without one.

    `title` is a short name in our words, empty where none is in use. `published` is a day (UTC).
    `products` are affected (``2016``, ``SE``); `unaffected` are products out of support on that
    day that a source clears all the same. `listed` are cumulative updates that Microsoft names
    as affected while no source names their first fixed build. `known_exploited` is the day that
    CISA put it into its catalogue of known exploited vulnerabilities. Without `decidable` the
    build alone never says "fixed", and `check` says what to look at. `inferred`: which update
    fixes it was inferred from the day of publication. `source` holds the letters that
    ``cves.csv`` explains.
    """

    id: str
    title: str
    published: date | None
    products: tuple[str, ...]
    unaffected: tuple[str, ...]
    listed: tuple[str, ...]
    known_exploited: date | None
    check_name: str | None
    check: str | None
    inferred: bool
    source: str

    @property
    def decidable(self) -> bool:
        """Whether the build alone decides."""
        return self.check_name is None


@cached
def all_cves() -> Mapping[str, Cve]:
    """Every CVE by its id, in order. Raises `KnowledgeError` with file and line."""
    lines = (data_root() / _TABLE).read_text(encoding="utf-8").splitlines()
    numbered = [(at, line) for at, line in enumerate(lines, start=1) if not line.startswith("#")]
    rows = csv.DictReader(line for _, line in numbered)
    found: dict[str, Cve] = {}
    for (at, _), row in zip(numbered[1:], rows, strict=True):
        cve = _cve(row, f"{_TABLE}:{at}")
        if cve.id in found:
            raise KnowledgeError(f"{cve.id} stands there twice", where=f"{_TABLE}:{at}")
        found[cve.id] = cve
    return MappingProxyType(found)


@cached
def all_checks() -> Mapping[str, Check]:
    """Every check by its name. Raises `KnowledgeError` with the file."""
    try:
        content = (data_root() / _CHECKS).read_bytes()
        return MappingProxyType(msgspec.toml.decode(content, type=dict[str, Check]))
    except msgspec.DecodeError as error:
        raise KnowledgeError(str(error), where=_CHECKS) from error


def _cve(row: dict[str, str], where: str) -> Cve:
    name = row["check"] or None
    if name is not None and name not in all_checks():
        raise KnowledgeError(f"no check is called {name!r} in {_CHECKS}", where=where)
    if not row["cve"] or not row["source"]:
        raise KnowledgeError("a row needs a CVE and a source", where=where)
    return Cve(
        id=row["cve"],
        title=row["name"],
        published=_day(row["published"], where),
        products=tuple(row["products"].split()),
        unaffected=tuple(row["unaffected"].split()),
        listed=tuple(name for name in row["listed"].split(";") if name),
        known_exploited=_day(row["exploited"], where),
        check_name=name,
        check=all_checks()[name].do if name is not None else None,
        inferred=row["inferred"] == "yes",
        source=row["source"],
    )


def _day(text: str, where: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise KnowledgeError(f"date {text!r}: {error}", where=where) from error
