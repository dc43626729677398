"""The list that `tocsin collect` wrote, held against what is there.

It gives the files' times on the server and their hashes, and tells what could not be taken. What
it lists and is not there is reported, as are parts that are missing and a list that is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tocsin.evidence import own_manifest
from tocsin.evidence.damage import ProblemLog, problem_of
from tocsin.evidence.layouts import locate
from tocsin.evidence.metadata import numbered_lines
from tocsin.evidence.naming import safe
from tocsin.evidence.own_manifest import (
    Head,
    LeftOut,
    ListedFile,
    Note,
    PartMarker,
    Tail,
    Trouble,
    TroubleCode,
)
from tocsin.model.artefact import FileTime, TimeKind, TimeOrigin
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from tocsin.evidence.manifest import Digest
    from tocsin.evidence.member import OpenedMember

_MARKER_BYTES = 4096
_CODES = {
    Note.CUT: ProblemCode.TRUNCATED,
    TroubleCode.LINK: ProblemCode.LINK,
}


@dataclass(kw_only=True)
class Listed:
    """The members with the times of the list, and the hashes that it claims, by path."""

    members: list[OpenedMember]
    claimed: dict[str, str] = field(default_factory=dict)


def with_list(members: list[OpenedMember], problems: list[Problem]) -> Listed:
    """Read the lists among `members`, each of which speaks for its archive and its other parts.

    One that lies on the server's own drive is no list of ours: anybody could have put it there.
    """
    listed = Listed(members=list(members))
    lists = [member for member in members if _is_list(member.path.inside)]
    markers = [(member, marker) for member in members if (marker := _marker(member))]
    if not lists and not markers:
        return listed
    places = {member.path.inside: index for index, member in enumerate(members)}
    told: set[str] = set()
    for member in lists:
        reader = _List(member, listed, places, markers, problems)
        reader.run()
        told.add(reader.id)
    for member, marker in markers:
        if marker.id not in told:
            problems.append(_untold(member, marker))
            told.add(marker.id)
    return listed


def mismatch(path: str, claimed: str | None, digest: Digest) -> Problem | None:
    """A problem where the content is not what the collector hashed on the server."""
    if claimed is None or claimed == digest.sha256:
        return None
    detail = f"on the server its SHA-256 was {claimed}; here it is {digest.sha256}"
    return Problem(artefact=path, line=None, code=ProblemCode.HASH_MISMATCH, detail=detail)


def is_own(inside: str) -> bool:
    """Whether the member at `inside` is a list or marker of ours, and no file of the server's."""
    return _is_list(inside) or _is_marker(inside)


def _is_list(inside: str) -> bool:
    return inside.rpartition("/")[2] == own_manifest.NAME and not locate(inside).on_server


def _is_marker(inside: str) -> bool:
    return own_manifest.is_marker(inside) and not locate(inside).on_server


def _marker(member: OpenedMember) -> PartMarker | None:
    if not _is_marker(member.path.inside):
        return None
    try:
        with member.open() as stream:
            return own_manifest.marker_in(stream.read(_MARKER_BYTES))
    except OSError:
        return None


def _untold(member: OpenedMember, marker: PartMarker) -> Problem:
    if marker.part == 1:
        detail = (
            "this collection was not finished, so that nobody knows what is missing: go on with "
            "tocsin collect --resume"
        )
    else:
        detail = (
            f"this is part {marker.part} of a collection; the first part, which lists the files, "
            "is not beside it"
        )
    inside = member.path.inside
    return Problem(artefact=inside, line=None, code=ProblemCode.MISSING, detail=detail)


class _List:
    """One list, read line by line."""

    def __init__(
        self,
        member: OpenedMember,
        listed: Listed,
        places: dict[str, int],
        markers: list[tuple[OpenedMember, PartMarker]],
        problems: list[Problem],
    ) -> None:
        self._member = member
        self._listed = listed
        self._places = places
        self._markers = markers
        self._root = member.path.inside.removesuffix(own_manifest.NAME)
        self._prefixes: dict[int, str] = {}
        self._originals: set[str] = set()
        self._missing_parts: set[int] = set()
        self._left_out = 0
        self._bad: list[int] = []
        self._is_whole = False
        self._log = ProblemLog(problems, member.path.inside)
        self.id = ""

    def run(self) -> None:
        """Take what the list says."""
        try:
            with self._member.open() as stream:
                for number, entry in own_manifest.read(line for _, line in numbered_lines(stream)):
                    self._take(number, entry)
        except OSError as error:
            self._bad_list(f"not read to its end: {problem_of(error, '').detail}")
        if self._bad:
            self._bad_list(f"{len(self._bad)} lines cannot be read, the first is {self._bad[0]}")
        if not self._is_whole:
            self._bad_list("it ends too early: some files may be missing without being told")
        if self._left_out:
            detail = (
                f"{self._left_out} older logs were left out, as asked by --since; see the list"
            )
            self._log.add(ProblemCode.NOT_COLLECTED, self._member.path.inside, detail)
        self._log.close()

    def _take(self, number: int, entry: own_manifest.Entry | None) -> None:
        match entry:
            case Head():
                self._begin(entry)
            case ListedFile():
                self._file(entry)
            case LeftOut():
                self._left_out += 1
            case Trouble():
                self._trouble(entry)
            case Tail():
                self._is_whole = True
            case None:
                self._bad.append(number)

    def _begin(self, head: Head) -> None:
        self.id = head.id
        self._originals = {root.drive for root in head.roots if root.is_original}
        for member, marker in self._markers:
            if marker.id == head.id:
                prefix = member.path.inside.rpartition("tocsin-part-")[0]
                self._prefixes.setdefault(marker.part, prefix)

    def _file(self, entry: ListedFile) -> None:
        inside = self._prefixes.get(entry.part, self._root) + entry.path
        index = self._places.get(inside) if entry.path[1:2] == "/" else None
        if index is None:
            self._missing(entry)
            return
        members = self._listed.members
        members[index] = self._timed(members[index], entry)
        self._listed.claimed[inside] = entry.sha256
        if entry.note is not None and (code := _CODES.get(entry.note)):
            self._log.add(code, inside, f"the collector took {entry.detail}")

    def _timed(self, member: OpenedMember, entry: ListedFile) -> OpenedMember:
        drive, slash, _ = entry.path.partition("/")
        is_original = bool(slash) and drive in self._originals
        origin = TimeOrigin.COLLECTOR if is_original else TimeOrigin.COPY
        given = (
            (TimeKind.CREATED, entry.created),
            (TimeKind.MODIFIED, entry.modified),
            (TimeKind.CHANGED, entry.changed),
        )
        times = tuple(
            FileTime(kind=kind, value=value, origin=origin) for kind, value in given if value
        )
        # The archive's own times are those of this list, with less precision.
        return replace(member, times=times)

    def _trouble(self, entry: Trouble) -> None:
        if entry.code is TroubleCode.ABSENT:
            return  # the coverage tells that better
        code = _CODES.get(entry.code, ProblemCode.NOT_COLLECTED)
        self._log.add(code, self._place(entry.path), f"{entry.code}: {entry.detail}")

    def _missing(self, entry: ListedFile) -> None:
        part = entry.part
        if part not in self._prefixes and part not in self._missing_parts:
            self._missing_parts.add(part)
            detail = f"part {part} of this collection is not here; put it beside the first"
            self._log.add(ProblemCode.MISSING, self._member.path.inside, detail)
        detail = f"it was collected ({entry.size} bytes), and is not in what was handed over"
        self._log.add(ProblemCode.MISSING, self._place(entry.path), detail)

    def _place(self, path: str) -> str:
        return self._root + safe(path).inside

    def _bad_list(self, detail: str) -> None:
        self._log.add(ProblemCode.BAD_METADATA, self._member.path.inside, detail)
