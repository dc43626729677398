"""The times that archives and collectors write, as aware UTC; what is no time is None.

Source: PKWARE's APPNOTE.TXT (DOS times; extra field 0x000a); Info-ZIP's extra field 0x5455;
Microsoft's FILETIME: ticks of 100 ns since 1601-01-01 UTC.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

from tocsin.model.artefact import TimeKind

_EPOCH_WINDOWS = datetime(1601, 1, 1, tzinfo=UTC)
_EPOCH_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_NTFS_KINDS = ((TimeKind.MODIFIED, 0), (TimeKind.CREATED, 16))


def from_filetime(ticks: int) -> datetime | None:
    """A Windows FILETIME; zero means that none was given."""
    if ticks <= 0:
        return None
    try:
        return _EPOCH_WINDOWS + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None


def from_unix(seconds: float) -> datetime | None:
    """Seconds since 1970; zero means that none was given."""
    if not seconds:
        return None
    try:
        return _EPOCH_UNIX + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None


def from_unix_ns(nanoseconds: int) -> datetime | None:
    """Nanoseconds since 1970, cut to microseconds."""
    try:
        return _EPOCH_UNIX + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return None


def dos_time(date: int, time: int) -> datetime | None:
    """A DOS date and time: it has no zone, and is taken as if it were UTC."""
    try:
        return datetime(
            1980 + (date >> 9),
            date >> 5 & 0x0F,
            date & 0x1F,
            time >> 11,
            time >> 5 & 0x3F,
            min(59, 2 * (time & 0x1F)),
            tzinfo=UTC,
        )
    except ValueError:
        return None


def extra_times(blocks: dict[int, bytes]) -> dict[TimeKind, datetime]:
    """The times in a zip member's extra fields, which are UTC; NTFS's are the more exact."""
    found: dict[TimeKind, datetime] = {}
    unix = blocks.get(0x5455, b"")
    if len(unix) >= 5 and unix[0] & 1:
        (seconds,) = struct.unpack_from("<l", unix, 1)
        _put(found, TimeKind.MODIFIED, from_unix(seconds))
    ntfs = blocks.get(0x000A, b"")
    if len(ntfs) >= 32 and struct.unpack_from("<2H", ntfs, 4) == (1, 24):
        for kind, at in _NTFS_KINDS:
            (ticks,) = struct.unpack_from("<Q", ntfs, 8 + at)
            _put(found, kind, from_filetime(ticks))
    return found


def _put(found: dict[TimeKind, datetime], kind: TimeKind, value: datetime | None) -> None:
    if value is not None:
        found[kind] = value
