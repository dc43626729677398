"""Times as collecting tools write them, into aware UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from tocsin.evidence.times import from_unix

_TEXT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))? ?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
# Go writes year 1 and Windows 1601 where there is no time.
_FIRST_YEAR = 1602


def parsed(given: object) -> datetime | None:
    """A time as text (without a zone it is UTC) or in seconds since 1970; None where it is unset.

    Velociraptor writes ``2021-05-08T08:06:51.7462883Z``, KAPE ``2020-10-30 19:51:51.4700885``
    under names that end in ``Utc``. Digits below a microsecond are cut. Raises `ValueError`.
    """
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return from_unix(given)
    found = _TEXT.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise ValueError(f"not a time: {given!r}")
    day, clock, fraction, zone = found.groups()
    offset = "+00:00" if zone in (None, "Z") else zone
    microseconds = (fraction or "0").ljust(6, "0")[:6]
    value = datetime.fromisoformat(f"{day}T{clock}.{microseconds}{offset}")
    try:
        value = value.astimezone(UTC)
    except OverflowError:
        return None
    return value if value.year >= _FIRST_YEAR else None
