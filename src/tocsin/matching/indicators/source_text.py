"""The lines of a list, whatever its encoding, with bounded memory."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, NamedTuple

from tocsin.errors import KnowledgeError
from tocsin.events.lines import encoding_of, head_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST_BYTES = 2**29
LONGEST_LINE = 2**20
"""Characters. A STIX indicator or a MISP attribute in one line has a few thousand."""
_BLOCK_BYTES = 2**18
_HEAD_BYTES = 2**16


class Line(NamedTuple):
    """One line, without its end; `number` counts from 1. `problem` says why it cannot be read."""

    number: int
    text: str
    problem: str = ""


def beginning_of(path: Path) -> str:
    """The first letters of a file that are no blanks. Raises `KnowledgeError`."""
    try:
        with path.open("rb") as stream:
            return head_text(stream.read(_HEAD_BYTES)).lstrip()
    except OSError as error:
        raise KnowledgeError(f"cannot be read: {error.strerror or error}") from error


def lines_of(path: Path) -> Iterator[Line]:
    """Every line that is not blank, in order.

    UTF-8, UTF-16 (with or without a byte order mark), and Latin-1 where it is no UTF-8. Raises
    `KnowledgeError` where the file cannot be read, is too large, or is no text.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise KnowledgeError(f"is larger than {LARGEST_BYTES} bytes: split it")
        number = 0
        for number, text in enumerate(_physical(path), start=1):
            if text is None:
                yield Line(number, "", f"is longer than {LONGEST_LINE} characters")
            elif "\0" in text:
                yield Line(number, "", "holds NUL bytes")
            elif text.strip():
                yield Line(number, text)
    except OSError as error:
        raise KnowledgeError(f"cannot be read: {error.strerror or error}") from error


def _physical(path: Path) -> Iterator[str | None]:
    """Every line; None for one that is too long, of which nothing is kept."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
        encoding = encoding_of(head)
        if encoding == "utf-8" and b"\0" in head[:_HEAD_BYTES]:
            raise KnowledgeError("is no text: it begins with NUL bytes among others")
        stream.seek(0)
        decoder = _decoder(encoding)
        rest, too_long = "", False
        while block := stream.read(_BLOCK_BYTES):
            # A line may end with CR alone (old exports of spreadsheets), so CR counts as an end.
            parts = (rest + decoder.decode(block)).replace("\r\n", "\n").split("\n")
            rest = parts.pop()
            for text in parts:
                yield None if too_long or len(text) > LONGEST_LINE else text.lstrip("\ufeff")
                too_long = False
            if len(rest) > LONGEST_LINE:
                rest, too_long = "", True
        rest += decoder.decode(b"", final=True)
        if rest or too_long:
            yield None if too_long else rest.lstrip("\ufeff")


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(encoding)(
        "latin_1_instead" if encoding == "utf-8" else "replace"
    )


def _latin_1_instead(error: UnicodeError) -> tuple[str, int]:
    """A byte that is no UTF-8 as the letter that it is in Latin-1: in comments of old lists."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("latin_1_instead", _latin_1_instead)
