"""Whether a build is vulnerable: `status(build, cve)`, pure, for the hunt and the campaign desk.

A build is compared only with builds of its own cumulative update. A cumulative update that came
out after the fix holds it. What the sources do not settle is `undetermined`, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.builds import Number, cumulative_update_of, newest_of, parse
from tocsin.knowledge.root import cached, data_root

_TABLE = "exchange/first_fixed.toml"


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


class _Update(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An update that brings fixes; `fixed` maps a cumulative update to its first fixed builds."""

    name: str
    released: date
    cves: tuple[str, ...]
    products: tuple[str, ...]
    source: str
    fixed: dict[str, tuple[str, ...]]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    update: tuple[_Update, ...]


def status(build: Number | str, cve: str) -> Status:
    """What `build` (``15.1.2176.9``, or three parts) says about `cve` (``CVE-2021-26855``).

    Never raises on a build, however odd; raises `KnowledgeError` where our table is broken.
    """
    number = parse(build) if isinstance(build, str) else build
    if number is None or not 3 <= len(number) <= 4:
        return Status(StatusWord.UNDETERMINED, f"{build!r} is no build of three or four parts")
    updates = [update for update in _updates() if cve in update.cves]
    if not updates:
        return Status(StatusWord.UNDETERMINED, f"no fixed builds are known here for {cve}")
    found = cumulative_update_of(number)
    if found is None:
        return _unknown(number)
    product = found.product.removeprefix("Exchange Server ")
    for update in updates:
        if product in update.products:
            return _inside(number, f"{product} {found.cu}", found.released, update)
    return Status(StatusWord.NOT_AFFECTED, f"{found.product} was never affected by {cve}")


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


def _inside(number: Number, cu: str, released: date | None, update: _Update) -> Status:
    fixed = sorted(_numbers(update, cu))
    if not fixed:
        return _by_date(cu, released, update)
    if len(number) < 4:
        return Status(
            StatusWord.UNDETERMINED,
            f"three parts tell that it is {cu}, but not whether {update.name} is installed",
        )
    if number < fixed[0]:
        return Status(
            StatusWord.VULNERABLE, f"{cu} is fixed by {update.name} from {_text(fixed[0])}"
        )
    if number >= fixed[-1]:
        return Status(StatusWord.FIXED, f"{cu} is fixed from {_text(fixed[-1])} ({update.name})")
    return Status(
        StatusWord.UNDETERMINED,
        f"sources disagree whether {update.name} for {cu} is "
        f"{_text(fixed[0])} or {_text(fixed[-1])}",
    )


def _by_date(cu: str, released: date | None, update: _Update) -> Status:
    """A cumulative update without an entry: it holds the fix, or it never got it."""
    if released is None:
        return Status(StatusWord.UNDETERMINED, f"no source tells when {cu} was released")
    if released > update.released:
        return Status(
            StatusWord.FIXED,
            f"{cu} was released on {released}, after the fix ({update.name}), and holds it",
        )
    return Status(StatusWord.VULNERABLE, f"{update.name} was never released for {cu}")


def _unknown(number: Number) -> Status:
    newest = newest_of(number)
    if newest is not None and number > newest:
        return Status(
            StatusWord.NEWER_THAN_CATALOGUE, f"the newest build known here is {_text(newest)}"
        )
    return Status(StatusWord.UNDETERMINED, f"no source lists a build like {_text(number)}")


def _numbers(update: _Update, cu: str) -> list[Number]:
    numbers: list[Number] = []
    for text in update.fixed.get(cu, ()):
        number = parse(text)
        if number is None or len(number) != 4:
            raise KnowledgeError(
                f"{text!r} needs four parts", where=f"{_TABLE}: {update.name}, {cu}"
            )
        numbers.append(number)
    return numbers


def _text(number: Number) -> str:
    return ".".join(str(part) for part in number)


@cached
def _updates() -> tuple[_Update, ...]:
    try:
        return msgspec.toml.decode((data_root() / _TABLE).read_bytes(), type=_Table).update
    except msgspec.DecodeError as error:
        raise KnowledgeError(str(error), where=_TABLE) from error
