"""Whether a build is vulnerable: `status(build, cve)`, pure, for the hunt and the campaign desk.

A build is compared only with builds of its own cumulative update. A cumulative update that came
out after the fix holds it. What the sources do not settle, and what the build cannot tell at all,
is `undetermined`, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from tocsin.knowledge.builds import (
    Build,
    CumulativeUpdate,
    Number,
    all_cumulative_updates,
    builds_like,
    cumulative_update_of,
    newest_of,
    parse,
)
from tocsin.knowledge.cves import Cve, all_checks, all_cves
from tocsin.knowledge.fixes import Update, special_packages, updates_for
from tocsin.knowledge.root import cached
from tocsin.knowledge.support import all_products

if TYPE_CHECKING:
    from datetime import date

_UNSURE_AFTER = timedelta(days=30)
"""Where no source names the update: a cumulative update of the weeks after may lack the fix."""
_HIGHEST = 99_999


class StatusWord(StrEnum):
    """What can be said of one build and one CVE."""

    VULNERABLE = "vulnerable"
    FIXED = "fixed"
    UNDETERMINED = "undetermined"
    NEWER_THAN_CATALOGUE = "newer_than_catalogue"
    NOT_AFFECTED = "not_affected"


@dataclass(frozen=True, slots=True)
class Status:
    """A status and its reason, a part of a sentence in plain words."""

    status: StatusWord
    reason: str


@dataclass(frozen=True, slots=True)
class _Said:
    """A status, and whether it holds for the whole cumulative update whatever the build."""

    word: StatusWord
    reason: str
    for_all: bool = False


def status(build: Number | str, cve: str) -> Status:
    """What `build` (``15.1.2176.9``, or three parts) says about `cve` (``CVE-2021-26855``).

    Never raises on a build, however odd; raises `KnowledgeError` where our table is broken.
    """
    number = parse(build) if isinstance(build, str) else tuple(build)
    if number is None or not 3 <= len(number) <= 4:
        return Status(StatusWord.UNDETERMINED, f"{build!r} is no build of three or four parts")
    return _status(number, cve)


def never_vulnerable(build: Number | str, cve: str) -> bool:
    """Whether no build of this build's cumulative update was ever vulnerable to `cve`.

    It speaks of the cumulative update only: the server may have run an older one before.
    """
    number = parse(build) if isinstance(build, str) else build
    found = cumulative_update_of(number) if number is not None and len(number) >= 3 else None
    if found is None:
        return False
    words = {status(one.number, cve).status for one in found.builds}
    return words <= {StatusWord.FIXED, StatusWord.NOT_AFFECTED}


@cached
def _status(number: Number, cve: str) -> Status:
    entry = all_cves().get(cve)
    if entry is None:
        return Status(StatusWord.UNDETERMINED, f"nothing is known here of {cve}")
    if len(number) == 3:
        return _of_three_parts(number, entry)
    found = cumulative_update_of(number)
    if found is None:
        return _unknown(number)
    return _of_four_parts(number, found, entry)


def _of_three_parts(number: Number, cve: Cve) -> Status:
    """What all builds that begin like this have in common; else nothing is claimed."""
    found = cumulative_update_of(number)
    if found is None:
        return _unknown(number)
    alike = [build.number for build in builds_like(number)]
    said = [_status(one, cve.id) for one in alike or [(*number, 0), (*number, _HIGHEST)]]
    words = {one.status for one in said}
    if len(words) == 1:
        return said[-1]
    updates = " or ".join(update.name for update in _for_product(cve, found)) or "the update"
    return Status(
        StatusWord.UNDETERMINED,
        f"three parts tell that it is {found.name}, but not whether {updates} is installed",
    )


def _of_four_parts(number: Number, found: CumulativeUpdate, cve: Cve) -> Status:
    product = found.short_product
    if product in cve.unaffected:
        return Status(StatusWord.NOT_AFFECTED, f"{found.product} was never affected by {cve.id}")
    if product not in cve.products:
        return _unlisted(found, cve)
    said = _said(number, found, cve)
    if cve.check_name is not None:
        return _with_check(said, found, cve)
    if number > found.builds[-1].number and not said.for_all:
        newest = found.builds[-1].text
        return Status(
            StatusWord.NEWER_THAN_CATALOGUE,
            f"the newest build of {found.name} that is known here is {newest}",
        )
    special = special_packages().get(found.name)
    if (
        special is not None
        and number >= special.first
        and said.word is StatusWord.FIXED
        and not said.for_all
        and cve.id not in special.fixes
    ):
        kb = special.older_update(cve.id) or " or ".join(
            update.name for update in _for_product(cve, found)
        )
        return Status(
            StatusWord.UNDETERMINED,
            f"cannot be told from the build: {special.name} for {found.name} could be installed "
            f"without older updates; check that {kb} is installed, too",
        )
    return Status(said.word, said.reason)


def _with_check(said: _Said, found: CumulativeUpdate, cve: Cve) -> Status:
    """A CVE that the build does not decide: at most it says that the update is missing."""
    check = all_checks()[cve.check_name or ""]
    if said.word is StatusWord.VULNERABLE and check.without_update == StatusWord.VULNERABLE:
        return Status(StatusWord.VULNERABLE, said.reason)
    lacking = said.word is StatusWord.VULNERABLE and _for_product(cve, found)
    note = f" ({said.reason})" if lacking else ""
    return Status(StatusWord.UNDETERMINED, f"cannot be told from the build: {check.do}{note}")


def _said(number: Number, found: CumulativeUpdate, cve: Cve) -> _Said:
    """What the first fixed builds and the days of release say."""
    updates = _for_product(cve, found)
    fixed = sorted({one for update in updates for one in update.fixed.get(found.name, ())})
    if fixed:
        names = " or ".join(update.name for update in updates if found.name in update.fixed)
        return _compared(number, found, fixed, names, inferred=cve.inferred)
    if found.name in cve.listed:
        return _listed(number, found, _fixed_on(cve))
    if updates:
        return _by_date(found, updates[-1])
    return _by_publication(found, cve)


def _compared(
    number: Number, found: CumulativeUpdate, fixed: list[Number], names: str, *, inferred: bool
) -> _Said:
    cu, note = found.name, " (inferred from the day of publication)" if inferred else ""
    if number < fixed[0]:
        return _Said(
            StatusWord.VULNERABLE, f"{cu} is fixed by {names} from {_text(fixed[0])}{note}"
        )
    if number >= fixed[-1]:
        return _Said(
            StatusWord.FIXED,
            f"{cu} is fixed from {_text(fixed[-1])} ({names}){note}",
            for_all=fixed[-1] <= found.builds[0].number,
        )
    return _Said(
        StatusWord.UNDETERMINED,
        f"sources disagree whether {names} fixes {cu} from {_text(fixed[0])} or from "
        f"{_text(fixed[-1])}",
    )


def _by_date(found: CumulativeUpdate, update: Update) -> _Said:
    """A cumulative update without an entry: it holds the fix, or it never got it."""
    if found.released is None:
        return _Said(StatusWord.UNDETERMINED, f"no source tells when {found.name} was released")
    if found.released > update.released:
        return _Said(
            StatusWord.FIXED,
            f"{found.name} was released on {found.released}, after the fix ({update.name} of "
            f"{update.released}), and holds it",
            for_all=True,
        )
    return _Said(StatusWord.VULNERABLE, f"{update.name} was never released for {found.name}")


def _by_publication(found: CumulativeUpdate, cve: Cve) -> _Said:
    """No source names an update: only what came out well after the publication holds the fix."""
    published = _fixed_on(cve)
    if published and found.released and found.released > published + _UNSURE_AFTER:
        return _Said(
            StatusWord.FIXED,
            f"{found.name} was released on {found.released}, well after the fix was published "
            f"({published})",
            for_all=True,
        )
    return _Said(
        StatusWord.UNDETERMINED,
        f"no source names the first fixed build of {found.name}",
        for_all=True,
    )


def _listed(number: Number, found: CumulativeUpdate, fixed_on: date | None) -> _Said:
    """Microsoft lists it as affected, and no source names its first fixed build."""
    before = [one.number for one in found.builds if fixed_on and _is_before(one, fixed_on)]
    if before and number <= before[-1]:
        return _Said(
            StatusWord.VULNERABLE,
            f"Microsoft lists {found.name} as affected, and this build is older than the fix of "
            f"{fixed_on}",
        )
    return _Said(
        StatusWord.UNDETERMINED,
        f"Microsoft lists {found.name} as affected, and no source names its first fixed build",
    )


def _unlisted(found: CumulativeUpdate, cve: Cve) -> Status:
    """A product that no source names for this CVE."""
    product, fixed_on = found.product, _fixed_on(cve)
    began, ended = _began(product), all_products()[found.short_product].ends
    if found.is_preview or fixed_on is None or began is None:
        return Status(StatusWord.UNDETERMINED, f"no source says whether {found.name} was affected")
    if began > fixed_on:
        if cve.check_name is not None and all_checks()[cve.check_name].later_products:
            return Status(StatusWord.UNDETERMINED, f"cannot be told from the build: {cve.check}")
        return Status(
            StatusWord.NOT_AFFECTED,
            f"{product} was never affected by {cve.id}: it came out after the fix of {fixed_on}",
        )
    if (cve.published or fixed_on) > ended:
        return Status(
            StatusWord.UNDETERMINED,
            f"{product} was out of support when {cve.id} was published, and no source says "
            "whether it is affected",
        )
    return Status(
        StatusWord.NOT_AFFECTED,
        f"{product} was supported when {cve.id} was published, and Microsoft does not name it",
    )


def _unknown(number: Number) -> Status:
    newest = newest_of(number)
    if newest is not None and number > newest:
        return Status(
            StatusWord.NEWER_THAN_CATALOGUE, f"the newest build known here is {_text(newest)}"
        )
    return Status(StatusWord.UNDETERMINED, f"no source lists a build like {_text(number)}")


def _for_product(cve: Cve, found: CumulativeUpdate) -> tuple[Update, ...]:
    """The updates of `cve` that were made for this product; all of them where none was."""
    updates = updates_for(cve.id)
    ours = tuple(update for update in updates if found.short_product in update.products)
    return ours or updates


def _fixed_on(cve: Cve) -> date | None:
    """The day of the last update that fixes it; else the day of publication."""
    return max((update.released for update in updates_for(cve.id)), default=cve.published)


def _began(product: str) -> date | None:
    days = [
        one.released
        for one in all_cumulative_updates()
        if one.product == product and not one.is_preview and one.released is not None
    ]
    return min(days, default=None)


def _is_before(build: Build, day: date) -> bool:
    """Whether it came out before that day for certain: of a month, the whole month must be."""
    if build.released is None:
        return False
    if build.by_month:
        return (build.released.year, build.released.month) < (day.year, day.month)
    return build.released < day


def _text(number: Number) -> str:
    return ".".join(str(part) for part in number)
