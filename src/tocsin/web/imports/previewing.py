"""What an upload is and what importing it would change, before anything is stored."""

from __future__ import annotations

import re
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from tocsin.campaign.observation import FeedProblem, normal_address
from tocsin.campaign.observing import Asked, columns_of, observe
from tocsin.campaign.sightings import OWNERS
from tocsin.errors import TocsinError, UsageError
from tocsin.model.problem import ProblemCode
from tocsin.model.progress import SilentProgress
from tocsin.report.visible import shortened, visible
from tocsin.web.imports.models import FeedFile, Import, ImportState, Observation
from tocsin.web.imports.queries import of_the_same_file
from tocsin.web.imports.rows import MAX_KEY, host_of
from tocsin.web.imports.uploads import limits, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from tocsin.campaign.observation import FeedRow
    from tocsin.evidence.collection import Limits
    from tocsin.web.campaigns.models import Campaign

SHOWN_ROWS = 10
LOOK_BYTES = 8 * 2**20
"""Unpacked; so much of each file is read to show its first rows."""
MOST_BYTES = 50 * 2**20
"""Unpacked; of what is larger, only the beginning is counted before it is imported."""
MOST_SECONDS = 10
MOST_ROWS = 100_000
"""So many rows of it."""
MOST_NAME, MOST_COLUMNS = 200, 300
"""Of a column that can be chosen, in characters; and so many of them."""
_MOST_TOLD = 2000
_ZIP = b"PK\x03\x04"
_AT_ONCE = 5000
_OPTIONS = re.compile(
    r", and a CSV file of any kind can be read with csv and --map \S+|: --map \S+"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The beginning of an upload, as it would be read.

    `error` says why it cannot be read so; empty where it can. `earlier` is an import of the same
    file.
    """

    rows: tuple[FeedRow, ...] = ()
    error: str = ""
    earlier: Import | None = None
    is_part: bool = False
    """Whether more unpacks from it than is read for a preview."""

    @property
    def feeds(self) -> tuple[str, ...]:
        """The feeds that were recognised, each once, in order."""
        return tuple(dict.fromkeys(row.feed for row in self.rows if row.file_sha256))

    @property
    def needs_host(self) -> bool:
        """Whether somebody must say which host it is about."""
        return OWNERS in self.feeds


@dataclass(slots=True, kw_only=True)
class Effect:
    """What an import would change. `whole` is False where only the beginning was counted."""

    observations: int = 0
    rejected: int = 0
    repeated: int = 0
    nameless: int = 0
    elsewhere: int = 0
    hosts: int = 0
    new_hosts: int = 0
    earliest: datetime | None = None
    latest: datetime | None = None
    feeds: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    signs: Counter[str] = field(default_factory=Counter)
    files: int = 0
    whole: bool = True

    @property
    def counted(self) -> dict[str, list[tuple[str, int]]]:
        """Rows by feed, by sign of compromise and by problem, the most first."""
        return {
            "feeds": self.feeds.most_common(),
            "signs": self.signs.most_common(),
            "problems": self.problems.most_common(),
        }

    @property
    def rows(self) -> int:
        """All rows: each is stored, set aside, or known already."""
        return self.observations + self.rejected + self.repeated


def peek(one: Import, asked: Asked) -> tuple[tuple[FeedRow, ...], bool]:
    """The first rows, and whether there is more than was looked at.

    Raises `TocsinError` where the file cannot be read so.
    """
    asked.check()
    rows: tuple[FeedRow, ...] = ()
    size = _Size()
    with opened(one) as path:
        for at_most in looks(path, LOOK_BYTES):
            size = _Size()
            with closing(observe(path, asked, size, at_most, LOOK_BYTES)) as found:
                rows = tuple(islice(_without_our_limits(found, size), SHOWN_ROWS))
            if any(row.row is not None for row in rows):
                break
    if not rows:
        raise UsageError(
            f"In the first {LOOK_BYTES >> 20} MiB that unpack from it there is nothing to read."
        )
    return rows, size.is_more_than(LOOK_BYTES)


def look(one: Import, asked: Asked) -> Preview:
    """The preview; what is wrong is told in it."""
    earlier = next(iter(of_the_same_file(one)), None)
    try:
        rows, is_part = peek(one, asked)
        return Preview(rows=rows, is_part=is_part, earlier=earlier)
    except TocsinError as error:
        return Preview(error=in_words(error), earlier=earlier)


def columns_to_map(one: Import, *, recognises: bool) -> list[str]:
    """Columns that a mapping can name, empty for files whose columns are known.

    Where the desk `recognises` what a file is, a mapping is asked for only if nothing in it can
    be read without. Raises `TocsinError` where the file cannot be opened.
    """
    columns: list[str] = []
    with opened(one) as path:
        for at_most in looks(path, LOOK_BYTES):
            columns = columns or columns_of(path, at_most)
    columns = [name for name in columns if len(name) <= MOST_NAME][:MOST_COLUMNS]
    if not columns or not recognises:
        return columns
    try:
        peek(one, Asked())
    except TocsinError:
        return columns
    return []


def in_words(error: TocsinError) -> str:
    """What an error says, without the options of the command line."""
    told = str(error).removeprefix(f"{error.where}: ")
    told = shortened(_OPTIONS.sub("", told), _MOST_TOLD)
    return told[:1].upper() + told[1:]


def checked(one: Import, *, feed: str, mapping: Mapping[str, str] | None, host: str) -> str:
    """The host in its usual form; raises `TocsinError` where the file cannot be imported so."""
    host = _host(host)
    asked = Asked(feed=feed, mapping=dict(mapping or {}), host=host or None)
    if Preview(rows=peek(one, asked)[0]).needs_host and not host:
        raise UsageError(
            "This is an owner's result, which does not say which host it is about: name it."
        )
    return host


def effect(one: Import, asked: Asked) -> Effect:
    """What importing it would change. Raises `TocsinError` where the file cannot be read so."""
    asked.check()
    found = Effect()
    until_s = time.monotonic() + MOST_SECONDS
    with opened(one) as path:
        for at_most in looks(path, MOST_BYTES):
            size = _Size()
            with closing(observe(path, asked, size, at_most, MOST_BYTES)) as rows:
                found = _counted(one, asked, _without_our_limits(rows, size), size, until_s)
            if found.rows:
                break
    return found


def _counted(
    one: Import, asked: Asked, rows: Iterator[FeedRow], size: _Size, until_s: float
) -> Effect:
    found = Effect()
    hosts: set[str] = set()
    files: dict[tuple[str, str], bool] = {}
    known_here: set[tuple[str, str]] = set()
    for number, row in enumerate(rows):
        enough = number >= MOST_ROWS and size.is_more_than(MOST_BYTES)
        if enough or time.monotonic() > until_s:
            size.was_cut = True
            break
        place = (row.file, row.file_sha256)
        if place not in files:
            content = (row.feed, row.file_sha256)
            files[place] = content in known_here or _is_stored(one, row, asked)
            known_here.add(content)
        _add(found, row, is_known=files[place], hosts=hosts)
    found.whole = not size.is_more_than(MOST_BYTES)
    found.files = len(files)
    found.hosts = len(hosts)
    found.new_hosts = len(hosts) - _known_hosts(one.campaign, sorted(hosts))
    return found


def looks(path: Path, most: int) -> list[Limits]:
    """How a file may be opened in the process that answers people: little is unpacked.

    From a zip nothing is unpacked before it is read, so what holds a large file is opened once
    more without what is packed in it again.
    """
    usual = limits()
    small = replace(usual, total_bytes=4 * most, member_bytes=most + 1)
    with path.open("rb") as file:
        is_zip = file.read(len(_ZIP)) == _ZIP
    return [small, replace(usual, member_bytes=most + 1, nesting=1)] if is_zip else [small]


def _without_our_limits(rows: Iterable[FeedRow], size: _Size) -> Iterator[FeedRow]:
    """Without the problem that no more is unpacked here: the import itself unpacks more."""
    for row in rows:
        if isinstance(row, FeedProblem) and row.row is None and row.code == ProblemCode.BOMB:
            size.was_cut = True
        else:
            yield row


def _add(found: Effect, row: FeedRow, *, is_known: bool, hosts: set[str]) -> None:
    if is_known and row.row is not None:
        found.repeated += 1
        return
    found.signs.update(row.evidence)
    if isinstance(row, FeedProblem):
        found.rejected += row.row is not None
        found.problems[row.code] += 1
        return
    found.observations += 1
    found.feeds[row.feed] += 1
    found.elsewhere += not row.about_exchange
    host = host_of(row)
    found.nameless += not host
    if host and (row.about_exchange or row.evidence):
        hosts.add(host)
    time = row.time_utc
    if time is not None:
        found.earliest = time if found.earliest is None else min(time, found.earliest)
        found.latest = time if found.latest is None else max(time, found.latest)


def _is_stored(one: Import, row: FeedRow, asked: Asked) -> bool:
    """Whether an earlier import holds a file of the same content."""
    if not row.file_sha256:
        return False
    return FeedFile.objects.filter(
        campaign=one.campaign,
        sha256=row.file_sha256,
        feed=row.feed,
        host=asked.host or "" if row.feed == OWNERS else "",
        part_of__state=ImportState.DONE,
    ).exists()


def _known_hosts(campaign: Campaign, hosts: list[str]) -> int:
    """How many of these some import speaks of already."""
    stored = Observation.objects.filter(
        file__campaign=campaign, file__part_of__state=ImportState.DONE
    )
    return sum(
        stored.filter(host__in=hosts[at : at + _AT_ONCE]).values("host").distinct().count()
        for at in range(0, len(hosts), _AT_ONCE)
    )


def _host(text: str) -> str:
    """An address, or a name without spaces and signs that cannot be seen; empty for nothing."""
    text = text.strip()
    host = normal_address(text) or text.rstrip(".").lower()
    if len(host) > MAX_KEY or visible(host) != host or any(map(str.isspace, host)):
        raise UsageError(f"{visible(text[:60])!r} is neither an address nor a name of a host.")
    return host


class _Size(SilentProgress):
    """Hears how much there is to read: what is told counts everything twice."""

    total_bytes = 0
    was_cut = False

    def is_more_than(self, most: int) -> bool:
        """Whether something was left out."""
        return self.was_cut or self.total_bytes > most

    def start(self, source: str, total_bytes: int | None) -> None:  # noqa: ARG002 a listener's
        """Take it."""
        self.total_bytes = (total_bytes or 0) // 2
