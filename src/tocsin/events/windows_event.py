"""Windows events under one set of names, whether they came as EVTX or as somebody's export.

A field of an event has the name that Windows gives it (``TargetFilename``, ``SubjectUserName``).
Where Windows gives none, or another one for the same thing, names are added here, so that one
rule fits every source. Nothing is renamed or taken away.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from tocsin.events.format import Column, ColumnType
from tocsin.events.times import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TEXT_LIMIT = 16 * 1024
"""Characters of a record that a citation keeps."""

OFFSET_FIELD = "ClockOffsetMinutes"
"""Ours alone: how many minutes `tocsin.events.clock` added to the time as exported, signed."""

EMPTY = frozenset({"", "-"})
"""Texts that stand for nothing; what has one of them is left out."""
_NO_PROCESS = "00000000-0000-0000-0000-000000000000"
_ADDRESS = r"^(?:::ffff:)?(.+)$"
_DEFENDER_PATH = r"^(?:[a-z]+:_)?([^;]+)"

COLUMNS = (
    Column(name="event_id", source="EventID", type=ColumnType.INTEGER),
    Column(name="host", source="Computer"),
    Column(name="user", source="User"),
    Column(name="user", source="SubjectUserName"),
    Column(name="user", source="TargetUserName"),
    Column(name="user", source="Detection User"),
    Column(name="user_sid", source="SubjectUserSid"),
    Column(name="user_sid", source="UserSid"),
    Column(name="client_ip", source="IpAddress", type=ColumnType.ADDRESS, pattern=_ADDRESS),
    Column(name="process", source="Image"),
    Column(name="process", source="ProcessName"),
    Column(name="process", source="Process Name"),
    Column(name="command_line", source="CommandLine"),
    Column(name="parent_process", source="ParentImage"),
    Column(name="process_id", source="ProcessGuid"),
    Column(name="process_id", source="NewProcessId"),
    Column(name="process_id", source="ProcessId"),
    Column(name="parent_process_id", source="ParentProcessGuid"),
    Column(name="parent_process_id", source="ParentProcessId"),
    Column(name="file_path", source="TargetFilename"),
    Column(name="file_path", source="Path", pattern=_DEFENDER_PATH),
    Column(name="sha256", source="Hashes", pattern=r"SHA256=([0-9a-f]{64})"),
    Column(name="cmdlet", source="Cmdlet"),
    Column(name="parameters", source="Parameters"),
    Column(name="threat", source="Threat Name"),
)
"""Ids of processes compare within one source only: Sysmon has GUIDs, 4688 hexadecimal numbers."""

MANAGEMENT_PROVIDER = "MSExchange CmdletLogs"
_MANAGEMENT_VALUES = {
    0: "Cmdlet",
    1: "Parameters",
    2: "User",
    5: "HostApplication",
    6: "ProcessId",
    8: "ThreadId",
    9: "ElapsedTime",
    11: "Exception",
}
"""Source: the XML of a real event 6 (MSExchange Management): the values have no names."""
_CMDLET = re.compile(r"[A-Z][a-z]+-[A-Za-z]\w*")
_MANAGEMENT_MESSAGE = re.compile(
    r"Cmdlet (?P<cmdlet>[A-Z][a-z]+-\w+), parameters (?P<parameters>.*?)\.?\s*\Z", re.DOTALL
)
_MANAGEMENT_FAILURE = re.compile(
    r"Task (?P<cmdlet>[A-Z][a-z]+-\w+) throwing unhandled exception: (?P<exception>.*)", re.DOTALL
)


def put(fields: dict[str, str], name: str, value: object) -> None:
    """Add a value as text; what is empty, or a lone ``-``, is left out."""
    text = value if isinstance(value, str) else text_of(value)
    if text not in EMPTY:
        fields[name] = text


def text_of(value: object) -> str:
    """A decoded JSON value as text: true and false in lower case, a list line by line.

    Raises `ValueError` for a value that is nested more deeply than any event's.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict) and "#text" in value:
        value = value["#text"]
    if isinstance(value, list):
        return "\n".join(
            part if isinstance(part, str) else "" if part is None else _dumped(part)
            for part in value
        )
    return _dumped(value) if isinstance(value, dict) else str(value)


def _dumped(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:
        raise ValueError(f"a value that is no event's: {error}") from error


def complete(fields: dict[str, str], positional: Sequence[str] = ()) -> dict[str, str]:
    """Add our names to one event's fields, and return them.

    `positional` are the values of ``<Data>`` elements without a name, empty ones included: they
    become ``Data_0``, ``Data_1`` and so on, and together ``Data``.
    """
    # Whoever reads it relies on us for its value.
    fields.pop(OFFSET_FIELD, None)
    if positional:
        for index, value in enumerate(positional):
            put(fields, f"Data_{index}", value)
        put(fields, "Data", "\n".join(positional))
    if fields.get("Provider_Name") == MANAGEMENT_PROVIDER:
        _name_management(fields, positional)
    for name in ("ProcessGuid", "ParentProcessGuid"):
        if name in fields and _NO_PROCESS in fields[name]:
            del fields[name]
    if fields.get("Channel") == "Security":
        aliases = _SECURITY_ALIASES.get(fields.get("EventID", ""))
        if aliases:
            aliases(fields)
    return fields


def _name_management(fields: dict[str, str], positional: Sequence[str]) -> None:
    """Name what the Exchange Management log leaves without a name.

    Exports that keep only the rendered message say the same there; EvtxECmd joins the values
    with a comma.
    """
    if positional and _CMDLET.fullmatch(positional[0]):
        for index, name in _MANAGEMENT_VALUES.items():
            if index < len(positional):
                put(fields, name, positional[index])
        return
    if len(positional) == 1:
        cmdlet, comma, rest = positional[0].partition(", ")
        if comma and _CMDLET.fullmatch(cmdlet):
            fields["Cmdlet"] = cmdlet
            put(fields, "Parameters", rest)
            return
    message = fields.get("Message", "")
    if found := _MANAGEMENT_MESSAGE.search(message):
        put(fields, "Cmdlet", found["cmdlet"])
        put(fields, "Parameters", found["parameters"])
    elif found := _MANAGEMENT_FAILURE.search(message):
        put(fields, "Cmdlet", found["cmdlet"])
        put(fields, "Exception", found["exception"])


def _alias_process_creation(fields: dict[str, str]) -> None:
    """Give security event 4688 the names that Sysmon uses for the same facts.

    ``ProcessId`` is the creator's there, so `COLUMNS` asks for ``NewProcessId`` before it.
    """
    for ours, theirs in (
        ("Image", "NewProcessName"),
        ("ParentImage", "ParentProcessName"),
        ("ParentProcessId", "ProcessId"),
    ):
        if theirs in fields:
            fields.setdefault(ours, fields[theirs])


def _alias_share_access(fields: dict[str, str]) -> None:
    """Put the path together that security event 5145 gives in pieces, from its drive on."""
    relative = fields.get("RelativeTargetName")
    if relative is None:
        return
    root = fields.get("ShareLocalPath", "").removeprefix("\\??\\")
    if not root:
        share = fields.get("ShareName", "").removeprefix("\\\\*\\")
        drive = len(share) == 2 and share.endswith("$")
        root = f"{share[0]}:" if drive else f"\\\\{fields.get('Computer', '*')}\\{share}"
    fields.setdefault("TargetFilename", f"{root.rstrip(chr(92))}\\{relative.lstrip(chr(92))}")


_SECURITY_ALIASES: Mapping[str, Callable[[dict[str, str]], None]] = {
    "4688": _alias_process_creation,
    "5145": _alias_share_access,
}

_DOT_NET_DATE = re.compile(r"/Date\((-?\d{1,16})\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(value: object) -> datetime | None:
    """A time as exporters write it, in UTC: ISO 8601, seconds since 1970, or .NET's ``/Date()/``.

    A time without a zone counts as UTC; `tocsin.events.clock` finds out where that is wrong.
    """
    if isinstance(value, str):
        if found := _DOT_NET_DATE.fullmatch(value):
            return _since_1970(int(found[1]) / 1000)
        return utc(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _since_1970(value)
    return None


def _since_1970(seconds: float) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None
