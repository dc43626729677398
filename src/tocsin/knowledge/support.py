"""Until when a build gets updates: another axis than whether it is vulnerable today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.builds import (
    CumulativeUpdate,
    Number,
    all_cumulative_updates,
    cumulative_update_of,
    parse,
)
from tocsin.knowledge.fixes import special_packages
from tocsin.knowledge.root import cached, data_root

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLE = "exchange/support.toml"


class SupportState(StrEnum):
    """Whether Microsoft still makes updates for a build."""

    SUPPORTED = "supported"
    SUPERSEDED = "superseded"
    EXTENDED = "extended"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """The state of support on one day, with its reason as a part of a sentence.

    `ends` is the last day (UTC) of the product's support, `extended_until` that of updates that
    are paid for apart; None where the product is unknown or has none.
    """

    state: SupportState
    ends: date | None
    extended_until: date | None
    reason: str


class Extended(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Security updates after the end of support, for those who pay for them apart."""

    cumulative_updates: tuple[str, ...]
    begins: date
    ends: date


class Product(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One product; days are the last ones (UTC), and `move` is what to do when it ends."""

    name: str
    ends: date
    source: str
    move: tuple[str, ...] = ()
    extended: Extended | None = None


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    product: tuple[Product, ...]


@cached
def all_products() -> Mapping[str, Product]:
    """Every product by its short name (``2016``), oldest first."""
    try:
        table = msgspec.toml.decode((data_root() / _TABLE).read_bytes(), type=_Table)
    except msgspec.DecodeError as error:
        raise KnowledgeError(str(error), where=_TABLE) from error
    return MappingProxyType({product.name: product for product in table.product})


def support(build: Number | str, on: date) -> Support:
    """Whether `build` (three or four parts) gets updates on the day `on` (UTC). Pure."""
    number = parse(build) if isinstance(build, str) else build
    found = cumulative_update_of(number) if number is not None and len(number) >= 3 else None
    product = all_products().get(found.short_product) if found is not None else None
    if found is None or product is None:
        return Support(
            state=SupportState.UNKNOWN,
            ends=None,
            extended_until=None,
            reason="no source lists a build like this",
        )
    extended = product.extended
    covered = extended is not None and found.cu in extended.cumulative_updates
    state, reason = _state(found, product, covered=covered, on=on)
    return Support(
        state=state,
        ends=product.ends,
        extended_until=extended.ends if extended is not None and covered else None,
        reason=reason,
    )


def newer_cumulative_update(found: CumulativeUpdate, on: date) -> CumulativeUpdate | None:
    """The newest cumulative update of the same product that was out on the day `on`, if newer."""
    out = [
        other
        for other in all_cumulative_updates()
        if other.product == found.product
        and other.released is not None
        and other.released <= on
        and not other.is_preview
    ]
    newest = max(out, key=lambda other: other.builds[0].number, default=None)
    if newest is None or newest.builds[0].number <= found.builds[0].number:
        return None
    return newest


def is_superseded(found: CumulativeUpdate, on: date) -> bool:
    """Whether an update came by `on` for newer cumulative updates and not for this one.

    A few security updates (February 2019) were cumulative updates themselves; they count.
    """
    special = special_packages().get(found.name)
    ours = [
        build.released
        for build in found.builds
        if build.released is not None and (special is None or build.number < special.first)
    ]
    theirs = [
        build.released
        for newer in all_cumulative_updates()
        if newer.product == found.product and newer.builds[0].number > found.builds[0].number
        for build in newer.builds
        if (build is not newer.builds[0] or build.su is not None)
        and build.released is not None
        and build.released <= on
    ]
    return max(theirs, default=date.min) > max(ours, default=date.min)


def _state(
    found: CumulativeUpdate, product: Product, *, covered: bool, on: date
) -> tuple[SupportState, str]:
    name = found.product
    if found.is_preview:
        return SupportState.ENDED, "a preview never gets updates"
    if on > product.ends:
        return _after_the_end(name, product, covered=covered, on=on)
    if is_superseded(found, on):
        reason = (
            f"{name} is supported until {product.ends}, but updates come for newer cumulative "
            f"updates than {found.cu} only"
        )
        return SupportState.SUPERSEDED, reason
    return SupportState.SUPPORTED, f"{name} is supported until {product.ends}"


def _after_the_end(
    name: str, product: Product, *, covered: bool, on: date
) -> tuple[SupportState, str]:
    extended, ended = product.extended, f"support of {name} ended on {product.ends}"
    if extended is None:
        return SupportState.ENDED, ended
    month = f"{extended.ends:%Y-%m}"
    if on > extended.ends:
        return SupportState.ENDED, f"{ended}, and extended security updates (ESU) in {month}"
    if not covered:
        listed = " and ".join(extended.cumulative_updates)
        return SupportState.ENDED, f"{ended}; extended security updates come for {listed} only"
    reason = f"{ended}; until {month} security updates come for those who pay for them apart (ESU)"
    return SupportState.EXTENDED, reason
