"""Rows of CSV feeds: a record is a list of texts or a damage, and a damaged one costs only itself.

Blocks of sound lines are read at the speed of the C reader; a block with anything odd in it is
read line by line, so that an open quote does not swallow the rows after it.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, BinaryIO

from tocsin.campaign.fields import Skimmed, web_shell_in
from tocsin.campaign.json_records import Damage
from tocsin.events.lines import Lines, decoded, head_text
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

DELIMITERS = ",;\t|"
_JOINED_LINES = 20
"""Lines that one quoted field may run over."""

Cells = list[str] | Damage


def records(stream: BinaryIO, name: str, delimiter: str = "") -> Iterator[Cells]:
    """The records of a CSV file in order, its header first; blank lines are none.

    Without a `delimiter` it is the one that the first line has most of. Never raises on content.
    A line that is not UTF-8 is taken as Latin-1.
    """
    skimmed = Skimmed()
    lines = Lines(stream, name, on_skipped=skimmed.take)
    held: list[str] = []
    skipped: Problem | None = None
    for block in lines.blocks():
        if skipped is not None:
            # Only now is all of that line known.
            yield _skipped(skipped, skimmed)
            skipped = None
        if isinstance(block, Problem):
            held = yield from _one_by_one(held, delimiter or DELIMITERS[0], is_last=True)
            if block.line is None:
                yield Damage(code=block.code, detail=block.detail, whole_file=True)
            else:
                skipped = block
            continue
        texts = held + _texts(block)
        lines.skip(block.count(b"\n"))
        delimiter = delimiter or delimiter_of(next(filter(str.strip, texts), ""))
        rows = _all_sound(texts, delimiter)
        if rows is not None:
            held = []
            yield from (row for row in rows if not _is_blank(row))
        else:
            held = yield from _one_by_one(texts, delimiter, is_last=False)
    yield from _one_by_one(held, delimiter or DELIMITERS[0], is_last=True)
    if skipped is not None:
        yield _skipped(skipped, skimmed)


def _skipped(problem: Problem, skimmed: Skimmed) -> Damage:
    return Damage(code=problem.code, detail=problem.detail, evidence=skimmed.taken())


def delimiter_of(header: str) -> str:
    """The delimiter that a header line has most of."""
    return max(DELIMITERS, key=header.count)


def header_of(head: bytes, delimiter: str = "") -> list[str]:
    """The cells of the first line of a file that begins with `head`, none where it is no CSV."""
    first = next(filter(str.strip, head_text(head).split("\n")), "").rstrip("\r")
    try:
        rows = list(csv.reader([first], delimiter=delimiter or delimiter_of(first), strict=True))
    except csv.Error:
        return []
    return [cell.strip() for cell in rows[0]] if rows else []


def _texts(block: bytes) -> list[str]:
    body = block.removesuffix(b"\n")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return [decoded(line) for line in body.split(b"\n")]
    if "\ufeff" in text:
        return [line.removeprefix("\ufeff") for line in text.split("\n")]
    return text.split("\n")


def _all_sound(lines: Sequence[str], delimiter: str) -> list[list[str]] | None:
    """All lines at once, where each is one record; None where any is not."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows if len(rows) == len(lines) else None


def _one_by_one(
    lines: Sequence[str], delimiter: str, *, is_last: bool
) -> Generator[Cells, None, list[str]]:
    """Records of lines that are not all sound; returns those that may go on in the next block."""
    at = 0
    while at < len(lines):
        cells, taken = _record_at(lines, at, delimiter)
        if not taken and not is_last and len(lines) - at < _JOINED_LINES:
            return list(lines[at:])
        if not taken:
            cells, taken = _unquoted(lines[at]), 1
        at += taken
        if not _is_blank(cells):
            yield cells
    return []


def _record_at(lines: Sequence[str], at: int, delimiter: str) -> tuple[Cells, int]:
    """The record that begins with this line and how many lines it takes; 0 where it has no end."""
    text = ""
    for taken, line in enumerate(lines[at : at + _JOINED_LINES], 1):
        text = f"{text}\n{line}" if taken > 1 else line
        if text.count('"') % 2:
            continue
        try:
            # Not strict: Shadowserver has headers of servers with quotes that are escaped twice.
            rows = list(csv.reader([text], delimiter=delimiter))
        except csv.Error:
            return [], 0
        return (rows[0] if rows else []), taken
    return [], 0


def _is_blank(cells: Cells) -> bool:
    return isinstance(cells, list) and (not cells or (len(cells) == 1 and not cells[0].strip()))


def _unquoted(line: str) -> Damage:
    return Damage(
        code=ProblemCode.BAD_QUOTING,
        detail=f"its quotes do not fit: {line[:60]!r}",
        evidence=web_shell_in(line.encode("utf-8", "replace")),
    )
