"""Open what was handed over: a folder, an archive, or a single file. Read this file first.

Everything is found when the collection is opened, so that its problems are complete then; content
is read later, member by member, from where it lies or from the spool.
"""

from __future__ import annotations

import os
import stat
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.errors import SourceError
from tocsin.evidence.collection import Collection, Limits
from tocsin.evidence.damage import ArchiveError, MemberError, problem_of
from tocsin.evidence.directories import directory_entries, file_entry
from tocsin.evidence.layouts import drive_of, locate
from tocsin.evidence.listed import with_list
from tocsin.evidence.magic import (
    COMPRESSED_ENDINGS,
    Kind,
    Recognised,
    is_packed_log,
    name_inside,
    recognise,
)
from tocsin.evidence.member import OpenedMember
from tocsin.evidence.metadata import with_collector_times
from tocsin.evidence.naming import NameBook, decoded, safe
from tocsin.evidence.parts import all_parts
from tocsin.evidence.session import Container, Entries, Entry, Session, Watch
from tocsin.evidence.sevenzips import sevenzip_entries
from tocsin.evidence.tars import tar_entries
from tocsin.evidence.unpacking import unpacked
from tocsin.evidence.zips import zip_entries
from tocsin.model.path import EvidencePath
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tocsin.evidence.collection import Member
    from tocsin.evidence.layouts import Place
    from tocsin.evidence.regions import HandleRegion
    from tocsin.evidence.unpacking import Codec

_DEFAULT_LIMITS = Limits()


def open_collection(
    source: Path,
    limits: Limits = _DEFAULT_LIMITS,
    on_bytes: Callable[[int], None] | None = None,
) -> Collection:
    """Open `source`, whatever it is, by its content and not by its name.

    A folder; a zip, 7z or tar archive (tar also packed with gzip, bzip2, xz or zstd); or any
    other single file, which is then a collection of one. Archives in it are opened too where they
    do not lie on the server's own drive, and the other parts of a split collection of
    `tocsin collect` with the one that is named. `on_bytes` hears of bytes unpacked into the
    spool, which is what takes time here.

    Raises `SourceError` where the source as a whole cannot be read; everything less is in the
    collection's `problems`.
    """
    session = Session(limits, on_bytes)
    try:
        opening = _Opening(session, source)
        opening.run()
        listed = with_list(
            with_collector_times(opening.members, session.problems), session.problems
        )
    except BaseException:
        session.close()
        raise
    members = sorted(listed.members, key=lambda member: member.path.inside)
    return _Opened(
        name=opening.name,
        problems=session.problems,
        claimed=listed.claimed,
        found=tuple(members),
        session=session,
    )


@dataclass(kw_only=True)
class _Opened(Collection):
    found: tuple[Member, ...]
    session: Session

    def members(self) -> Iterator[Member]:
        return iter(self.found)

    def close(self) -> None:
        self.session.close()


class _Opening:
    """Walks through containers and what they contain."""

    def __init__(self, session: Session, source: Path) -> None:
        self.session = session
        self.source = source
        self.name = safe(decoded(os.fsencode(source.absolute().name))).inside
        self.members: list[OpenedMember] = []
        self._names = NameBook()
        self._drive: str | None = None
        self._only: Entry | None = None

    def run(self) -> None:
        try:
            status = self.source.stat()
        except OSError as error:
            raise SourceError(
                f"this cannot be opened: {error.strerror}", where=str(self.source)
            ) from error
        root = Container(self.session, "", self.name)
        if stat.S_ISDIR(status.st_mode):
            self._drive = drive_of(self.name)
            self._take_all(root, directory_entries(self.source, root), archives=0)
        elif stat.S_ISREG(status.st_mode):
            self._run_file(root, status)
        else:
            raise SourceError("this is neither a folder nor a file", where=str(self.source))

    def _run_file(self, root: Container, status: os.stat_result) -> None:
        path = os.fsencode(self.source.resolve())
        entry = file_entry(path, decoded(os.fsencode(self.source.name)), status, self.session)
        try:
            kind = recognise(entry.open)
            if kind is not None and kind.kind is Kind.REFUSED:
                raise SourceError(f"this is {kind.advice}", where=str(self.source))
            if kind is None or kind.kind is Kind.SINGLE:
                self._only = entry
                self._take_all(root, (one for one in (entry,)), archives=0)
            else:
                self._open_archive(root, kind, self._region_of(root, entry), archives=1)
                for part in all_parts(self.source):
                    if part != self.source:
                        self._run_part(part)
        except ArchiveError as error:
            raise SourceError(error.detail, where=str(self.source)) from error
        except OSError as error:
            detail = error.strerror or str(error)
            raise SourceError(f"this cannot be read: {detail}", where=str(self.source)) from error

    def _run_part(self, path: Path) -> None:
        """Open another part of a split collection; what is wrong with it is a problem only."""
        part = Container(self.session, "", safe(path.name).inside)
        try:
            entry = file_entry(os.fsencode(path), path.name, path.stat(), self.session)
            kind = recognise(entry.open)
            if kind is not None and kind.kind is Kind.ZIP:
                self._open_archive(part, kind, self._region_of(part, entry), archives=1)
        except ArchiveError as error:
            part.report(error.code, None, error.detail)
        except OSError as error:
            problem = problem_of(error, part.name)
            part.report(problem.code, None, problem.detail)

    def _open_archive(
        self, container: Container, kind: Recognised, region: HandleRegion, *, archives: int
    ) -> None:
        """Take everything in an archive; `archives` counts those that we are in then."""
        if kind.kind is Kind.ZIP:
            entries = zip_entries(region, container)
        elif kind.kind is Kind.SEVENZIP:
            entries = sevenzip_entries(region, container)
        else:
            entries = tar_entries(region, kind.codec, container)
        self._take_all(container, entries, archives=archives)

    def _take_all(self, container: Container, entries: Entries, *, archives: int) -> None:
        before = len(self.members)
        # Closing ends the process that unpacks a 7z archive, however we leave.
        with closing(entries), closing(container):
            try:
                for entry in entries:
                    if not self.session.budget.take_member():
                        detail = f"more than the {self.session.limits.members} files allowed"
                        container.report(ProblemCode.TOO_MANY_MEMBERS, None, detail)
                        return
                    self._take(container, entry, archives=archives)
            except MemberError as error:
                if len(self.members) == before:
                    raise
                container.report(error.code, None, f"not read to its end: {error.detail}")

    def _take(self, container: Container, entry: Entry, *, archives: int) -> None:
        named = safe(entry.name)
        if named.objection is not None:
            detail = f"{named.objection}; it is read under this safe one"
            container.report(ProblemCode.PATH_TRAVERSAL, entry.name, detail)
        wanted = container.prefix + named.inside
        inside = self._names.unique(wanted)
        if inside != wanted:
            detail = f"there is another file of this name; this one is listed as {inside}"
            container.report(ProblemCode.DUPLICATE_NAME, entry.name, detail)
        place = locate(wanted, self._drive)
        self._add(entry, EvidencePath(inside=inside, server=place.path.server))
        self._look_into(container, entry, inside, place, archives=archives)

    def _add(self, entry: Entry, path: EvidencePath) -> None:
        member = OpenedMember(
            path=path,
            size_bytes=entry.size_bytes,
            times=entry.times,
            start=entry.open,
            has_random_access=entry.region is not None,
        )
        self.members.append(member)

    def _look_into(
        self, container: Container, entry: Entry, inside: str, place: Place, *, archives: int
    ) -> None:
        """Open the entry too, if it is an archive that belongs to the collector."""
        if place.on_server and not entry.name.lower().endswith(COMPRESSED_ENDINGS):
            return
        try:
            kind = recognise(entry.open)
        except OSError:
            return  # it is listed, and whoever reads it will hear the same
        if kind is None or (place.on_server and kind.kind is not Kind.SINGLE):
            return
        try:
            if kind.kind is Kind.REFUSED:
                container.report(ProblemCode.UNREADABLE, entry.name, f"this is {kind.advice}")
            elif kind.codec is not None and kind.kind is Kind.SINGLE:
                if is_packed_log(entry.name, kind.codec) or entry is self._only:
                    self._unpack_single(container, entry, kind.codec, inside, place)
            elif archives >= self.session.limits.nesting:
                detail = f"an archive in {archives} others is not opened; unpack it yourself"
                container.report(ProblemCode.NESTED_ARCHIVE, entry.name, detail)
            else:
                self._open_nested(container, entry, kind, inside, archives=archives + 1)
        except ArchiveError as error:
            container.report(error.code, entry.name, error.detail)
        except OSError as error:
            problem = problem_of(error, inside)
            container.report(problem.code, entry.name, problem.detail)

    def _unpack_single(
        self, container: Container, entry: Entry, codec: Codec, inside: str, place: Place
    ) -> None:
        inner = name_inside(place.path.name, codec)
        folder = place.path.server.rpartition("/")[0]
        server = f"{folder}/{inner}" if folder else inner
        packed = entry.open()
        nested = Container(self.session, f"{inside}/", container.name)
        with unpacked(packed, codec) as stream, closing(nested):
            for found in nested.spooled(inner, stream, packed.tell, entry.times):
                path = self._names.unique(f"{inside}/{safe(inner).inside}")
                self._add(found, EvidencePath(inside=path, server=server))

    def _open_nested(
        self, container: Container, entry: Entry, kind: Recognised, inside: str, *, archives: int
    ) -> None:
        nested = Container(self.session, f"{inside}/", container.name)
        region = self._region_of(container, entry)
        self._open_archive(nested, kind, region, archives=archives)

    def _region_of(self, container: Container, entry: Entry) -> HandleRegion:
        """Random access to the entry: where it lies, or in the spool."""
        if entry.region is not None:
            return entry.region()
        with entry.open() as stream:
            watch = Watch(self.session, stream.tell)
            region = self.session.spool.write(watch.chunks(stream))
        if watch.cut is not None:
            container.report(watch.cut.code, entry.name, watch.cut.detail)
        return region
