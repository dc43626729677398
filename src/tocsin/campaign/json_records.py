"""JSON records of a feed, however they were written: lines, an array, or documents in a row.

A record is a slice of the file that is found before it is parsed, so that a damaged one costs only
itself. Memory is bounded by the largest record. UTF-16, as PowerShell redirects it, is read too.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from tocsin.campaign.feed import HEAD_BYTES
from tocsin.campaign.fields import Skimmed, web_shell_in
from tocsin.events.lines import encoding_of
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

MAX_RECORD_BYTES = 16 * 2**20
"""Bytes of one record: far more than a host with all that Censys knows of it."""
_CHUNK_BYTES = 2**18
_LINES_LOOKED_AT = 20
TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]"]', re.DOTALL)
"""A whole string, a bracket, or the quote of a string that does not end here."""
_BETWEEN = re.compile(rb"[\s\0,]*+")
_GARBAGE = re.compile(rb"[^{\[\]]++")


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A record that is none, with the evidence that still stands in it.

    `whole_file`: no record, but the reason why reading ended.
    """

    code: ProblemCode
    detail: str
    evidence: tuple[str, ...] = ()
    whole_file: bool = False


Record = dict[str, Any] | Damage


def objects(stream: BinaryIO) -> Iterator[Record]:
    """Every record of `stream`, in order: an object, or what is wrong with it.

    Files of one object a line are read by lines; others by their brackets, where the elements of
    an outermost array are the records. Never raises on content.
    """
    source = _Source(stream)
    yield from _by_lines(source) if is_lines(source.head) else _by_brackets(source)
    if source.failure:
        yield Damage(code=ProblemCode.UNREADABLE, detail=source.failure, whole_file=True)


def is_lines(head: bytes) -> bool:
    """Whether a file that begins so has one object on each line."""
    if head.lstrip().startswith(b"["):
        return False
    lines = head.split(b"\n")[:_LINES_LOOKED_AT]
    return any(line.startswith(b'{"') and isinstance(_parsed(line), dict) for line in lines)


class _Source:
    """The bytes of a stream as UTF-8 without a byte order mark; a failure ends them."""

    def __init__(self, stream: BinaryIO) -> None:
        self.failure = ""
        self._stream = stream
        raw = self._first()
        self._decoder = codecs.getincrementaldecoder(encoding_of(raw))("replace")
        self._recodes = encoding_of(raw) != "utf-8"
        self.head = self._utf8(raw).removeprefix(codecs.BOM_UTF8)

    def chunks(self) -> Iterator[bytes]:
        """All of it, the head first."""
        yield self.head
        while raw := self._read(_CHUNK_BYTES):
            yield self._utf8(raw)

    def _first(self) -> bytes:
        raw = b""
        while len(raw) < HEAD_BYTES and (more := self._read(HEAD_BYTES - len(raw))):
            raw += more
        return raw

    def _utf8(self, raw: bytes) -> bytes:
        return self._decoder.decode(raw).encode() if self._recodes else raw

    def _read(self, size: int) -> bytes:
        if self.failure:
            return b""
        try:
            return self._stream.read(size)
        except OSError as error:
            self.failure = f"reading stopped: {error}"
            return b""


def _by_lines(source: _Source) -> Iterator[Record]:
    rest = b""
    chunks = source.chunks()
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line := line.strip(b"\0 \t\r"):
                yield _record(line)
        if len(rest) > MAX_RECORD_BYTES:
            skimmed, rest = _rest_of_line(rest, chunks)
            yield _too_long(skimmed, "skipped to the next line")
    if rest := rest.strip(b"\0 \t\r"):
        yield _record(rest, is_last=True)


def _rest_of_line(begun: bytes, chunks: Iterator[bytes]) -> tuple[Skimmed, bytes]:
    """Skip a line that is too long; what stands in it, and what comes after it."""
    skimmed = Skimmed()
    skimmed.take(begun)
    for chunk in chunks:
        line, end, after = chunk.partition(b"\n")
        skimmed.take(line)
        if end:
            return skimmed, after
    return skimmed, b""


def _by_brackets(source: _Source) -> Iterator[Record]:
    scanner = _Scanner()
    chunks = source.chunks()
    for chunk in chunks:
        yield from scanner.feed(chunk)
        if scanner.gave_up:
            break
    yield from scanner.end()
    if scanner.gave_up:
        skimmed = Skimmed()
        skimmed.take(scanner.left)
        for chunk in chunks:
            skimmed.take(chunk)
        yield _too_long(skimmed, "nothing after it was read")


class _Scanner:
    """Finds where records begin and end, chunk by chunk."""

    def __init__(self) -> None:
        self.gave_up = False
        self._kept = bytearray()
        """From the present record's start, or from where a record may begin."""
        self._seen = 0
        """How far of it the brackets were counted."""
        self._depth = 0
        self._wanted = 0
        """Bytes to have before a long string is looked at again: each time twice as many."""
        self._in_array = False
        self._in_garbage = False

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """Take more of the file and give the records that end in it."""
        self._kept += chunk
        if len(self._kept) < self._wanted:
            return
        while self._depth or (yield from self._begin()):
            end = self._end()
            if end is None:
                break
            yield _record(bytes(self._kept[:end]))
            del self._kept[:end]
            self._seen = self._depth = 0
        self._wanted = 2 * len(self._kept) if self._depth else 0
        self.gave_up = len(self._kept) > MAX_RECORD_BYTES

    @property
    def left(self) -> bytes:
        """What was kept of a record that is too long."""
        return bytes(self._kept)

    def end(self) -> Iterator[Record]:
        """What is left where the file ends."""
        if self.gave_up:
            return
        self._wanted = 0
        yield from self.feed(b"")
        if self._depth and not self.gave_up:
            left = bytes(self._kept)
            yield Damage(
                code=ProblemCode.TRUNCATED,
                detail=f"the file ends within a record: {left[:60]!r}",
                evidence=web_shell_in(left),
            )

    def _begin(self) -> Generator[Record, None, bool]:
        """Go to where the next record begins, and tell whether it is there."""
        at = 0
        while True:
            at = _matched_end(_BETWEEN, self._kept, at)
            first = self._kept[at : at + 1]
            if first == b"[" and not self._in_array:
                self._in_array = True
            elif first == b"]" and self._in_array:
                self._in_array = False
            elif first and first not in b"{[":
                end = max(_matched_end(_GARBAGE, self._kept, at), at + 1)
                if not self._in_garbage:
                    yield _garbage(bytes(self._kept[at:end]))
                self._in_garbage = end == len(self._kept)
                at = end
                continue
            else:
                break
            at += 1
        del self._kept[:at]
        self._seen = 0
        if self._kept:
            self._in_garbage = False
        return bool(self._kept)

    def _end(self) -> int | None:
        """Where the present record ends; None where that is still to come."""
        for token in TOKEN.finditer(self._kept, self._seen):
            word = token[0]
            if word == b'"':
                self._seen = token.start()
                return None
            self._seen = token.end()
            if len(word) == 1:
                self._depth += 1 if word in b"{[" else -1
                if self._depth == 0:
                    return token.end()
        return None


def _matched_end(pattern: re.Pattern[bytes], data: bytearray, at: int) -> int:
    found = pattern.match(data, at)
    return found.end() if found else at


def _garbage(raw: bytes) -> Damage:
    return Damage(
        code=ProblemCode.BAD_RECORD,
        detail=f"no object: {raw[:60]!r}",
        evidence=web_shell_in(raw),
    )


def _record(raw: bytes, *, is_last: bool = False) -> Record:
    found = _parsed(raw)
    if isinstance(found, dict):
        return found
    what = "not valid JSON" if found is None else "no object"
    return Damage(
        code=ProblemCode.TRUNCATED if is_last and found is None else ProblemCode.BAD_RECORD,
        detail=f"{what}: {raw[:60]!r}",
        evidence=web_shell_in(raw),
    )


def _parsed(raw: bytes) -> Any:  # noqa: ANN401 any JSON value
    """The value, or None where it is none.

    Bytes that are no UTF-8, control characters and half a surrogate, which banners hold, cost no
    record.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(raw.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None


def _too_long(skimmed: Skimmed, then: str) -> Damage:
    return Damage(
        code=ProblemCode.LINE_TOO_LONG,
        detail=f"a record is longer than {MAX_RECORD_BYTES} bytes; {then}",
        evidence=skimmed.taken(),
    )
