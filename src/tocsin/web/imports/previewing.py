"""What an upload is and what importing it would change, before anything is stored."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from tocsin.campaign.observation import FeedProblem, normal_address
from tocsin.campaign.observing import Asked, columns_of, observe
from tocsin.campaign.sightings import OWNERS
from tocsin.errors import TocsinError, UsageError
from tocsin.model.progress import SilentProgress
from tocsin.report.visible import visible
from tocsin.web.imports.models import FeedFile, Import, ImportState, Observation
from tocsin.web.imports.rows import MAX_KEY, host_of
from tocsin.web.imports.uploads import limits, opened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tocsin.campaign.observation import FeedRow
    from tocsin.web.campaigns.models import Campaign

SHOWN_ROWS = 10
MOST_BYTES = 50 * 2**20
"""Unpacked; of what is larger, only the beginning is counted before it is imported."""
MOST_ROWS = 100_000
"""So many rows of it."""
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


def peek(one: Import, asked: Asked) -> tuple[FeedRow, ...]:
    """The first rows. Raises `TocsinError` where the file cannot be read so."""
    asked.check()
    with opened(one) as path, closing(observe(path, asked, None, limits())) as rows:
        return tuple(islice(rows, SHOWN_ROWS))


def look(one: Import, asked: Asked) -> Preview:
    """The preview; what is wrong is told in it."""
    earlier = _earlier(one)
    try:
        return Preview(rows=peek(one, asked), earlier=earlier)
    except TocsinError as error:
        return Preview(error=in_words(error), earlier=earlier)


def columns_to_map(one: Import, *, recognises: bool) -> list[str]:
    """Columns that a mapping can name, empty for files whose columns are known.

    Where the desk `recognises` what a file is, a mapping is asked for only if nothing in it can
    be read without. Raises `TocsinError` where the file cannot be opened.
    """
    with opened(one) as path:
        columns = columns_of(path, limits())
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
    told = _OPTIONS.sub("", told)
    return told[:1].upper() + told[1:]


def checked(one: Import, *, feed: str, mapping: Mapping[str, str] | None, host: str) -> str:
    """The host in its usual form; raises `TocsinError` where the file cannot be imported so."""
    host = _host(host)
    asked = Asked(feed=feed, mapping=dict(mapping or {}), host=host or None)
    if Preview(rows=peek(one, asked)).needs_host and not host:
        raise UsageError(
            "This is an owner's result, which does not say which host it is about: name it."
        )
    return host


def effect(one: Import, asked: Asked) -> Effect:
    """What importing it would change. Raises `TocsinError` where the file cannot be read so."""
    asked.check()
    found, size = Effect(), _Size()
    hosts: set[str] = set()
    files: dict[tuple[str, str], bool] = {}
    known_here: set[tuple[str, str]] = set()
    with opened(one) as path, closing(observe(path, asked, size, limits())) as rows:
        for number, row in enumerate(rows):
            if number >= MOST_ROWS and size.total_bytes > MOST_BYTES:
                found.whole = False
                break
            place = (row.file, row.file_sha256)
            if place not in files:
                content = (row.feed, row.file_sha256)
                files[place] = content in known_here or _is_stored(one, row, asked)
                known_here.add(content)
            _add(found, row, is_known=files[place], hosts=hosts)
    found.files = len(files)
    found.hosts = len(hosts)
    found.new_hosts = len(hosts) - _known_hosts(one.campaign, sorted(hosts))
    return found


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


def _earlier(one: Import) -> Import | None:
    same = Import.objects.filter(
        campaign=one.campaign, sha256=one.sha256, state=ImportState.DONE
    ).exclude(pk=one.pk)
    return same.order_by("number").first()


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

    def start(self, source: str, total_bytes: int | None) -> None:  # noqa: ARG002 a listener's
        """Take it."""
        self.total_bytes = (total_bytes or 0) // 2
