"""From files that were handed over to rows: open, recognise, read. The story of `tocsin observe`.

Files may be packed or lie in archives and folders. The hash is that of the unpacked content, so a
report and its packed copy give the same observations but for the name of the file.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, cast

from tocsin.campaign.feed import HEAD_BYTES, Feed, FeedContext, all_feeds
from tocsin.campaign.reading import Numbering
from tocsin.campaign.table import header_of
from tocsin.errors import SourceError, UsageError
from tocsin.evidence.collection import Limits
from tocsin.evidence.damage import problem_of
from tocsin.evidence.open import open_collection
from tocsin.model.problem import ProblemCode
from tocsin.model.progress import Progress, SilentProgress, running

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from pathlib import Path

    from tocsin.campaign.observation import FeedProblem, FeedRow
    from tocsin.evidence.collection import Collection, Member

AUTO = "auto"
"""Asks every feed whether the content is its own."""
COLUMNS = (
    *("ip", "port", "time", "hostname", "build", "tag"),
    *("server_name", "asn", "country", "sector"),
)
"""What a mapping of a free CSV file may name."""
_CHUNK_BYTES = 2**20
_DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to read files as: a feed's name or `AUTO`, and what that feed needs to know."""

    feed: str = AUTO
    mapping: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    host: str | None = None

    def check(self) -> None:
        """Raise `UsageError` where it cannot be meant."""
        feeds = all_feeds()
        if self.feed not in {AUTO, *feeds}:
            raise UsageError(f"there is no feed {self.feed!r}; there are {AUTO}, {_named(feeds)}")
        unknown = [name for name in self.mapping if name not in COLUMNS]
        if unknown:
            raise UsageError(
                f"{', '.join(unknown)} cannot be mapped; there are {', '.join(COLUMNS)}",
                where="--map",
            )
        if self.mapping and not {"ip", "hostname"} & self.mapping.keys():
            raise UsageError("needs ip or hostname: a row must name its host", where="--map")
        needs = [name for name, feed in feeds.items() if feed.needs_mapping]
        if self.mapping and self.feed not in {AUTO, *needs}:
            raise UsageError(f"is for {', '.join(needs)} alone", where="--map")
        if self.host is not None and self.feed not in {AUTO, "hunt"}:
            raise UsageError("is for results of tocsin hunt alone", where="--host")


def observe(
    source: Path,
    asked: Asked,
    progress: Progress | None = None,
    limits: Limits = _DEFAULT_LIMITS,
    first_bytes: int | None = None,
) -> Generator[FeedRow, None, None]:
    """The rows of every file in `source`, in order; `limits` are against hostile archives.

    With `first_bytes` no more than that is read of each file, and its hash is that of this part.

    A file of an archive or folder that is no feed is a problem; a source that is one file, and
    none, raises `SourceError` and says what there is. So does a source that cannot be opened.
    """
    listener = progress or SilentProgress()
    with open_collection(source, limits) as collection:
        members = _unpacked(list(collection.members()))
        total = 2 * sum(member.size_bytes for member in members)
        with running(listener, source.name, total):
            yield from _problems(collection, asked)
            for member in members:
                name = _name(collection, member, len(members))
                opened = _Opened(member, name, listener, first_bytes)
                yield from opened.rows(asked, alone=len(members) == 1)


def columns_of(source: Path, limits: Limits = _DEFAULT_LIMITS) -> list[str]:
    """The columns of the first file in `source` that only a mapping could make readable.

    Empty where there is none. Raises `SourceError` where the source cannot be opened.
    """
    with open_collection(source, limits) as collection:
        for member in _unpacked(list(collection.members())):
            try:
                with member.open() as stream:
                    head = stream.read(HEAD_BYTES)
            except OSError:
                continue  # whoever reads it all will tell
            found = _recognised(head, member.path.inside)
            if found and found[0].needs_mapping:
                return header_of(head)
    return []


def feed_of(head: bytes, name: str, asked: Asked) -> Feed:
    """The feed to read a file with. Raises `SourceError` where none fits, or several do."""
    feeds = all_feeds()
    if asked.feed != AUTO:
        return _checked(feeds[asked.feed], head, name, asked)
    if asked.mapping:
        return next(feed for feed in feeds.values() if feed.needs_mapping)
    found = _recognised(head, name)
    if len(found) > 1:
        raise SourceError(
            f"this could be {' or '.join(feed.name for feed in found)}; say which", where=name
        )
    if not found:
        what = "this is empty" if not head.strip() else "this is no feed that is known here"
        raise SourceError(
            f"{what}; there are {_named(feeds)}, and a CSV file of any kind can be read with csv "
            "and --map ip=COLUMN,time=COLUMN",
            where=name,
        )
    return _checked(found[0], head, name, asked)


def _recognised(head: bytes, name: str) -> list[Feed]:
    """The feeds that this may be; those that need a mapping only where no other one fits."""
    found = [feed for feed in all_feeds().values() if feed.recognise(head, name)]
    return [feed for feed in found if not feed.needs_mapping] or found


def _checked(feed: Feed, head: bytes, name: str, asked: Asked) -> Feed:
    if feed.needs_mapping and not asked.mapping:
        columns = ", ".join(header_of(head)) or "none that can be read"
        raise SourceError(
            f"what its columns hold must be said: --map ip=COLUMN,time=COLUMN; they are {columns}",
            where=name,
        )
    return feed


def _named(feeds: Mapping[str, Feed]) -> str:
    return ", ".join(feeds)


def _unpacked(members: list[Member]) -> list[Member]:
    """Without packed files whose content is a member, too."""
    folders = {member.path.inside.rpartition("/")[0] for member in members}
    return [member for member in members if member.path.inside not in folders]


def _name(collection: Collection, member: Member, members: int) -> str:
    """The name of a file handed over alone, or with the archive or folder that it came in."""
    inside = member.path.inside
    if members == 1 and inside == collection.name:
        return inside
    return inside if inside.startswith(f"{collection.name}/") else f"{collection.name}/{inside}"


def _problems(collection: Collection, asked: Asked) -> Iterator[FeedProblem]:
    for problem in collection.problems:
        yield _unread(problem.artefact, asked.feed, problem.code, problem.detail)


def _unread(name: str, feed: str, code: ProblemCode, detail: str) -> FeedProblem:
    """A problem of a whole file, told without its hash."""
    return Numbering(feed, FeedContext(file=name, sha256="")).of_file(code, detail)


class _Opened:
    """One file that is read twice: for its hash, which every row names, and for its rows."""

    def __init__(
        self, member: Member, name: str, progress: Progress, first_bytes: int | None
    ) -> None:
        self._member = member
        self._name = name
        self._progress = progress
        self._first_bytes = first_bytes

    def rows(self, asked: Asked, *, alone: bool) -> Iterator[FeedRow]:
        self._progress.file(self._name)
        try:
            head, sha256 = self._hashed()
            feed = feed_of(head, self._name, asked)
            with self._member.open() as stream:
                counted = cast("BinaryIO", self._counted(stream))
                context = FeedContext(
                    file=self._name, sha256=sha256, mapping=asked.mapping, host=asked.host
                )
                empty = True
                for row in feed.read(counted, context):
                    empty = False
                    yield row
            if empty:
                yield Numbering(feed.name, context).of_file(ProblemCode.EMPTY, "it has no rows")
        except SourceError as error:
            if alone:
                raise
            detail = str(error).removeprefix(f"{error.where}: ")
            yield _unread(self._name, asked.feed, ProblemCode.UNRECOGNISED, detail)
        except OSError as error:
            problem = problem_of(error, self._name)
            yield _unread(self._name, asked.feed, problem.code, problem.detail)

    def _hashed(self) -> tuple[bytes, str]:
        digest = hashlib.sha256()
        head = b""
        with self._member.open() as stream:
            counted = self._counted(stream)
            while chunk := counted.read(_CHUNK_BYTES):
                digest.update(chunk)
                if len(head) < HEAD_BYTES:
                    head += chunk[: HEAD_BYTES - len(head)]
        return head, digest.hexdigest()

    def _counted(self, stream: BinaryIO) -> _Counted:
        return _Counted(stream, self._progress.advance, self._first_bytes)


class _Counted:
    """A stream that says how much of it was read, and ends where no more shall be."""

    def __init__(
        self, stream: BinaryIO, on_bytes: Callable[[int], None], most: int | None
    ) -> None:
        self._stream = stream
        self._on_bytes = on_bytes
        self._left = most

    def read(self, size: int = -1, /) -> bytes:
        if self._left is not None:
            size = self._left if size < 0 else min(size, self._left)
        data = self._stream.read(size)
        if self._left is not None:
            self._left -= len(data)
        self._on_bytes(len(data))
        return data
