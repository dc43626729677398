"""Physical lines of a stream: numbered from 1, decoded, bounded, and never an exception.

What a physical line is, for every text format:

* Lines end with LF or CRLF. Only where the first 64 KiB have CR and no LF does a bare CR end one.
* A byte order mark in front of any line is dropped: some tools glue files together.
* UTF-16 is known by its byte order mark, or by every second byte being NUL.
* A line that is not UTF-8 is taken as Latin-1, byte by byte, so nothing is lost or replaced.
* A line of more than `MAX_LINE_BYTES` is a problem, and is skipped without being kept.
* NUL bytes at the end of a line are padding. A line that has NUL bytes and cannot be read as a row
  is a problem of its encoding, whatever else is wrong with it.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, Protocol

from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator

    from tocsin.events.format import Row
    from tocsin.model.artefact import Artefact

MAX_LINE_BYTES = 2**20
"""Bytes of one line, without its LF and counted as UTF-8."""
HEAD_BYTES = 2**16
CHUNK_BYTES = 2**20
STRETCH_CHUNKS = 32
"""Chunks of a stretch: a large log is read in stretches, perhaps by several processes."""

Line = tuple[int, str]


class LineReader(Protocol):
    """What a text format makes of one file, line by line; it keeps the header in force."""

    def row(self, number: int, text: str, *, last: bool) -> Row | None:
        """The row or problem of a line that is not blank; None for a directive or a header.

        `last` says that the file ends within this line.
        """


def read_rows(stream: BinaryIO, artefact: Artefact, reader: LineReader) -> Iterator[Row]:
    """Rows and problems of a text log, in file order."""
    lines = Lines(stream, artefact.path.inside)
    for line in lines:
        if isinstance(line, Problem):
            yield line
        elif (row := row_of(reader, line, lines.artefact, last=lines.cut)) is not None:
            yield row


def row_of(reader: LineReader, line: Line, artefact: str, *, last: bool) -> Row | None:
    """What one line is; None where it is blank, a directive or a header."""
    number, text = line
    if text.isspace() or not text:
        return None
    if "\0" in text:
        return _row_with_nul(reader, line, artefact, last=last)
    return reader.row(number, text, last=last)


def count_data_lines(data: bytes, header: re.Pattern[str] | None = None) -> int:
    """Data lines in a whole file, counted another way than `read_rows` reads them.

    Blank lines, ``#`` directives and lines that start like `header` are none.
    """
    head = data[:HEAD_BYTES]
    encoding = encoding_of(head)
    whole = _as_utf8(data, encoding)
    if _ends_with_bare_cr(_as_utf8(head, encoding)):
        whole = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    count = 0
    for line in whole.split(b"\n"):
        if len(line) > MAX_LINE_BYTES:
            count += 1
            continue
        text = decoded(line)
        padded = text.rstrip("\0")
        nothing = not text or text.isspace()
        if nothing or text.startswith("#") or (header is not None and header.match(padded)):
            continue
        count += 1
    return count


def encoding_of(head: bytes) -> str:
    """``utf-16-le``, ``utf-16-be`` or ``utf-8``, told by the first bytes of a file."""
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    pairs = len(head) // 2
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if pairs >= 4 and odd > 0.8 * pairs and even < 0.1 * pairs:
        return "utf-16-le"
    if pairs >= 4 and even > 0.8 * pairs and odd < 0.1 * pairs:
        return "utf-16-be"
    return "utf-8"


@lru_cache(maxsize=2)
def head_text(head: bytes) -> str:
    """The first bytes of a file as text, for `Format.recognise`: all formats ask for the same."""
    encoding = encoding_of(head[:HEAD_BYTES])
    text = head.decode(encoding, "replace" if encoding != "utf-8" else "surrogateescape")
    return text.lstrip("\ufeff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a stretch of a text log begins.

    `at` is the offset of its first line in bytes and `lines` how many lines come before it;
    `first_bytes` are those up to the end of its first chunk. Where it `is_bounded`, another
    stretch follows. `is_first` tells the one that begins with the file.
    """

    at: int
    lines: int
    first_bytes: int
    is_bounded: bool = False
    is_first: bool = False


def _forget(_piece: bytes) -> None:
    """Nobody wants what is skipped."""


class Lines:
    """The lines of one stream; iterate once.

    `cut` becomes true with a last line that has no line end: the file may end in its middle. A
    stream that fails ends with a problem of the whole file, after what was read.

    Every `STRETCH_CHUNKS` a new stretch begins with a line of its own. `on_border` hears of each
    but the first, before anything of it comes. With `only` the lines of that stretch are read,
    from a stream that stands at its start; they come in the same blocks as in the whole file.
    `on_skipped` gets the bytes of a line that is too long, after its problem and before the next
    line.
    """

    def __init__(
        self,
        stream: BinaryIO,
        artefact: str,
        *,
        only: Place | None = None,
        on_border: Callable[[Place], None] | None = None,
        on_skipped: Callable[[bytes], None] | None = None,
    ) -> None:
        self.cut = False
        self._stream = stream
        self.artefact = artefact
        self._only = only
        self._on_border = on_border
        self._on_skipped = on_skipped or _forget
        self._number = only.lines if only else 0
        self._failure: Problem | None = None

    def __iter__(self) -> Iterator[Line | Problem]:
        for block in self.blocks():
            if isinstance(block, Problem):
                yield block
            else:
                yield from self.numbered(block)

    def blocks(self) -> Iterator[bytes | Problem]:
        """Whole lines in blocks of about `CHUNK_BYTES`, each line with its LF.

        A line without LF is alone in the last block, where `cut` is true. Whoever takes a block
        must give it to `numbered`, or count its lines with `skip`, before taking the next.
        """
        rest = b""
        too_long = False
        at = 0
        start = 0 if self._only is None or self._only.is_first else 1
        for number, chunk in enumerate(self._utf8_chunks(), start):
            if number > 1 and number % STRETCH_CHUNKS == 1 and not too_long:
                self._border(at, rest)
            at += len(chunk)
            start = 0
            if too_long:
                start = chunk.find(b"\n") + 1
                self._on_skipped(chunk[: start or len(chunk)])
                if not start:
                    continue
            too_long = False
            end = chunk.rfind(b"\n", start) + 1
            if end:
                yield b"".join((rest, memoryview(chunk)[start:end]))
                rest = chunk[end:]
            else:
                rest += chunk[start:]
            if len(rest) > MAX_LINE_BYTES:
                yield self._too_long()
                self._on_skipped(rest)
                rest, too_long = b"", True
            is_last = number > 0 and number % STRETCH_CHUNKS == 0 and not too_long
            if is_last and self._only and self._only.is_bounded:
                return
        if rest:
            self.cut = True
            yield rest
        if self._failure:
            yield self._failure

    @property
    def number(self) -> int:
        """How many lines came before the present block."""
        return self._number

    def skip(self, lines: int) -> None:
        """Count lines that were taken from a block otherwise."""
        self._number += lines

    def numbered(self, block: bytes) -> Iterator[Line | Problem]:
        """The lines of a block, one by one."""
        number = self._number
        for line in block.removesuffix(b"\n").split(b"\n"):
            if len(line) > MAX_LINE_BYTES:
                self._number = number
                yield self._too_long()
                number = self._number
                continue
            number += 1
            yield number, decoded(line)
        self._number = number

    def _border(self, at: int, rest: bytes) -> None:
        if self._on_border is not None:
            size = len(rest) + CHUNK_BYTES
            self._on_border(Place(at=at - len(rest), lines=self._number, first_bytes=size))

    def _too_long(self) -> Problem:
        self._number += 1
        return too_long(self.artefact, self._number)

    def _utf8_chunks(self) -> Iterator[bytes]:
        """The stream as UTF-8 with LF (or CRLF) line ends."""
        if self._only:
            return self._chunks(self._read(self._only.first_bytes))
        head = self._head()
        encoding = encoding_of(head)
        chunks = self._chunks(head)
        if encoding != "utf-8":
            chunks = _recoded(chunks, encoding)
        return _with_lf(chunks) if _ends_with_bare_cr(_as_utf8(head, encoding)) else chunks

    def _head(self) -> bytes:
        """Exactly the first `HEAD_BYTES`, so that short reads do not change what is told."""
        head = b""
        while len(head) < HEAD_BYTES and (more := self._read(HEAD_BYTES - len(head))):
            head += more
        return head

    def _chunks(self, head: bytes) -> Iterator[bytes]:
        chunk = head
        while chunk:
            yield chunk
            chunk = self._read(CHUNK_BYTES)

    def _read(self, size: int) -> bytes:
        if self._failure:
            return b""
        try:
            return self._stream.read(size)
        except OSError as error:
            self._failure = Problem(
                artefact=self.artefact,
                line=None,
                code=ProblemCode.UNREADABLE,
                detail=f"reading stopped after line {self._number}: {error}",
            )
            return b""


def too_long(artefact: str, number: int) -> Problem:
    """A line of more than `MAX_LINE_BYTES`, of which nothing else is said."""
    return Problem(
        artefact=artefact,
        line=number,
        code=ProblemCode.LINE_TOO_LONG,
        detail=f"longer than {MAX_LINE_BYTES} bytes; skipped to the next line",
    )


def _row_with_nul(reader: LineReader, line: Line, artefact: str, *, last: bool) -> Row | None:
    number, text = line
    padding_off = text.rstrip("\0")
    if not text.strip("\0 \t\r"):
        row: Row | None = Problem(
            artefact=artefact,
            line=number,
            code=ProblemCode.ENCODING,
            detail=f"nothing but NUL bytes ({len(text)})",
        )
    else:
        row = reader.row(number, padding_off, last=last)
    if isinstance(row, Problem) and row.code is not ProblemCode.ENCODING:
        row = replace(row, code=ProblemCode.ENCODING, detail=f"NUL bytes in a row: {row.detail}")
    return row


def decoded(line: bytes) -> str:
    """One line without its LF, as text."""
    line = line.removeprefix(codecs.BOM_UTF8).removesuffix(b"\r")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _recoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def _with_lf(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for chunk in chunks:
        whole = held + chunk
        held = b"\r" if whole.endswith(b"\r") else b""
        whole = whole[: len(whole) - len(held)]
        yield whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if held:
        yield b"\n"


def _as_utf8(data: bytes, encoding: str) -> bytes:
    return data if encoding == "utf-8" else data.decode(encoding, "replace").encode()


def _ends_with_bare_cr(head: bytes) -> bool:
    return b"\n" not in head and b"\r" in head
