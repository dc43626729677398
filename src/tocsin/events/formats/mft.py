"""The file table of a volume (``$MFT``): every file's path and times, and what was deleted.

An entry stays until it is used again, so a deleted web shell is often still there, and if it was
small its content too. Folders may come behind their files, so the table is read once, what is
wanted of each record waits in a temporary file, and the paths are put together at the end.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from tocsin.errors import SourceError
from tocsin.events.documents import stamp
from tocsin.events.format import Column, Format, LogSource, Row, Unit
from tocsin.events.mft_folders import Folders
from tocsin.events.mft_records import (
    BAD_MAGIC,
    MAGIC,
    FileName,
    MftRecord,
    filetime,
    read_record,
    record_size,
)
from tocsin.events.mft_writer import MftEntry, write_mft
from tocsin.model.artefact import TimeOrigin
from tocsin.model.event import Event, PlaceKind
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.model.artefact import Artefact

_HEAD_BYTES = 4096
_IN_MEMORY_BYTES = 16 * 2**20
_RUN = re.compile(r"\.(?:as[pmahc]x?|svc|cshtml|php|jspx?|ps1|bat|cmd|vbs|config)$", re.IGNORECASE)
"""Names of which a content that lies in the table is worth its place in a row."""
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")
_LENGTH_BYTES = 4


class _Kept(msgspec.Struct, array_like=True):
    """What waits in the temporary file for one record: it, or why it could not be read."""

    entry: int
    record: MftRecord | None
    problem: str = ""
    cut: bool = False


def _recognise(head: bytes, _: EvidencePath) -> bool:
    size = record_size(head)
    second = head[size : size + 4]
    return head.startswith(MAGIC) and (not second or second in (MAGIC, BAD_MAGIC, b"\0\0\0\0"))


def _parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    server = artefact.path.server
    folders = Folders(server[:2] if server[1:2] == ":" else "")
    elsewhere: dict[int, FileName] = {}
    failure: OSError | None = None
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES, prefix="tocsin-") as spool:
        records = _records(stream)
        while True:
            try:
                kept = next(records, None)
            except OSError as error:
                failure = error
                break
            if kept is None:
                break
            if kept.record is not None:
                _remember(kept.entry, kept.record, folders, elsewhere)
            _write(spool, kept)
        spool.seek(0)
        for kept in _read_back(spool):
            yield _row(kept, artefact, folders, elsewhere)
    if failure is not None:
        yield Problem(
            artefact=artefact.path.inside,
            line=None,
            code=ProblemCode.UNREADABLE,
            detail=f"reading stopped: {failure}",
        )


def _records(stream: BinaryIO) -> Iterator[_Kept]:
    """Every record that is not empty, in the order of the table. Raises `OSError`."""
    buffer = _exactly(stream, _HEAD_BYTES)
    size = record_size(buffer)
    entry = 0
    while buffer:
        for at in range(0, len(buffer), size):
            block = buffer[at : at + size]
            if block.count(0) != len(block):
                yield _kept(entry, block, size)
            entry += 1
        buffer = _exactly(stream, 256 * size)


def _kept(entry: int, block: bytes, size: int) -> _Kept:
    if len(block) < size:
        return _Kept(entry, None, f"the table ends within entry {entry}", cut=True)
    try:
        return _Kept(entry, read_record(block))
    except ValueError as error:
        return _Kept(entry, None, f"entry {entry}: {error}")


def _remember(
    entry: int, record: MftRecord, folders: Folders, elsewhere: dict[int, FileName]
) -> None:
    """A record with many attributes keeps some of them, its name perhaps, in other records."""
    if not record.base:
        folders.add(entry, record)
    elif record.name is not None and len(elsewhere) < _IN_MEMORY_BYTES // 256:
        elsewhere.setdefault(record.base, record.name)


def _row(kept: _Kept, artefact: Artefact, folders: Folders, elsewhere: dict[int, FileName]) -> Row:
    if kept.record is None:
        return Problem(
            artefact=artefact.path.inside,
            line=kept.entry,
            code=ProblemCode.TRUNCATED if kept.cut else ProblemCode.BAD_RECORD,
            detail=kept.problem,
        )
    record = kept.record
    name = record.name or elsewhere.get(kept.entry)
    fields = {
        "InUse": "true" if record.in_use else "false",
        "IsDeleted": "false" if record.in_use else "true",
        "IsDirectory": "true" if record.is_directory else "false",
        "Sequence": str(record.sequence),
        "TimeOrigin": TimeOrigin.MFT.value,
    }
    size = record.size_bytes if record.size_bytes is not None else name and name.size_bytes
    if size is not None:
        fields["SizeBytes"] = str(size)
    if record.base:
        fields["BaseEntry"] = str(record.base)
    if record.streams:
        fields["Streams"] = "\n".join(record.streams)
    time = None
    if record.times is not None:
        _put_times(fields, ("Created", "Modified", "Changed"), record.times)
        time = filetime(record.times[0])
    if name is not None:
        _put_name(fields, name, folders)
        _put_times(fields, ("FNCreated",), name.times)
        time = filetime(name.times[0]) or time
        _put_content(fields, record, name)
    return Event(
        time=time,
        place=kept.entry,
        fields={key: value for key, value in fields.items() if value not in {"", "-"}},
        text=_text(kept.entry, fields),
    )


def _put_name(fields: dict[str, str], name: FileName, folders: Folders) -> None:
    path = EvidencePath.plain(folders.path(name))
    fields["FilePath"] = path.server
    fields["FileName"] = path.name
    fields["Extension"] = path.extension


def _put_times(fields: dict[str, str], names: tuple[str, ...], times: tuple[int, ...]) -> None:
    for name, value in zip(names, times, strict=False):
        if stamped := _stamped(value):
            fields[name] = stamped


@lru_cache(maxsize=65_536)
def _stamped(value: int) -> str:
    """One installation gives thousands of files the same times."""
    moment = filetime(value)
    return stamp(moment) if moment is not None else ""


def _put_content(fields: dict[str, str], record: MftRecord, name: FileName) -> None:
    """The content of a small file that could be run: often all that is left of a web shell."""
    if not record.content or _RUN.search(name.name) is None:
        return
    text = record.content.decode("utf-8", "replace")
    fields["Content"] = _UNPRINTABLE.sub(" ", text).strip()
    if len(record.content) == record.size_bytes:
        fields["SHA256"] = hashlib.sha256(record.content).hexdigest()


def _text(entry: int, fields: dict[str, str]) -> str:
    state = "deleted" if fields["IsDeleted"] == "true" else "in use"
    shown = ("SizeBytes", "Created", "Modified", "FNCreated", "SHA256")
    known = "; ".join(f"{name} {fields[name]}" for name in shown if name in fields)
    return f"entry {entry}, {state}: {fields.get('FilePath', 'no name')}; {known}"


def _write(spool: tempfile.SpooledTemporaryFile[bytes], kept: _Kept) -> None:
    packed = msgspec.msgpack.encode(kept)
    try:
        spool.write(len(packed).to_bytes(_LENGTH_BYTES, "little") + packed)
    except OSError as error:
        raise SourceError(
            f"no room for the file table in {tempfile.gettempdir()}: set TMPDIR to a larger disk"
        ) from error


def _read_back(spool: tempfile.SpooledTemporaryFile[bytes]) -> Iterator[_Kept]:
    decoder = msgspec.msgpack.Decoder(_Kept)
    while length := spool.read(_LENGTH_BYTES):
        yield decoder.decode(spool.read(int.from_bytes(length, "little")))


def _exactly(stream: BinaryIO, size: int) -> bytes:
    """As many bytes as asked for, unless the stream ends."""
    parts = bytearray()
    while len(parts) < size and (more := stream.read(size - len(parts))):
        parts += more
    return bytes(parts)


def _count(data: bytes) -> int:
    """Places of a record's size that are not all zero; the table may end within the last."""
    size = record_size(data)
    return sum(any(data[at : at + size]) for at in range(0, len(data), size))


def _sample() -> bytes:
    at = datetime(2021, 3, 3, 6, 12, 44, tzinfo=UTC)
    before = datetime(2019, 11, 5, 9, 30, tzinfo=UTC)
    return write_mft(
        (
            # The folder comes behind its files, as it does where an old number was used again.
            MftEntry(
                entry=6,
                name="sample.aspx",
                parent=9,
                created=before,
                name_created=at,
                content=b"<html><body>Sample</body></html>\r\n",
                in_use=False,
            ),
            MftEntry(entry=7, name="inetpub", created=before, is_directory=True),
            MftEntry(entry=8, name="a.log", parent=9, created=at, size_bytes=123_456),
            MftEntry(entry=9, name="wwwroot", parent=7, created=before, is_directory=True),
        )
    )


FORMAT = Format(
    name="mft",
    title="File table of a volume ($MFT)",
    paths=("$MFT", "*$MFT", "*_MFT", "*.mft"),
    recognise=_recognise,
    columns=(
        Column(name="file_path", source="FilePath"),
        Column(name="sha256", source="SHA256"),
    ),
    parse=_parse,
    count=_count,
    unit=Unit.RECORD,
    place=PlaceKind.RECORD,
    log_sources=(LogSource(product="windows", service="mft"),),
    sample=_sample(),
    sample_path="C:/$MFT",
    reference="The NTFS documentation of the Linux-NTFS project.",
)
