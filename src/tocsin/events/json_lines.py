"""Any other JSON lines: one object on each line, whoever wrote it, as rows for `tocsin rules`.

It is no plugin of `tocsin.events.formats`: a hunt knows what it reads, and JSON lines say nothing
of what they are. So the format has no columns, and no log source but the one that the user names.

What becomes of an object:

* A value in an object has the names of both, with a dot between (``process.command_line``). A name
  that has its dots already goes before one that is put together.
* A field may so have several values: the elements of a list, or the values of one name in a list
  of objects. They are one text, with a line for each, and `Fields.lists` has them one by one.
* null, an empty text and a lone ``-`` are left out, as in every format. Numbers and truth values
  are text.
* The row's time is that of the first of `TIMES` that holds one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from tocsin.events.format import Format, LogSource, Row, Unit
from tocsin.events.lines import count_data_lines, head_text, read_rows
from tocsin.events.windows_event import TEXT_LIMIT, moment, text_of
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

NAME = "json_lines"
TIMES = (
    "@timestamp",
    "timestamp",
    "Timestamp",
    "time",
    "Time",
    "_time",
    "ts",
    "datetime",
    "DateTime",
    "eventTime",
    "EventTime",
    "TimeCreated",
    "TimeGenerated",
    "UtcTime",
    "event.created",
    "date",
)
"""Where a row's time is looked for, in this order.

Source: the field names of Elastic Common Schema, Splunk (``_time``), Zeek (``ts``), AWS CloudTrail
(``eventTime``), Azure Monitor (``TimeGenerated``) and NXLog (``EventTime``).
"""

DEEPEST = 32
"""Objects and lists within each other."""
LONGEST_NAME = 512
"""Characters of a name that is put together: names repeat what is above them."""
MOST_VALUES = 4096
"""Values of one row. With the two limits above, a line of 1 MiB stays a few MiB in memory."""

EMPTY = frozenset({"", "-"})
"""What stands for no value."""

_LOOKED_AT = 5
"""Lines that `_recognise` tries: the first of a copy may be damaged."""
_HEAD_BYTES = 2**16


class Fields(dict[str, str]):
    """A row's fields; `lists` are those that have several values, as the tuple of them."""

    __slots__ = ("lists",)

    def __init__(self) -> None:
        """Begin without a field."""
        super().__init__()
        self.lists: dict[str, tuple[str, ...]] = {}


def json_lines(log_source: LogSource | None = None) -> Format:
    """The format, for files that are this log; without one they are only themselves."""
    return Format(
        name=NAME,
        title="JSON lines of any kind",
        paths=(),
        recognise=_recognise,
        columns=(),
        parse=_parse,
        count=count_data_lines,
        unit=Unit.LINE,
        place=PlaceKind.LINE,
        log_sources=(log_source or LogSource(product="tocsin", service="json-lines"),),
        sample=b'{"time":"2021-03-03T06:12:44Z","process":{"args":["cmd.exe","/c"],"pid":7}}\n',
        sample_path="events.jsonl",
        reference="JSON Lines (jsonlines.org): one JSON value on each line, in UTF-8.",
    )


def _recognise(head: bytes, _: EvidencePath) -> bool:
    lines = [line for line in head_text(head).split("\n") if line.strip()][:_LOOKED_AT]
    if len(lines) == 1 and len(head) >= _HEAD_BYTES:
        # Longer than what we see of it: an object that has a name at once.
        return lines[0].startswith('{"')
    return any(line.startswith("{") and _is_object(line) for line in lines)


def _is_object(line: str) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except ValueError:
        return False


def _parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    return read_rows(stream, artefact, _Reader(artefact.path.inside))


class _Reader:
    """One file's lines to rows."""

    def __init__(self, artefact: str) -> None:
        self._problem = partial(Problem, artefact=artefact)

    def row(self, number: int, text: str, *, last: bool) -> Row | None:
        if text.startswith("#"):
            return None
        try:
            record = orjson.loads(text)
        except ValueError as error:
            code = ProblemCode.TRUNCATED if last else ProblemCode.BAD_RECORD
            return self._problem(line=number, code=code, detail=f"cannot be read as JSON: {error}")
        if not isinstance(record, dict):
            return self._problem(
                line=number, code=ProblemCode.BAD_RECORD, detail="JSON, but no object"
            )
        try:
            fields = flattened(record)
        except ValueError as error:
            return self._problem(line=number, code=ProblemCode.BAD_RECORD, detail=str(error))
        return Event(
            time=_time(record, fields), place=number, fields=fields, text=text[:TEXT_LIMIT]
        )


def flattened(record: dict[str, Any]) -> Fields:
    """All values of `record` by their full names, in its order.

    Raises `ValueError` where it is beyond `DEEPEST`, `LONGEST_NAME` or `MOST_VALUES`.
    """
    found: dict[str, list[object]] = {}
    _collect("", record, found, 0)
    for name, value in record.items():
        if "." in name and not isinstance(value, dict | list):
            found[name] = [value]
    fields = Fields()
    for name, values in found.items():
        texts = tuple(text for value in values if (text := text_of(value)) not in EMPTY)
        if len(texts) > 1:
            fields.lists[name] = texts
        if texts:
            fields[name] = "\n".join(texts)
    return fields


def _collect(name: str, value: object, found: dict[str, list[object]], depth: int) -> int:
    """Add `value`, and say how many values there are by now."""
    if depth > DEEPEST:
        raise ValueError(f"more than {DEEPEST} objects and lists within each other")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"a name of more than {LONGEST_NAME} characters")
    count = 0
    if isinstance(value, dict):
        for below, one in value.items():
            count += _collect(f"{name}.{below}" if name else below, one, found, depth + 1)
    elif isinstance(value, list):
        for one in value:
            count += _collect(name, one, found, depth + 1)
    else:
        found.setdefault(name, []).append(value)
        count = 1
    if count > MOST_VALUES:
        raise ValueError(f"more than {MOST_VALUES} values")
    return count


def _time(record: dict[str, Any], fields: dict[str, str]) -> datetime | None:
    """The first time that can be read; a number is seconds since 1970, or finer."""
    for name in TIMES:
        value = record.get(name, fields.get(name))
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = _seconds(value)
        if value is not None and (time := moment(value)) is not None:
            return time
    return None


def _seconds(number: float) -> float:
    """Of seconds, milliseconds, microseconds or nanoseconds since 1970: up to 5138 they differ."""
    for _ in range(3):
        if number < 10**11:
            break
        number /= 1000
    return number
