"""The builds of Exchange Server: which number is which product, cumulative and security update.

A build is compared as integers, never as text or as a decimal number, and only inside one
cumulative update: build order is not security order.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date

from tocsin.errors import KnowledgeError
from tocsin.knowledge.root import cached, data_root

Number = tuple[int, ...]
"""A build as integers: four parts, or three where only the cumulative update is known."""

_NUMBER = re.compile(r"\d{1,5}(?:\.\d{1,5}){2,3}", re.ASCII)
_WITHOUT_CUS = 14
"""Up to this major version the second part names the service pack, and the third counts on."""
_TABLE = "exchange/builds.csv"
_FAMILY = "Exchange Server "
_PREVIEW = "Preview"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build that is known to exist.

    `su` is None for the cumulative update itself and for interim updates without a name.
    `released` is the day (UTC), the first of the month where `by_month`, None where unknown.
    `kb` is the article of Microsoft's knowledge base (``KB5000871``), None where unknown.
    `source` holds the letters that ``builds.csv`` explains.
    """

    number: Number
    product: str
    cu: str
    su: str | None
    released: date | None
    by_month: bool
    source: str
    kb: str | None = None

    @property
    def text(self) -> str:
        """The number as Microsoft writes it: ``15.1.2176.9``."""
        return ".".join(str(part) for part in self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class CumulativeUpdate:
    """One cumulative update (or service pack) with all its builds in order.

    `released` is when its first build came out, None where no source tells.
    """

    product: str
    cu: str
    builds: tuple[Build, ...]
    released: date | None

    @property
    def short_product(self) -> str:
        """The product as our tables name it: ``2016``, ``SE``."""
        return self.product.removeprefix(_FAMILY)

    @property
    def name(self) -> str:
        """As our tables name it: ``2016 CU19``."""
        return f"{self.short_product} {self.cu}"

    @property
    def is_preview(self) -> bool:
        """Whether it was a preview, which never gets updates."""
        return self.cu == _PREVIEW


def parse(text: str) -> Number | None:
    """A build as integers, ``15.01.2176.009`` and ``15.1.2176.9`` alike; None for other text."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    return tuple(int(part) for part in text.split("."))


@cached
def lookup(build: str) -> Build | None:
    """The known build with this four-part number, or None."""
    number = parse(build)
    return None if number is None else _by_number().get(number)


def cumulative_update_of(number: Number) -> CumulativeUpdate | None:
    """The cumulative update that a build of three or four parts belongs to, known or not.

    Where two share their first three parts (a preview and the release), the one with the nearest
    known build that is not newer.
    """
    group = _groups().get(_group_of(number))
    if group is None:
        return None
    older = [build for build in group if build.number <= number]
    nearest = older[-1] if older and len(number) == 4 else group[-1]
    return _cumulative_updates()[nearest.product, nearest.cu]


@cached
def builds_like(number: Number) -> tuple[Build, ...]:
    """The known builds whose number begins with these parts, in order."""
    return tuple(build for build in all_builds() if build.number[: len(number)] == number)


def all_cumulative_updates() -> tuple[CumulativeUpdate, ...]:
    """Every cumulative update, in order of its first build."""
    return tuple(_cumulative_updates().values())


def newest_of(number: Number) -> Number | None:
    """The newest known build with the same first two parts, or None."""
    return max((known for known in _by_number() if known[:2] == number[:2]), default=None)


@cached
def all_builds() -> tuple[Build, ...]:
    """Every known build, in order of its number. Raises `KnowledgeError` with file and line."""
    lines = (data_root() / _TABLE).read_text(encoding="utf-8").splitlines()
    numbered = [(at, line) for at, line in enumerate(lines, start=1) if not line.startswith("#")]
    rows = csv.DictReader(line for _, line in numbered)
    builds = [_build(row, at) for (at, _), row in zip(numbered[1:], rows, strict=True)]
    return tuple(sorted(builds, key=lambda build: build.number))


def _build(row: dict[str, str], line: int) -> Build:
    where = f"{_TABLE}:{line}"
    number = parse(row["build"])
    if number is None or len(number) != 4:
        raise KnowledgeError(f"build {row['build']!r} needs four parts", where=where)
    by_month = len(row["date"]) == len("2021-03")
    try:
        released = date.fromisoformat(row["date"] + "-01" * by_month) if row["date"] else None
    except ValueError as error:
        raise KnowledgeError(f"date {row['date']!r}: {error}", where=where) from error
    return Build(
        number=number,
        product=f"{_FAMILY}{row['product']}",
        cu=row["cu"],
        su=row["su"] or None,
        released=released,
        by_month=by_month,
        source=row["source"],
        kb=row["kb"] or None,
    )


@cached
def _by_number() -> dict[Number, Build]:
    return {build.number: build for build in all_builds()}


@cached
def _groups() -> dict[Number, list[Build]]:
    groups: dict[Number, list[Build]] = {}
    for build in all_builds():
        groups.setdefault(_group_of(build.number), []).append(build)
    return groups


def _group_of(number: Number) -> Number:
    return number[:2] if number[0] <= _WITHOUT_CUS else number[:3]


@cached
def _cumulative_updates() -> dict[tuple[str, str], CumulativeUpdate]:
    gathered: dict[tuple[str, str], list[Build]] = {}
    for build in all_builds():
        gathered.setdefault((build.product, build.cu), []).append(build)
    return {
        (product, cu): CumulativeUpdate(
            product=product, cu=cu, builds=tuple(builds), released=_released(builds)
        )
        for (product, cu), builds in gathered.items()
    }


def _released(builds: list[Build]) -> date | None:
    """The first day that is known to the day, else the first month."""
    days = [build.released for build in builds if build.released and not build.by_month]
    months = [build.released for build in builds if build.released]
    return min(days or months, default=None)
