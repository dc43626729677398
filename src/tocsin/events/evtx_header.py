"""What kind of record a Windows event is, told from its JSON without reading the rest of it.

Only what `tocsin.events.windows_shapes` would say of the same record may be told. So whatever is
unusual is left to be read in full: a second field by the name of a channel or number, which would
take its place, or values in so many levels that they might be refused.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from tocsin.events.windows_event import EMPTY

_LEVELS = 20
"""Braces in a text that can be no record with too many levels; a script in it may have more."""
_LARGEST_ID = 2**32


class _Number(msgspec.Struct, frozen=True):
    text: int | str = msgspec.field(name="#text")


class _TimeAttributes(msgspec.Struct, frozen=True):
    SystemTime: str = ""


class _Time(msgspec.Struct, frozen=True):
    attributes: _TimeAttributes | None = msgspec.field(name="#attributes", default=None)


class _System(msgspec.Struct, frozen=True):
    EventID: int | str | _Number
    Channel: str
    TimeCreated: _Time | None = None
    time_beside: msgspec.Raw | None = msgspec.field(name="TimeCreated_attributes", default=None)


class _Event(msgspec.Struct, frozen=True):
    System: _System


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    Event: _Event


_decode = msgspec.json.Decoder(_Record).decode


class Header(NamedTuple):
    """Channel, event id and time of a record; `time_text` is as it stands there."""

    channel: str
    event_id: str
    time_text: str


def is_all_told(text: str) -> bool:
    """Whether the rest of a record that has a header can say nothing else, and is no problem."""
    return (
        text.count('"Channel"') == 1
        and text.count('"EventID"') == 1
        and text.count("{") + text.count("[") <= _LEVELS
    )


def header_of(text: str) -> Header | None:
    """What a record begins with, if `is_all_told` says so too; None where that is unusual.

    Never raises.
    """
    try:
        system = _decode(text).Event.System
    except (msgspec.DecodeError, RecursionError):
        return None
    number = system.EventID
    if isinstance(number, _Number):
        number = number.text
    if isinstance(number, int):
        if not 0 <= number < _LARGEST_ID:
            return None
        number = str(number)
    if number in EMPTY or system.Channel in EMPTY or system.time_beside is not None:
        return None
    time = system.TimeCreated.attributes if system.TimeCreated else None
    return Header(system.Channel, number, time.SystemTime if time else "")
