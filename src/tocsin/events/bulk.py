"""Rows of a text log in bulk: where each value lies, without an object for each row.

A block of lines is cut at its delimiters with array operations. Rows that are plain (`Rows`) stay
bytes: whoever needs one reads it, and gets what the line reader makes of it. Everything else is
read line by line at once, by the same reader: a line whose values bytes do not tell (see
`tocsin.events.bulk_cutting`), that says next to nothing, or that starts as no row does, because
it may change the header for what comes after it.

So the fast way and the slow way give the same rows and problems, by construction: a plain line
has as many values as the header has names and at least one that is more than a dash besides its
time, so the reader makes an event of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias, cast

import numpy as np

from tocsin.events.bulk_cutting import QUOTE, Block, Shape, cut
from tocsin.events.bulk_items import Packed, deciding
from tocsin.events.bulk_times import Clock, column_at, times_us
from tocsin.events.lines import MAX_LINE_BYTES, LineReader, Lines, Place, decoded, row_of, too_long
from tocsin.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from tocsin.events.format import Row
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event

    Places: TypeAlias = NDArray[np.int64]
    """Byte offsets or line indexes within a block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """Where a field that the reader adds comes from: these columns, and the lines above the row.

    `mark` stands in every line that has the field.
    """

    columns: tuple[str, ...]
    mark: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bulk:
    """What a format says of its text logs, so that they can be read in bulk.

    `reader` makes the line reader of one file, and `separator` is what stands between its values.
    A row's stream depends on the columns of `stream` alone. `derived` are the fields that the
    reader adds, and `items` names the column out of which it takes fields under names of their
    own (`tocsin.events.composite`). `rewritten` are patterns over bytes (to be searched without
    case) that stand in every line where it changes a logged value.
    """

    reader: Callable[[Artefact], BulkReader]
    separator: bytes
    stream: tuple[str, ...] = ()
    derived: Mapping[str, Derived] = field(default_factory=dict)
    items: str = ""
    rewritten: tuple[bytes, ...] = ()


PADDING = 64
"""Bytes behind a block in `Rows.padded`."""
FEWEST = 32
"""Lines under one header that are worth the arrays."""
READ_FIRST = 24
"""Rows at the start of each file that are read one by one, for whoever asks a few rows only."""
NO_ROW = rb"\n[^0-9]"
"""Before a line that starts as no row does: it may change the header of what comes after it."""
_LF, _CR = b"\n"[0], b"\r"[0]
_ZERO, _NINE = b"0"[0], b"9"[0]


class BulkReader(LineReader, Protocol):
    """A line reader that can say how the lines under its header are made. It can be pickled."""

    @property
    def shape(self) -> Shape:
        """How values stand in its lines, under the header in force; the separator stays."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the header in force; empty before any."""

    @property
    def clock(self) -> Clock | None:
        """Where the times are; None where rows have none that can be read in bulk."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Plain rows under one header, in file order; read them before taking what comes next.

    `codes` are the bytes of the block, `starts` and `ends` where each of its lines begins and ends
    (without CR and LF), `first_line` is the number of its first. `plain` are the indexes of the
    lines that are rows here, `cuts` where their separators stand (one row of the array for each
    plain line, the last column being the LF). `odd` are the indexes of the other lines: they are
    to be read one by one. `is_first` tells rows before which a file, a header or a directive came.
    `has_quotes` tells rows of which some value may stand in quotes, and `items` names a column
    with fields of its own.
    """

    data: bytes
    codes: NDArray[np.uint8]
    first_line: int
    starts: Places
    ends: Places
    names: tuple[str, ...]
    plain: Places
    cuts: Places
    odd: Places
    is_first: bool
    has_quotes: bool
    items: str
    kept: dict[object, Any] = field(default_factory=dict, repr=False)
    """What was worked out of these rows and may be asked for again; see `distinct`.

    By the name of a column, in a tuple where its place is meant, or by a thing whose kind nobody
    else uses.
    """
    _clock: Clock
    _reader: BulkReader
    _artefact: str

    def column(self, name: str) -> tuple[Places, Places] | None:
        """Where this column's value begins and ends in each plain row; None without the column.

        Quotes around a value are left out, and those inside it are doubled; see `text`.
        """
        if name not in self.names:
            return None
        found: tuple[Places, Places] | None = self.kept.get((name,))
        if found is None:
            found = self.kept[name,] = self._column(self.names.index(name))
        return found

    def _column(self, place: int) -> tuple[Places, Places]:
        begins = self.cuts[:, place - 1] + 1 if place else self.starts[self.plain]
        ends = self.cuts[:, place] if place + 1 < len(self.names) else self.ends[self.plain]
        if self.has_quotes and (quoted := self.codes[begins] == QUOTE).any():
            return begins + quoted, ends - quoted
        return begins, ends

    def deciding(self, name: str) -> list[tuple[Places, Places]]:
        """Where the texts lie that decide a field: of two rows that are equal there it is equal.

        That is its column, and what is packed under its name into another; nothing for a field
        that these rows do not have.
        """
        found = [] if (column := self.column(name)) is None else [column]
        packed = self.column(self.items) if self.items and self.items != name else None
        if packed is not None:
            key = (name, self.items)
            if key not in self.kept:
                self.kept[key] = deciding(Packed(self.data, self.codes, *packed), name)
            found.append(self.kept[key])
        return found

    def text(self, begin: int, end: int) -> str:
        """The value that lies there, as the line reader reads it; see `column`."""
        value = self.data[begin:end].decode("utf-8")
        return value.replace('""', '"') if self.has_quotes else value

    def times_us(self) -> Places:
        """Microseconds since 1970, UTC, of each plain row; -1 where it is not written as usual."""
        starts, ends = self.starts[self.plain], self.ends[self.plain]
        return times_us(self._clock, self.codes, starts, self.cuts, ends)

    def padded(self) -> NDArray[np.uint8]:
        """The block, followed by `PADDING` zeros, so that words can be read behind its end."""
        found: NDArray[np.uint8] | None = self.kept.get("")
        if found is None:
            found = self.kept[""] = np.zeros(len(self.codes) + PADDING, np.uint8)
            found[: len(self.codes)] = self.codes
        return found

    def lines_of(self, offsets: Places) -> Places:
        """The indexes of the lines in which these bytes of the block lie."""
        return np.searchsorted(self.starts, offsets, side="right") - 1

    def read(self, line: int) -> Row | None:
        """What the line with this index is; an event, if the line is plain."""
        start, end, number = self.starts[line], self.ends[line], self.first_line + line
        if self.codes[end] == _CR:
            end += 1  # `decoded` takes one off, and another one before it is a part of the line.
        if end - start > MAX_LINE_BYTES:
            return too_long(self._artefact, number)
        text = decoded(self.data[start:end])
        return row_of(self._reader, (number, text), self._artefact, last=False)

    def event(self, row: int) -> Event:
        """The plain row with this index among plain rows."""
        return cast("Event", self.read(int(self.plain[row])))


def read_bulk(
    stream: BinaryIO,
    artefact: Artefact,
    reader: BulkReader,
    *,
    only: Place | None = None,
    on_border: Callable[[], None] | None = None,
) -> Iterator[Row | Rows]:
    """The rows and problems of a text log in file order: plain ones together, the others alone.

    Rows after a border between two stretches are first ones, also where one process reads both;
    `on_border` hears of it. With `only` that stretch alone is read, by a reader that knows the
    header in force there.
    """
    scratch = _Scratch()

    def border(_: Place) -> None:
        scratch.is_first = True
        if on_border is not None:
            on_border()

    lines = Lines(stream, artefact.path.inside, only=only, on_border=border)
    one_by_one = 0 if only is None or only.is_first else READ_FIRST
    for block in lines.blocks():
        if isinstance(block, Problem):
            yield block
        elif lines.cut:
            yield from _slowly(lines, block, reader)
        elif one_by_one < READ_FIRST:
            # The first block: its first rows are read one by one.
            head = _end_of_rows(block, READ_FIRST)
            one_by_one += READ_FIRST
            yield from _slowly(lines, block[:head], reader)
            yield from _block(lines, block[head:], reader, scratch)
        else:
            yield from _block(lines, block, reader, scratch)


def starts_no_row(firsts: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Of the first bytes of lines, those that stand behind the LF of `NO_ROW`."""
    found: NDArray[np.bool_] = (firsts - np.uint8(_ZERO)) > _NINE - _ZERO
    return found


def _end_of_rows(block: bytes, count: int) -> int:
    """The offset behind so many lines that may be rows."""
    at = 0
    while count and 0 <= at < len(block):
        count -= block[at] != b"#"[0]
        at = block.find(b"\n", at) + 1
    return at


def _slowly(lines: Lines, block: bytes, reader: BulkReader) -> Iterator[Row]:
    for line in lines.numbered(block) if block else ():
        if isinstance(line, Problem):
            yield line
        elif (row := row_of(reader, line, lines.artefact, last=lines.cut)) is not None:
            yield row


def _block(
    lines: Lines, block: bytes, reader: BulkReader, scratch: _Scratch
) -> Iterator[Row | Rows]:
    """A block with its LFs, cut into stretches under one header."""
    if not block:
        return
    codes = np.frombuffer(block, np.uint8)
    marks = np.flatnonzero(scratch.either(codes, reader.shape.separator[0], _LF))
    which = np.flatnonzero(codes.take(marks) == _LF)
    feeds = marks.take(which)
    starts = np.empty_like(feeds)
    starts[0] = 0
    starts[1:] = feeds[:-1] + 1
    special = np.flatnonzero(starts_no_row(codes[starts]))
    layout = _Layout(block, codes, marks, which, starts, feeds)
    at = 0
    for place in (*special.tolist(), len(starts)):
        rows = None
        if place - at >= FEWEST:
            rows = _stretch(layout, at, place, lines, reader, is_first=scratch.is_first)
        if rows is not None:
            lines.skip(place - at)
            scratch.is_first = False
            yield rows
        else:
            yield from _slowly(lines, _bytes(layout, at, place), reader)
        if place < len(starts):
            scratch.is_first = True
            yield from _slowly(lines, _bytes(layout, place, place + 1), reader)
        at = place + 1


class _Scratch:
    """What is kept from block to block: memory, and whether the next rows are first ones.

    Fresh pages would cost more than what is done in them.
    """

    def __init__(self) -> None:
        self.is_first = True
        self._one = self._other = np.empty(0, np.bool_)

    def either(self, codes: NDArray[np.uint8], one: int, other: int) -> NDArray[np.bool_]:
        """Where `codes` has one of two bytes; good until the next call."""
        size = len(codes)
        if len(self._one) < size:
            self._one, self._other = np.empty(2 * size, np.bool_), np.empty(2 * size, np.bool_)
        first, second = self._one[:size], self._other[:size]
        np.equal(codes, np.uint8(one), out=first)
        np.equal(codes, np.uint8(other), out=second)
        return np.logical_or(first, second, out=first)


@dataclass(frozen=True, slots=True)
class _Layout:
    data: bytes
    codes: NDArray[np.uint8]
    marks: Places
    """Where separators and LFs stand."""
    feeds_in_marks: Places
    starts: Places
    feeds: Places

    def lines(self, low: int, high: int) -> Block:
        """The lines from `low` to before `high`, alone."""
        before = self.feeds_in_marks[low - 1] if low else -1
        last = self.feeds_in_marks[high - 1]
        shift, end = self.starts[low], self.feeds[high - 1] + 1
        codes, feeds = self.codes[shift:end], self.feeds[low:high] - shift
        return Block(
            data=self.data[shift:end],
            codes=codes,
            starts=self.starts[low:high] - shift,
            ends=feeds - (codes[np.maximum(feeds - 1, 0)] == _CR),
            feeds=feeds,
            marks=self.marks[before + 1 : last + 1] - shift,
            feeds_at=self.feeds_in_marks[low:high] - (before + 1),
        )


def _bytes(layout: _Layout, low: int, high: int) -> bytes:
    if high <= low:
        return b""
    return layout.data[layout.starts[low] : layout.feeds[high - 1] + 1]


def _stretch(
    layout: _Layout, low: int, high: int, lines: Lines, reader: BulkReader, *, is_first: bool
) -> Rows | None:
    """The lines from `low` to before `high`, all under the header in force."""
    names, clock = reader.names, reader.clock
    if not names or clock is None:
        return None
    block = layout.lines(low, high)
    plain, cuts, quotes = cut(block, len(names), reader.shape)
    starts, ends = block.starts, block.ends
    says = _says_something(clock, starts[plain], ends[plain], cuts, quotes)
    says &= (block.feeds - starts)[plain] <= MAX_LINE_BYTES
    if not says.all():
        plain, cuts = plain[says], cuts[says]
    if not len(plain):
        return None
    odd = np.ones(len(starts), np.bool_)
    odd[plain] = False
    return Rows(
        data=block.data,
        codes=block.codes,
        first_line=lines.number + 1,
        starts=starts,
        ends=ends,
        names=names,
        plain=plain,
        cuts=cuts,
        odd=np.flatnonzero(odd),
        is_first=is_first,
        has_quotes=quotes is not None,
        items=reader.shape.items,
        _clock=clock,
        _reader=reader,
        _artefact=lines.artefact,
    )


def _says_something(
    clock: Clock, starts: Places, ends: Places, cuts: Places, quotes: Places | None
) -> NDArray[np.bool_]:
    """Whether a row surely has a value besides its time: one of more than one character."""
    width = cuts.shape[1]
    said = ends - starts - (width - 1)
    if quotes is not None:
        said -= quotes
    others = width
    for place in (clock.moment, clock.date, clock.time):
        if place is not None:
            begins, stops = column_at(place, starts, cuts, ends)
            said = said - (stops - begins)
            others -= 1
    surely: NDArray[np.bool_] = said > others
    return surely
