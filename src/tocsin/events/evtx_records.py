"""The records of an EVTX file, decoded chunk by chunk so that damage stays where it is.

`tocsin.events.evtx_frames` says which records there are; the library decodes them. Each chunk is
handed over alone, under headers of our own, so no damaged header can hide a record, no more than
64 KiB are in memory, and the stream need not seek.
"""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, BinaryIO

import orjson
from evtx import PyEvtxParser

from tocsin.events import evtx_frames as layout
from tocsin.events.chosen import Passed, Passing
from tocsin.events.evtx_header import header_of, is_all_told
from tocsin.events.windows_event import TEXT_LIMIT, moment
from tocsin.events.windows_shapes import shape
from tocsin.model.event import Event
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tocsin.events.chosen import Chooser
    from tocsin.events.evtx_frames import Frame, Piece
    from tocsin.events.format import Row
    from tocsin.events.windows_shapes import Shaped

_LARGEST_ID = 2**64 - 1
_SAYS_LITTLE = ("Provider_Name", "Computer", "Level", "EventRecordID", "UserSid")
_is_record = attrgetter("is_record")


class RecordReader:
    """One file's records; without a `chooser` an event is made of each."""

    def __init__(self, artefact: str, chooser: Chooser | None = None) -> None:
        self._artefact = artefact
        self._chooser = chooser
        self._to_come = 0 if chooser is None else chooser.first
        self._passing = Passing()
        self._last = ""

    def read(self, stream: BinaryIO) -> Iterator[Row | Passed]:
        """Everything in a file, in its order. Never raises on content."""
        try:
            for piece in layout.pieces(stream):
                if piece.chunk is None:
                    yield _lost(piece, self._artefact)
                else:
                    yield from self._rows(piece.chunk, piece.offset)
        except OSError as error:
            yield Problem(
                artefact=self._artefact,
                line=None,
                code=ProblemCode.UNREADABLE,
                detail=f"reading stopped: {error}",
            )

    def _rows(self, chunk: bytes, offset: int) -> Iterator[Row | Passed]:
        """Everything in one chunk, which lies at this offset."""
        for is_record, group in itertools.groupby(layout.frames(chunk), _is_record):
            run = list(group)
            if is_record:
                yield from self._decoded(chunk, run, offset)
                if self._passing:
                    yield self._passing.taken(self._last)
            else:
                for frame in run:
                    yield _damaged(frame, offset, self._artefact)

    def _decoded(self, chunk: bytes, run: list[Frame], offset: int) -> Iterator[Row | Passed]:
        """One row or problem for each of these records, which lie one behind the other.

        The library walks the same chain of sizes, and gives one record or one error for each.
        """
        records = PyEvtxParser(io.BytesIO(_alone(chunk, run)), 1).records_json()
        if run[0].offset > layout.RECORDS_START:
            next(records, None)
        for frame in run:
            reason = ": the library stopped before it"
            try:
                record = next(records, None)
                if record is not None:
                    event = self._event(record, frame)
                    if event is not None:
                        yield event
                    continue
            except (RuntimeError, ValueError) as error:
                reason = f": {str(error)[:200]}"
            if self._passing:
                yield self._passing.taken(self._last)
            yield _damaged(frame, offset, self._artefact, reason)

    def _event(self, record: dict[str, object], frame: Frame) -> Event | None:
        """The event of a record; None where it is passed over. Raises `ValueError`."""
        text, is_it = str(record["data"]), record["event_record_id"] == frame.record_id
        chooser = self._chooser if self._to_come <= 0 else None
        self._to_come -= 1
        if chooser is not None and is_it and self._is_nobodys(chooser, text):
            return None
        shaped = shape(orjson.loads(text))
        if shaped is None or not is_it:
            raise ValueError("no Windows event")
        fields, channel = shaped.named(), shaped.channel
        if (
            chooser is not None
            and not chooser.wants(channel, fields, partial(_readable, fields))
            and self._passes(chooser, channel, shaped.time)
        ):
            return None
        self._last = channel
        return _made(shaped, record, frame)

    def _is_nobodys(self, chooser: Chooser, text: str) -> bool:
        """Whether nobody wants a record of this kind; if so, it is passed over."""
        header = header_of(text)
        return (
            header is not None
            and not chooser.may_want(header.channel, header.event_id)
            and is_all_told(text)
            and self._passes(chooser, header.channel, header.time_text)
        )

    def _passes(self, chooser: Chooser, channel: str, time: object) -> bool:
        """Whether a record may be passed over whose time is written so; if so, it is."""
        at = moment(time) if chooser.needs_times else None
        if chooser.needs_times and at is None:
            return False
        self._last = channel
        self._passing.add(channel, at)
        return True


def _lost(piece: Piece, artefact: str) -> Problem:
    cut = piece.offset == 0 and piece.length < layout.FILE_HEADER_BYTES
    return Problem(
        artefact=artefact,
        line=None,
        code=ProblemCode.TRUNCATED if cut else ProblemCode.BAD_RECORD,
        detail=f"{piece.length} bytes from offset {piece.offset} hold no chunk of records",
    )


def _damaged(frame: Frame, chunk_offset: int, artefact: str, reason: str = "") -> Problem:
    what = "the file ends in this chunk" if frame.cut else "a record that cannot be read"
    return Problem(
        artefact=artefact,
        line=frame.record_id,
        code=ProblemCode.TRUNCATED if frame.cut else ProblemCode.BAD_RECORD,
        detail=f"{what}, at offset {chunk_offset + frame.offset}{reason}",
    )


def _made(shaped: Shaped, record: dict[str, object], frame: Frame) -> Event:
    time = moment(shaped.time)
    if time is None:
        time = moment(str(record["timestamp"]).replace(" UTC", "+00:00"))
    fields = shaped.fields
    number = fields.get("EventRecordID", "")
    return Event(
        time=time,
        # An exported log numbers its records anew; the event keeps the number people know.
        place=int(number) if number.isdecimal() else frame.record_id or 0,
        fields=fields,
        text=_readable(fields),
        stream=shaped.channel,
    )


def _readable(fields: Mapping[str, str]) -> str:
    """The record for people who check a citation: its own values first, as compact JSON.

    A binary record has no text of its own; the library's has its say-nothing parts in front.
    """
    said = dict(fields)
    for name in _SAYS_LITTLE:
        if name in said:
            said[name] = said.pop(name)
    return orjson.dumps(said).decode()[:TEXT_LIMIT]


def _alone(chunk: bytes, run: Sequence[Frame]) -> bytes:
    """A file with this one chunk, whose headers lead to exactly these records.

    The tables of names and templates in the chunk's header are left out: they only save time. A
    run that does not begin the chunk is reached over an empty record in the first one's place;
    templates that the first record defines stay where they are.
    """
    whole = bytearray(chunk.ljust(layout.CHUNK_BYTES, b"\0"))
    ids = {frame.record_id for frame in run}
    unused = next(number for number in itertools.count(_LARGEST_ID, -1) if number not in ids)
    end = run[-1].offset + run[-1].size
    whole[: layout.RECORDS_START] = struct.pack(
        "<8sQQQQIIII", layout.CHUNK_MAGIC, 1, unused, 1, unused, 128, 0, end, 0
    ).ljust(layout.RECORDS_START, b"\0")
    gap = run[0].offset - layout.RECORDS_START
    if gap:
        stub = struct.pack("<4sIQQ", layout.RECORD_MAGIC, gap, 0, 0) + b"\x0f\x01\x01\x00\x00"
        whole[layout.RECORDS_START : layout.RECORDS_START + len(stub)] = stub
    return _FILE_HEADER + whole


def _header() -> bytes:
    head = struct.pack("<8sQQQIHHHH", layout.FILE_MAGIC, 0, 0, 1, 128, 1, 3, 4096, 1)
    head = head.ljust(120, b"\0")
    return (head + struct.pack("<II", 0, zlib.crc32(head))).ljust(layout.FILE_HEADER_BYTES, b"\0")


_FILE_HEADER = _header()
