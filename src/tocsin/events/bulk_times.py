"""Times of many rows at once, in the spellings that IIS and Exchange use.

A time is a few words of eight bytes. Whether each has digits where it should, and what they say,
is worked out for all rows together; a date is mostly the same in a whole block, and is read once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places: TypeAlias = NDArray[np.int64]
    Words: TypeAlias = NDArray[np.uint64]
    Flags: TypeAlias = NDArray[np.bool_]

_EPOCH = date(1970, 1, 1)
_START = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US = 86_400_000_000
_MOMENT = b"0000-00-00T00:00:00.000Z"
_DATE = b"0000-00-00"
_TIME = b"00:00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Which columns say when, in the one spelling that is read in bulk.

    Either `date` (``2021-03-03``) and `time` (``04:12:05``), of which the first may be a `day` of
    the whole file, or `moment` (``2021-03-03T04:12:05.123Z``). All are places of columns.
    """

    moment: int | None = None
    date: int | None = None
    day: str = ""
    time: int | None = None


def moment(time_us: int) -> datetime:
    """A time of `Rows.times_us`."""
    return _START + timedelta(microseconds=int(time_us))


def microseconds(time: datetime) -> int:
    """A time as `Rows.times_us` has it; what is before 1970 becomes negative."""
    return (time - _START) // timedelta(microseconds=1)


def times_us(
    clock: Clock, codes: NDArray[np.uint8], starts: Places, cuts: Places, ends: Places
) -> Places:
    """Microseconds since 1970 of each row; -1 where the time is not written as usual."""
    if clock.moment is not None:
        words, fine = _read(codes, column_at(clock.moment, starts, cuts, ends), _MOMENT)
        days, is_day = _days(words, [0, 1, 2, 3, 5, 6, 8, 9])
        clocked, is_time = _of_day(words, 11)
        thousandths = _number(words, [20, 21, 22]) * 1000
        return np.where(fine & is_day & is_time, days * _DAY_US + clocked + thousandths, -1)
    if clock.time is None:
        return np.full(len(starts), -1)
    words, fine = _read(codes, column_at(clock.time, starts, cuts, ends), _TIME)
    clocked, is_time = _of_day(words, 0)
    if clock.date is None:
        day = _day_number(int(clock.day.replace("-", ""))) if _is_day(clock.day) else None
        return np.where(fine & is_time, day * _DAY_US + clocked, -1) if day else _none(starts)
    words, is_date = _read(codes, column_at(clock.date, starts, cuts, ends), _DATE)
    days, is_day = _days(words, [0, 1, 2, 3, 5, 6, 8, 9])
    return np.where(fine & is_time & is_date & is_day, days * _DAY_US + clocked, -1)


def column_at(place: int, starts: Places, cuts: Places, ends: Places) -> tuple[Places, Places]:
    """Where the values of one column begin and end; see `Rows.cuts`."""
    last = place + 1 == cuts.shape[1]
    return (cuts[:, place - 1] + 1 if place else starts), (ends if last else cuts[:, place])


def _none(starts: Places) -> Places:
    return np.full(len(starts), -1)


def _read(
    codes: NDArray[np.uint8], column: tuple[Places, Places], shape: bytes
) -> tuple[Words, Flags]:
    """The values as words of eight bytes, and which have digits where `shape` has zeros."""
    begins, stops = column
    width = -(-len(shape) // 8) * 8
    if len(begins) and begins[-1] + width > len(codes):
        # Rows come in order, so the last one's value is the only one near to the end.
        codes = np.concatenate([codes, np.zeros(width, np.uint8)])
    taken = np.ndarray((len(codes) - width + 1,), f"V{width}", codes, strides=(1,))
    words = taken[begins].view("<u8").reshape(-1, width // 8)
    fine = stops - begins == len(shape)
    for place in range(width // 8):
        part = shape[8 * place : 8 * place + 8]
        digits = _word(bytes(0xFF if one == ord("0") else 0 for one in part))
        signs = _word(bytes(0 if one == ord("0") else 0xFF for one in part))
        word = words[:, place]
        fine &= word & signs == _word(part) & signs
        # A digit has 3 in its upper half, and still has it when 6 is added.
        upper = _word(bytes([0xF0] * 8)) & digits
        threes, sixes = _word(bytes([0x30] * 8)) & digits, _word(bytes([6] * 8)) & digits
        fine &= (word & upper == threes) & ((word & digits) + sixes & upper == threes)
    return words, fine


def _word(part: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(part.ljust(8, b"\0"), "little"))


def _number(words: Words, places: list[int]) -> Places:
    """The number that the digits at these places of the values make."""
    total = np.zeros(len(words), np.int64)
    for place in places:
        digit = words[:, place // 8] >> np.uint64(8 * (place % 8)) & np.uint64(0x0F)
        total = total * 10 + digit.astype(np.int64)
    return total


def _of_day(words: Words, at: int) -> tuple[Places, Flags]:
    """Microseconds since midnight of ``00:00:00`` at this place; whether there is such a time.

    All six digits at once: the pairs of them lie in bytes 0, 3 and 6 of a word.
    """
    whole = _eight(words, at) & _word(b"\x0f\x0f\0\x0f\x0f\0\x0f\x0f")
    # No byte overflows: a digit is below 16, so ten times it and its neighbour are below 176.
    pairs = (whole * np.uint64(10) + (whole >> np.uint64(8))) & _word(b"\xff\0\0\xff\0\0\xff")
    over = pairs + _word(bytes([128 - 24, 0, 0, 128 - 60, 0, 0, 128 - 60]))
    fine = over & _word(b"\x80\0\0\x80\0\0\x80") == 0
    seconds = (pairs & np.uint64(0xFF)) * np.uint64(3600)
    seconds += (pairs >> np.uint64(24) & np.uint64(0xFF)) * np.uint64(60)
    seconds += pairs >> np.uint64(48)
    return (seconds * np.uint64(1_000_000)).view(np.int64), fine


def _eight(words: Words, at: int) -> Words:
    """The eight bytes at this place of the values."""
    word, left = divmod(at, 8)
    if not left:
        return words[:, word]
    low, high = np.uint64(8 * left), np.uint64(64 - 8 * left)
    joined: Words = (words[:, word] >> low) | (words[:, word + 1] << high)
    return joined


def _days(words: Words, places: list[int]) -> tuple[Places, Flags]:
    """Days since 1970, and whether there is such a day; mostly one day in a block."""
    ten = _word(b"\xff\xff")
    if (
        len(words)
        and (words[:, 0] == words[0, 0]).all()
        and ((words[:, 1] & ten) == (words[0, 1] & ten)).all()
    ):
        day = _day_number(int(_number(words[:1], places)[0]))
        return np.full(len(words), day or 0), np.full(len(words), day is not None)
    different, inverse = np.unique(_number(words, places), return_inverse=True)
    numbers = [_day_number(one) for one in different.tolist()]
    days = np.array([number or 0 for number in numbers])
    return days[inverse], np.array([number is not None for number in numbers])[inverse]


@lru_cache(maxsize=4096)
def _day_number(written: int) -> int | None:
    """Days since 1970 of a date written as 20210303; None for no date, or one before 1970."""
    try:
        days = (date(written // 10_000, written // 100 % 100, written % 100) - _EPOCH).days
    except ValueError:
        return None
    return days if days >= 0 else None


def _is_day(text: str) -> bool:
    return len(text) == 10 and text[4] == text[7] == "-" and text.replace("-", "").isdecimal()
