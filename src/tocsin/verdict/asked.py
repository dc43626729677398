"""A build as people type or paste it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tocsin.errors import UsageError
from tocsin.knowledge.builds import Number, parse

_DISPLAYED = re.compile(
    r"(?:Version\s+)?(?P<major>\d{1,2})\.(?P<minor>\d{1,2})\s*\(Build\s+(?P<build>\d{1,5})"
    r"\.(?P<revision>\d{1,5})\)",
    re.IGNORECASE | re.ASCII,
)
_PREFIX = re.compile(r"^(?:Version\s+|v)(?=\d)", re.IGNORECASE)
_DIRECTORY_OFFSET = 30_000
"""What Active Directory adds to the third part. Source: general knowledge (``serialNumber``)."""
_FIRST_MAJOR, _LAST_MAJOR = 14, 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A build that was asked for; `note` says what of it was not taken, and why."""

    number: Number
    note: str | None = None

    @property
    def text(self) -> str:
        """The build without leading zeros."""
        return ".".join(str(part) for part in self.number)


def asked(text: str) -> Asked:
    """Understand a build of three or four parts.

    ``Version 15.1 (Build 2106.2)`` is what `Get-ExchangeServer` shows. No security update moves
    it, so only its first three parts count. Raises `UsageError` for what is no build.
    """
    plain = _PREFIX.sub("", text.strip())
    if found := _DISPLAYED.fullmatch(text.strip()):
        third = int(found["build"])
        third -= _DIRECTORY_OFFSET if third > _DIRECTORY_OFFSET else 0
        number: Number | None = (int(found["major"]), int(found["minor"]), third)
        note: str | None = (
            "the version that Get-ExchangeServer shows does not move with security updates, so "
            "only its first three parts count; the file version of ExSetup.exe tells the rest"
        )
    else:
        number, note = parse(plain), None
    if number is None:
        raise UsageError(
            "is no build; give three or four numbers with dots, such as 15.1.2176.9, which is "
            "the file version of ExSetup.exe",
            where=repr(text),
        )
    if not _FIRST_MAJOR <= number[0] <= _LAST_MAJOR:
        raise UsageError(
            "is no build of Exchange Server 2010 or later, which begin with 14 or 15",
            where=repr(text),
        )
    return Asked(number=number, note=note)
