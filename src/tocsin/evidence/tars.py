"""Tar archives, packed or not: read once from the start, every file kept in the spool."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tocsin.evidence.damage import ArchiveError, MemberError
from tocsin.evidence.naming import decoded
from tocsin.evidence.regions import BUFFER_BYTES, RegionStream
from tocsin.evidence.tar_header import BLOCK_BYTES, TarHeader, parse, pax_records
from tocsin.evidence.times import from_unix
from tocsin.evidence.unpacking import unpacked
from tocsin.model.artefact import FileTime, TimeKind, TimeOrigin
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import WriteableBuffer

    from tocsin.evidence.regions import Region
    from tocsin.evidence.session import Container, Entries, Entry
    from tocsin.evidence.unpacking import Codec

LONGEST_EXTENDED_HEADER_BYTES = 1024 * 1024
_FILES = (b"0", b"\0", b"7")
_FOLDERS = (b"5", b"D")
_LINKS = (b"1", b"2", b"3", b"4", b"6")
_LABELS = (b"V", b"N", b"A")
_END = bytes(BLOCK_BYTES)


def tar_entries(region: Region, codec: Codec | None, container: Container) -> Entries:
    """Every file that comes out of the archive, up to where it ends or is cut off.

    Raises `ArchiveError` where not even one header can be read.
    """
    raw = RegionStream(region)
    plain: io.BufferedIOBase = io.BufferedReader(raw, BUFFER_BYTES)
    stream = plain if codec is None else unpacked(plain, codec)
    with stream:
        yield from _Reader(stream, lambda: raw.consumed, container).entries()


class _Reader:
    def __init__(
        self, stream: io.BufferedIOBase, consumed: Callable[[], int], container: Container
    ) -> None:
        self._stream = stream
        self._consumed = consumed
        self._container = container
        self._extended: dict[str, str] = {}
        self._headers = 0

    def entries(self) -> Iterator[Entry]:
        try:
            while (header := self._next_header()) is not None:
                yield from self._entry(header)
        except MemberError as error:
            if not self._headers:
                raise ArchiveError(error.code, error.detail, where=self._container.name) from error
            code = error.code if error.code is ProblemCode.BOMB else ProblemCode.TRUNCATED
            self._container.report(code, None, f"not read to its end: {error.detail}")

    def _next_header(self) -> TarHeader | None:
        """The next header, whatever damage lies before it; None at the archive's end.

        What follows an end mark is read too: archives are put together with `cat`.
        """
        skipped = 0
        ended = False
        while len(block := self._stream.read(BLOCK_BYTES)) == BLOCK_BYTES:
            header = parse(block)
            if header is not None:
                self._headers += 1
                self._say_what_was_skipped(skipped)
                return header
            if block == _END:
                ended = True
            else:
                skipped += BLOCK_BYTES
            self._take(BLOCK_BYTES)
        self._say_what_was_skipped(skipped + len(block.strip(b"\0")))
        if not ended:
            detail = "it has no end mark: the archive was cut off behind this point"
            self._container.report(ProblemCode.TRUNCATED, None, detail)
        return None

    def _say_what_was_skipped(self, skipped: int) -> None:
        if skipped:
            detail = f"{skipped} bytes between two members are damaged and were skipped"
            self._container.report(ProblemCode.BAD_MEMBER, None, detail)

    def _entry(self, header: TarHeader) -> Iterator[Entry]:
        if header.type in (b"x", b"g", b"L", b"K"):
            self._read_extended(header)
            return
        extended, self._extended = self._extended, {}
        name = extended.get("path") or decoded(header.name)
        size = _whole(extended.get("size"), header.size_bytes)
        content = _Content(self._stream, size)
        padding = -size % BLOCK_BYTES
        if header.type in _FILES and "GNU.sparse.major" not in extended and not name.endswith("/"):
            times = _times(extended.get("mtime"), header.mtime)
            stream = io.BufferedReader(content)
            yield from self._container.spooled(name, stream, self._consumed, times)
        else:
            self._say_why_not(header, name)
        self._skip(content.left_bytes + padding)
        if content.was_cut:
            raise MemberError(ProblemCode.TRUNCATED, "its last member is cut off")

    def _say_why_not(self, header: TarHeader, name: str) -> None:
        report = self._container.report
        if header.type in _LINKS:
            report(ProblemCode.LINK, name, "a link or device; it is not followed")
        elif header.type == b"M":
            report(ProblemCode.TRUNCATED, name, "its beginning lies in another volume; not read")
        elif header.type in _FILES or header.type == b"S":
            if not name.endswith("/"):
                report(ProblemCode.UNREADABLE, name, "a sparse file; unpack the archive with tar")
        elif header.type not in (*_FOLDERS, *_LABELS):
            kind = header.type.decode("latin-1")
            report(ProblemCode.UNREADABLE, name, f"of a kind ({kind!r}) that is not known here")

    def _read_extended(self, header: TarHeader) -> None:
        if header.size_bytes > LONGEST_EXTENDED_HEADER_BYTES:
            detail = f"an extended header of {header.size_bytes} bytes was not read"
            self._container.report(ProblemCode.BOMB, None, detail)
            self._skip(header.stored_bytes)
            return
        data = self._stream.read(header.size_bytes)
        self._skip(header.stored_bytes - len(data))
        if header.type == b"L":
            self._extended["path"] = decoded(data.partition(b"\0")[0])
        elif header.type == b"x":
            self._extended.update(pax_records(data))

    def _skip(self, count: int) -> None:
        while count > 0:
            data = self._stream.read(min(count, BUFFER_BYTES))
            if not data:
                raise MemberError(ProblemCode.TRUNCATED, "its last member is cut off")
            count -= len(data)
            self._take(len(data))

    def _take(self, size_bytes: int) -> None:
        """What is only passed over must be unpacked too, and counts like what is kept."""
        if not self._container.session.budget.take(size_bytes):
            raise MemberError(ProblemCode.BOMB, "all bytes that may be unpacked are used up")


class _Content(io.RawIOBase):
    """The content of one member: the next `left_bytes` of the archive."""

    def __init__(self, stream: io.BufferedIOBase, size_bytes: int) -> None:
        super().__init__()
        self._stream = stream
        self.left_bytes = size_bytes
        self.was_cut = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        data = self._stream.read1(min(len(view), self.left_bytes))
        if not data and self.left_bytes:
            self.was_cut = True
            self.left_bytes = 0
            raise MemberError(ProblemCode.TRUNCATED, "the archive is cut off in this file")
        view[: len(data)] = data
        self.left_bytes -= len(data)
        return len(data)


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else otherwise


def _times(exact: str | None, seconds: int) -> tuple[FileTime, ...]:
    try:
        value = from_unix(float(exact) if exact is not None else seconds)
    except ValueError:
        value = from_unix(seconds)
    if value is None:
        return ()
    return (FileTime(kind=TimeKind.MODIFIED, value=value, origin=TimeOrigin.ARCHIVE),)
