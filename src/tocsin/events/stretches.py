"""Where a large text log can be cut, so that several processes read it and find the same.

A stretch is read like the file that it is a part of: its lines have their numbers, come in the
same blocks, and are read under the header that is in force there. One pass over the file finds
out: it counts line ends, and shows a line reader those lines that may change the header, which
are the ones that do not start with a digit. The pass is cheap, and the file is hashed by the way.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from tocsin.events.bulk import starts_no_row
from tocsin.events.lines import (
    CHUNK_BYTES,
    HEAD_BYTES,
    MAX_LINE_BYTES,
    STRETCH_CHUNKS,
    Lines,
    Place,
    decoded,
    encoding_of,
    row_of,
)
from tocsin.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from tocsin.events.bulk import BulkReader
    from tocsin.model.artefact import Artefact

MOST_HEADERS = 100_000
"""Lines of one log that are looked at for a header; one with more is not cut any further."""
_LF = b"\n"[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """A part of a text log: where it begins, and its reader as it stands after all lines before.

    The reader changes while it reads: whoever reads a stretch twice needs a copy.
    """

    place: Place
    reader: BulkReader


def can_be_cut(head: bytes, size_bytes: int) -> bool:
    """Whether a text log of this size that begins so can be cut at all.

    UTF-16 and bare CRs as line ends cannot: what we read of them is not what lies there.
    """
    head = head[:HEAD_BYTES]
    return is_large(size_bytes) and encoding_of(head) == "utf-8" and b"\n" in head


def is_large(size_bytes: int) -> bool:
    """Whether a text log of this size has more than one stretch."""
    return size_bytes > HEAD_BYTES + STRETCH_CHUNKS * CHUNK_BYTES


def survey(
    stream: BinaryIO, artefact: Artefact, reader: BulkReader, found: Callable[[Stretch], None]
) -> None:
    """Tell `found` of every stretch, in their order and as soon as it is known where it ends.

    The stream is read up to the last border at least. One that fails ends the last stretch.
    """
    one = _Survey(reader, found)
    lines = Lines(stream, artefact.path.inside, on_border=one.border)
    for block in lines.blocks():
        if isinstance(block, Problem) or lines.cut:
            continue
        codes = np.frombuffer(block, np.uint8)
        feeds = codes == _LF
        if not one.looks_at(block, codes, feeds, lines.artefact):
            break
        lines.skip(int(np.count_nonzero(feeds)))
    one.end()


class _Survey:
    def __init__(self, reader: BulkReader, found: Callable[[Stretch], None]) -> None:
        self._reader = reader
        self._found = found
        start = Place(at=0, lines=0, first_bytes=HEAD_BYTES, is_first=True)
        self._begin = Stretch(place=start, reader=copy.copy(reader))
        self._headers = 0

    def looks_at(
        self, block: bytes, codes: NDArray[np.uint8], feeds: NDArray[np.bool_], artefact: str
    ) -> bool:
        """Show the reader what may change the header; False where there is too much of it."""
        for line in _no_rows(block, codes, feeds):
            self._headers += 1
            if len(line) <= MAX_LINE_BYTES:
                row_of(self._reader, (0, decoded(line)), artefact, last=False)
        return self._headers <= MOST_HEADERS

    def border(self, place: Place) -> None:
        """Another stretch begins, so the one before ends."""
        self._tell(is_bounded=True)
        self._begin = Stretch(place=place, reader=copy.copy(self._reader))

    def end(self) -> None:
        """The last stretch goes to the end of the file."""
        self._tell(is_bounded=False)

    def _tell(self, *, is_bounded: bool) -> None:
        place = replace(self._begin.place, is_bounded=is_bounded)
        self._found(replace(self._begin, place=place))


def _no_rows(block: bytes, codes: NDArray[np.uint8], feeds: NDArray[np.bool_]) -> Iterator[bytes]:
    """The lines that do not start with a digit, without their LF."""
    others = starts_no_row(codes)
    starts = np.flatnonzero(feeds[:-1] & others[1:]) + 1
    if others[0]:
        yield block[: block.index(b"\n")]
    for start in starts.tolist():
        yield block[start : block.index(b"\n", start)]
