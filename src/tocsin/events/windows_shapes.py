"""The shapes in which exporters write a Windows event as JSON, all turned into one.

* *nested*: ``{"Event": {"System": {...}, "EventData": {...}}}`` as the XML has it (evtx_dump,
  Chainsaw; Velociraptor without the outer object).
* *winlog*: Elastic's Winlogbeat, ``{"winlog": {"event_data": {...}}, "message": ...}``.
* *flat*: one level, all values side by side (NXLog, the Mordor data sets, EvtxECmd with its
  ``Payload``, PowerShell's Get-WinEvent, Winlogbeat before version 7).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from tocsin.events.windows_event import EMPTY, complete, put, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

Json = dict[str, Any]

_MESSAGE = "Message"
_DEEPEST = 16


@dataclass(slots=True)
class Shaped:
    """One event: its fields by our names, its channel, and its time as it was written.

    `time` is None where the record has none.
    """

    fields: dict[str, str]
    time: object = None
    positional: list[str] = field(default_factory=list)

    @property
    def channel(self) -> str:
        """The event channel, exactly as the event has it."""
        return self.fields.get("Channel", "")

    def named(self) -> dict[str, str]:
        """The fields with all names that we add."""
        return complete(self.fields, self.positional)


def shape(record: object) -> Shaped | None:
    """What `record` (decoded JSON) says, or None where it is no Windows event.

    Raises `ValueError` where its values are nested more deeply than any event's.
    """
    if not isinstance(record, dict):
        return None
    if isinstance(inner := record.get("_source"), dict):
        record = inner
    if isinstance(event := record.get("Event"), dict):
        return nested(event)
    if isinstance(record.get("System"), dict):
        return nested(record)
    if isinstance(winlog := record.get("winlog"), dict):
        return _winlog(record, winlog)
    return _flat(record)


def nested(event: Json) -> Shaped | None:
    """The shape that follows the event's XML; None where it has no ``System``."""
    system = event.get("System")
    if not isinstance(system, dict):
        return None
    shaped = Shaped(fields={})
    fields = shaped.fields
    _put_all(
        fields,
        (
            ("EventID", _event_id(system.get("EventID"))),
            ("Channel", system.get("Channel")),
            ("Provider_Name", _attribute(system, "Provider", "Name")),
            ("Computer", system.get("Computer")),
            ("Level", system.get("Level")),
            ("EventRecordID", system.get("EventRecordID")),
            ("UserSid", _attribute(system, "Security", "UserID")),
        ),
    )
    shaped.time = _attribute(system, "TimeCreated", "SystemTime")
    for key, part in event.items():
        if key == "EventData":
            _event_data(part, shaped)
        elif key in (_MESSAGE, "RenderingInfo"):
            put(fields, _MESSAGE, part.get(_MESSAGE) if isinstance(part, dict) else part)
        elif key not in _NOT_DATA:
            _leaves(part, fields)
    return shaped


def _put_all(fields: dict[str, str], values: Iterable[tuple[str, object]]) -> None:
    """As `put` does for each: to call it for each value is most of the work of a record."""
    for name, value in values:
        if isinstance(value, str):
            if value not in EMPTY:
                fields[name] = value
        elif type(value) is int:
            fields[name] = str(value)
        else:
            put(fields, name, value)


_NOT_DATA = frozenset({"System", "#attributes", "Event_attributes", "xmlns"})


def _event_id(value: object) -> object:
    """The number alone; some put it beside its qualifiers."""
    if isinstance(value, dict):
        return value.get("#text", value.get("Value"))
    return value


_BESIDE = {name: f"{name}_attributes" for name in ("Provider", "Security", "TimeCreated")}


def _attribute(system: Json, element: str, name: str) -> object:
    """An attribute of one element, where the exporter put it."""
    value = system.get(element)
    beside = system.get(_BESIDE[element])
    if isinstance(beside, dict):
        return beside.get(name)
    if not isinstance(value, dict):
        return value
    attributes = value.get("#attributes", value)
    return attributes.get(name) if isinstance(attributes, dict) else None


def _event_data(part: object, shaped: Shaped) -> None:
    if isinstance(part, str):
        shaped.positional.append(part)
    if not isinstance(part, dict):
        return
    if "Data" not in part and "#attributes" not in part:
        _put_all(shaped.fields, part.items())
        return
    for name, value in part.items():
        if name == "Data":
            _data_elements(value, shaped)
        elif name != "#attributes":
            put(shaped.fields, name, value)


def _data_elements(value: object, shaped: Shaped) -> None:
    """``<Data>`` elements that kept their form: with names, or only in their order."""
    if isinstance(value, dict) and "#text" in value:
        value = value["#text"]
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, dict) and isinstance(one.get("@Name"), str):
            put(shaped.fields, one["@Name"], one.get("#text"))
        else:
            shaped.positional.append(text_of(one))


def _leaves(part: object, fields: dict[str, str], depth: int = 0) -> None:
    """``UserData``: the innermost values, under their own names."""
    if not isinstance(part, dict):
        return
    if depth > _DEEPEST:
        raise ValueError(f"more than {_DEEPEST} levels of values")
    for name, value in part.items():
        if name == "#attributes" or name.endswith("_attributes"):
            continue
        if isinstance(value, dict) and "#text" not in value:
            _leaves(value, fields, depth + 1)
        else:
            put(fields, name, value)


def _winlog(record: Json, winlog: Json) -> Shaped:
    shaped = Shaped(fields={})
    fields = shaped.fields
    put(fields, "EventID", winlog.get("event_id"))
    put(fields, "Channel", winlog.get("channel"))
    put(fields, "Provider_Name", winlog.get("provider_name"))
    put(fields, "Computer", winlog.get("computer_name"))
    put(fields, "EventRecordID", winlog.get("record_id"))
    user = winlog.get("user")
    put(fields, "UserSid", user.get("identifier") if isinstance(user, dict) else None)
    shaped.time = record.get("@timestamp")
    _beats_data(winlog.get("event_data"), shaped)
    _leaves(winlog.get("user_data"), fields)
    put(fields, _MESSAGE, record.get("message"))
    return shaped


def _beats_data(data: object, shaped: Shaped) -> None:
    """Winlogbeat calls values without a name ``param1``, ``param2`` and so on."""
    if not isinstance(data, dict):
        return
    numbered: dict[int, str] = {}
    for name, value in data.items():
        number = name.removeprefix("param")
        if number != name and number.isdecimal() and len(number) < 4:
            numbered[int(number)] = text_of(value)
        else:
            put(shaped.fields, name, value)
    if numbered:
        shaped.positional = [numbered.get(n, "") for n in range(1, max(numbered) + 1)]


_FLAT_NAMES = {
    "EventID": ("EventID", "EventId", "event_id", "EventCode", "Id"),
    "Channel": ("Channel", "channel", "LogName", "log_name"),
    "Provider_Name": ("Provider_Name", "SourceName", "ProviderName", "source_name", "Provider"),
    "Computer": ("Computer", "Hostname", "ComputerName", "computer_name", "MachineName"),
    "Level": ("Level",),
    "EventRecordID": (
        "EventRecordID",
        "EventRecordId",
        "RecordNumber",
        "RecordId",
        "record_number",
    ),
    "UserSid": ("UserSid", "UserID", "UserId"),
    _MESSAGE: (_MESSAGE, "message"),
}
_FLAT_TIMES = ("TimeCreated", "EventTime", "SystemTime", "@timestamp", "timestamp")
_FLAT_NOT_DATA = frozenset(_FLAT_TIMES).union(
    ("EventData", "UserData", "event_data", "user_data"), *_FLAT_NAMES.values()
)


def _flat(record: Json) -> Shaped | None:
    """One level; an event must say its number and its channel or provider."""
    shaped = Shaped(fields={})
    fields = shaped.fields
    for ours, names in _FLAT_NAMES.items():
        for theirs in names:
            if theirs in record:
                put(fields, ours, record[theirs])
                break
    if "EventID" not in fields or not ("Channel" in fields or "Provider_Name" in fields):
        return None
    shaped.time = next((record[name] for name in _FLAT_TIMES if record.get(name)), None)
    if "ChunkNumber" in record and "Payload" in record:
        _ecmd_payload(record["Payload"], shaped)
        return shaped
    for name, value in record.items():
        if name not in _FLAT_NOT_DATA:
            put(fields, name, value)
    _event_data(record.get("EventData"), shaped)
    _beats_data(record.get("event_data"), shaped)
    for container in ("UserData", "user_data"):
        _leaves(record.get(container), fields)
    return shaped


def _ecmd_payload(payload: object, shaped: Shaped) -> None:
    """EvtxECmd writes the event's data as JSON inside its JSON.

    Its own ``ProcessId`` and ``ThreadId`` are the logging process's, so only the data counts.
    """
    try:
        data = orjson.loads(payload) if isinstance(payload, str) else None
    except orjson.JSONDecodeError:
        put(shaped.fields, "Payload", payload)
        return
    if not isinstance(data, dict):
        return
    _event_data(data.get("EventData"), shaped)
    _leaves(data.get("UserData"), shaped.fields)
