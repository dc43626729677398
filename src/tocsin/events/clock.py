"""Whether an export's times are what they claim to be.

Some exporters write the server's local time and label it ``Z``. Sysmon's events carry their own
``UtcTime`` beside the exporter's time; where the two differ by whole quarters of an hour, as time
zones do, the exporter's clock is proven wrong, and every row of that host is corrected.

A corrected event has `OFFSET_FIELD` (minutes that were added, signed) and its time as exported in
`ORIGINAL_FIELD`, so that whoever reads the events can say so: see `statement`.
"""

from __future__ import annotations

import codecs
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson

from tocsin.events.times import utc
from tocsin.events.windows_event import OFFSET_FIELD, moment
from tocsin.events.windows_shapes import shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

__all__ = ("HEAD_BYTES", "OFFSET_FIELD", "ORIGINAL_FIELD", "Clock", "clock_offset", "statement")

HEAD_BYTES = 2 * 2**20
"""How much of a file `clock_offset` wants to see."""
ORIGINAL_FIELD = "TimeCreated"

_QUARTER = timedelta(minutes=15)
_TOLERANCE = timedelta(seconds=30)
"""Between an event and its record: what a busy server takes to write it."""
_FURTHEST = timedelta(hours=14)
_AGREEING = 3
"""Rows in a row that move a host's offset later in a file, as summer time does."""


def clock_offset(head: bytes) -> timedelta | None:
    """What must be added to the times in an export of Windows events, or None.

    `head` is the file's beginning as UTF-8. None where its times are right or nothing proves
    them wrong, and where it holds several hosts that differ.
    """
    offsets = set(_host_offsets(head).values())
    return offsets.pop() or None if len(offsets) == 1 else None


def statement(minutes: int) -> str:
    """The sentence for the report about events that were corrected by so many minutes."""
    hours, rest = divmod(abs(minutes), 60)
    amount = f"{hours} h" + (f" {rest} min" if rest else "")
    sign = "+" if minutes >= 0 else "\N{MINUS SIGN}"
    return (
        f"its clock is local time labelled Z; corrected by {sign}{amount} using Sysmon's UtcTime"
    )


@dataclass(slots=True)
class Clock:
    """The offsets of the hosts in one file, learnt from its head and from what comes by."""

    _offsets: dict[str, timedelta] = field(default_factory=dict)
    _doubts: dict[str, tuple[timedelta, int]] = field(default_factory=dict)

    @classmethod
    def from_head(cls, head: bytes) -> Clock:
        """Begin with what the file's first bytes prove."""
        return cls(_host_offsets(head))

    def correct(self, time: datetime, written: object, fields: dict[str, str]) -> datetime:
        """The event's time in UTC; a correction is noted in `fields`, with `written`."""
        host = fields.get("Computer", "")
        seen = _seen_offset(time, fields)
        if seen is not None:
            self._learn(host, seen)
        offset = self._offsets.get(host)
        if not offset:
            return time
        try:
            corrected = time + offset
        except OverflowError:
            return time
        fields[OFFSET_FIELD] = str(offset // timedelta(minutes=1))
        fields[ORIGINAL_FIELD] = str(written)
        return corrected

    def _learn(self, host: str, seen: timedelta) -> None:
        """Believe another offset than the known one only once several rows in a row agree."""
        if seen == self._offsets.get(host, timedelta()):
            self._doubts.pop(host, None)
            return
        before, votes = self._doubts.get(host, (seen, 0))
        votes = votes + 1 if before == seen else 1
        self._doubts[host] = (seen, votes)
        if votes >= _AGREEING:
            self._offsets[host] = seen
            del self._doubts[host]


def _host_offsets(head: bytes) -> dict[str, timedelta]:
    """Per host, the offset that more than half of its Sysmon events show; zero included."""
    seen: dict[str, Counter[timedelta]] = {}
    for fields, time in _sysmon_rows(head):
        if (offset := _seen_offset(time, fields)) is not None:
            seen.setdefault(fields.get("Computer", ""), Counter())[offset] += 1
    found = {}
    for host, counts in seen.items():
        offset, votes = counts.most_common(1)[0]
        if votes * 2 > counts.total():
            found[host] = offset
    return found


def _sysmon_rows(head: bytes) -> Iterator[tuple[Mapping[str, str], datetime]]:
    for line in head.split(b"\n"):
        if b'"UtcTime"' not in line:
            continue
        try:
            shaped = shape(orjson.loads(line.removeprefix(codecs.BOM_UTF8)))
        except ValueError:
            continue
        if shaped is not None and (time := moment(shaped.time)) is not None:
            yield shaped.fields, time


def _seen_offset(time: datetime, fields: Mapping[str, str]) -> timedelta | None:
    """How far one Sysmon event's own time is from the exporter's, in quarters of an hour."""
    written = fields.get("UtcTime")
    own = utc(written) if written else None
    if own is None:
        return None
    difference = own - time
    offset = round(difference / _QUARTER) * _QUARTER
    if abs(difference - offset) > _TOLERANCE or abs(offset) > _FURTHEST:
        return None
    return offset
