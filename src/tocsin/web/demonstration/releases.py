"""Which builds servers of the demonstration run, chosen from the knowledge of Tocsin.

Nothing is known here of a build: a release is open or fixed because `tocsin.knowledge` says so of
every CVE that is asked, and what its first three parts tell is what all its neighbours share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.knowledge.builds import CumulativeUpdate, all_cumulative_updates, builds_like
from tocsin.knowledge.status import StatusWord, status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from tocsin.knowledge.builds import Number

_RECENT = 5
"""So many cumulative updates of a product are what most run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Install:
    """A build that a server runs.

    `is_open` is whether it is vulnerable; None where no source lists such a build. `coarse` is
    the same for the three parts that all of its cumulative update share: None where they differ.
    """

    number: Number
    is_open: bool | None
    coarse: bool | None

    @property
    def text(self) -> str:
        """All four parts."""
        return ".".join(map(str, self.number))

    @property
    def three(self) -> str:
        """The parts that name the cumulative update."""
        return ".".join(map(str, self.number[:3]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A cumulative update as it was offered: its open builds, and those that are fixed."""

    product: str
    released: date
    weight: float
    open: tuple[Install, ...]
    fixed: tuple[Install, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All releases of some products that were out by a day."""

    releases: tuple[Release, ...]
    invented: Install
    """A build that no source lists, as decoys tell them."""

    @property
    def installed(self) -> tuple[Release, ...]:
        """What servers run before the fix comes out."""
        return tuple(one for one in self.releases if one.open)

    def fixed_after(self, before: Release, day: date) -> tuple[Release, ...]:
        """Releases of the same product, not older, that have a fixed build on this day."""
        return tuple(
            one
            for one in self.releases
            if one.product == before.product
            and one.fixed
            and before.released <= one.released <= day
        )


def catalogue(cves: Iterable[str], products: Iterable[str], until: date) -> Catalogue:
    """What was offered of `products` (``2016``) up to the day `until`, judged by all of `cves`."""
    asked, wanted = tuple(cves), tuple(products)
    updates = [
        one
        for one in all_cumulative_updates()
        if one.short_product in wanted
        and not one.is_preview
        and one.released is not None
        and one.released <= until
    ]
    by_product = {name: [one for one in updates if one.short_product == name] for name in wanted}
    releases = [
        _release(one, asked, until, age=len(found) - at - 1)
        for found in by_product.values()
        for at, one in enumerate(found)
    ]
    return Catalogue(
        releases=tuple(one for one in releases if one.open or one.fixed),
        invented=_invented(updates),
    )


def _release(update: CumulativeUpdate, cves: tuple[str, ...], until: date, *, age: int) -> Release:
    found = [
        _install(build.number, cves)
        for build in update.builds
        if build.released is not None and build.released <= until
    ]
    assert update.released is not None  # noqa: S101 the caller asked for it
    return Release(
        product=update.product,
        released=update.released,
        weight=1.0 if age < _RECENT else 0.6 ** (age - _RECENT + 2),
        open=tuple(one for one in found if one.is_open is True),
        fixed=tuple(one for one in found if one.is_open is False),
    )


def _install(number: Number, cves: tuple[str, ...]) -> Install:
    near = {_open(one.number, cves) for one in builds_like(number[:3])}
    return Install(
        number=number,
        is_open=_open(number, cves),
        coarse=near.pop() if len(near) == 1 else None,
    )


def _open(number: Number, cves: tuple[str, ...]) -> bool | None:
    """Whether all CVEs are open, or none is; None for anything between."""
    words = {status(number, cve).status for cve in cves}
    if words == {StatusWord.VULNERABLE}:
        return True
    return False if words <= {StatusWord.FIXED, StatusWord.NOT_AFFECTED} else None


def _invented(updates: Iterable[CumulativeUpdate]) -> Install:
    """Between two cumulative updates there is nothing."""
    taken = sorted({build.number for one in updates for build in one.builds})
    first, second, third, _ = taken[len(taken) // 2]
    third += 1
    while builds_like((first, second, third)):
        third += 1
    return Install(number=(first, second, third, 1), is_open=None, coarse=None)
