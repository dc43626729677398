"""File times that the collecting tool read on the server and wrote beside its copies.

Velociraptor: ``results/<artifact>%2FAll File Metadata.json`` (from 0.75 ``All Matches
Metadata.json``) and ``...%2FUploads.json``, one JSON object per line, or the same as CSV.
KAPE: ``<time>_CopyLog.csv`` beside the drive folders.

Source: Velociraptor's knowledge base on offline collector archives, and its own reader of the
same files (vql/tools/fuse); the header of KAPE's copy log as Timeline Explorer's plugin for it
names it.
"""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from tocsin.evidence.collector_time import parsed
from tocsin.evidence.damage import problem_of
from tocsin.evidence.layouts import folded_source
from tocsin.model.artefact import FileTime, TimeKind, TimeOrigin
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from tocsin.evidence.member import OpenedMember

    Row = Mapping[str, object]

LONGEST_LINE_BYTES = 256 * 1024
_VELOCIRAPTOR = re.compile(
    r"(?P<root>|.*/)results/.*(?:All File Metadata|All Matches Metadata|Uploads)\.(json|csv)",
    re.IGNORECASE | re.DOTALL,
)
_KAPE = re.compile(r"(?P<root>|.*/)[^/]*_CopyLog\.csv", re.IGNORECASE | re.DOTALL)
_SOURCE = "sourcefile"
_KINDS = {
    "created": TimeKind.CREATED,
    "createdonutc": TimeKind.CREATED,
    "btime": TimeKind.CREATED,
    "modified": TimeKind.MODIFIED,
    "modifiedonutc": TimeKind.MODIFIED,
    "mtime": TimeKind.MODIFIED,
    "changed": TimeKind.CHANGED,
    "ctime": TimeKind.CHANGED,
}


def with_collector_times(
    members: list[OpenedMember], problems: list[Problem]
) -> list[OpenedMember]:
    """Put the collector's times in front of each member's own.

    A list of files speaks for the folder that it lies in and below. What cannot be read of one
    is a ``bad_metadata`` problem.
    """
    lists = [(member, root) for member in members if (root := _speaks_for(member)) is not None]
    if not lists:
        return members
    timed = list(members)
    places: dict[str, list[int]] = {}
    for index, member in enumerate(members):
        places.setdefault(member.path.folded, []).append(index)
    for member, root in lists:
        for source, times in _FileList(member, problems).files():
            for index in places.get(source, ()):
                if timed[index].path.inside.startswith(root):
                    timed[index] = _with(timed[index], times)
    return timed


def _speaks_for(member: OpenedMember) -> str | None:
    found = _VELOCIRAPTOR.fullmatch(member.path.inside) or _KAPE.fullmatch(member.path.inside)
    return found["root"] if found else None


def _with(member: OpenedMember, times: list[FileTime]) -> OpenedMember:
    known = [time for time in member.times if time.origin is TimeOrigin.COLLECTOR]
    others = [time for time in member.times if time.origin is not TimeOrigin.COLLECTOR]
    new = [time for time in times if time not in known]
    return replace(member, times=(*known, *new, *others))


class _FileList:
    """One file of the collector's that lists files with their times."""

    def __init__(self, member: OpenedMember, problems: list[Problem]) -> None:
        self._member = member
        self._problems = problems
        self._bad_lines = 0
        self._first_bad: int | None = None

    def files(self) -> Iterator[tuple[str, list[FileTime]]]:
        """Each file's folded path on the server, and its times."""
        try:
            with self._member.open() as stream:
                yield from self._read(stream)
        except OSError as error:
            detail = problem_of(error, self._member.path.inside).detail
            self._report(None, f"not read to its end: {detail}")
        if self._bad_lines:
            self._report(self._first_bad, f"{self._bad_lines} lines of it cannot be read")

    def _read(self, stream: BinaryIO) -> Iterator[tuple[str, list[FileTime]]]:
        is_json = self._member.path.inside.lower().endswith(".json")
        for line, row in _json_rows(stream) if is_json else _csv_rows(stream):
            if row is not None and _SOURCE not in row:
                return  # some other table of this name
            read = None if row is None else _file_of(row)
            if read is not None:
                yield read
                continue
            self._bad_lines += 1
            if self._first_bad is None:
                self._first_bad = line

    def _report(self, line: int | None, detail: str) -> None:
        inside = self._member.path.inside
        self._problems.append(
            Problem(artefact=inside, line=line, code=ProblemCode.BAD_METADATA, detail=detail)
        )


def _file_of(row: Row) -> tuple[str, list[FileTime]] | None:
    source = row[_SOURCE]
    if not isinstance(source, str) or not source:
        return None
    times = []
    for name, kind in _KINDS.items():
        given = row.get(name)
        if given in (None, ""):
            continue
        try:
            value = parsed(given)
        except ValueError:
            return None
        if value is not None:
            times.append(FileTime(kind=kind, value=value, origin=TimeOrigin.COLLECTOR))
    return folded_source(source), times


def _json_rows(stream: BinaryIO) -> Iterator[tuple[int, Row | None]]:
    for number, line in numbered_lines(stream):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            yield number, None
            continue
        yield number, _folded(row) if isinstance(row, dict) else None


def _csv_rows(stream: BinaryIO) -> Iterator[tuple[int, Row | None]]:
    rows = csv.reader(
        line.decode("utf-8-sig", errors="replace") for _, line in numbered_lines(stream)
    )
    header: list[str] | None = None
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield rows.line_num, None
            continue
        if header is None:
            header = row
        elif row:
            fits = len(row) == len(header)
            yield rows.line_num, _folded(dict(zip(header, row, strict=True))) if fits else None


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Numbered lines; one that is too long is cut, so that nothing can fill our memory."""
    number = 0
    while line := stream.readline(LONGEST_LINE_BYTES):
        number += 1
        rest = line
        while len(rest) == LONGEST_LINE_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE_BYTES)
        yield number, line


def _folded(row: dict[str, object]) -> Row:
    return {name.lower(): value for name, value in row.items()}
