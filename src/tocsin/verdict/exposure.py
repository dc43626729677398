"""Which builds the evidence shows over time, and from when to when this server was vulnerable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from tocsin.knowledge.builds import Number, cumulative_update_of, lookup, parse
from tocsin.knowledge.cves import all_cves
from tocsin.knowledge.status import Status, StatusWord, never_vulnerable, status
from tocsin.matching.scan import Observer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import Self

    from tocsin.events.format import Column, Format
    from tocsin.knowledge.packs import Pack
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event
    from tocsin.model.problem import Problem
    from tocsin.verdict.mitigations import Told

_DIFFERENT_BUILDS = 500
_INSTALLED = frozenset({"exsetup"})
"""Formats whose build is the installed one."""
_WORST_FIRST = (
    StatusWord.VULNERABLE,
    StatusWord.UNDETERMINED,
    StatusWord.NEWER_THAN_CATALOGUE,
    StatusWord.FIXED,
    StatusWord.NOT_AFFECTED,
)


class Trust(IntEnum):
    """How far a build speaks for what is installed."""

    AT_LEAST = 1
    """The server had this build or a newer one: a security update does not move every number."""
    INSTALLED = 2
    """The file that every update replaces says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One build in one kind of source, with the first and last time it was seen there, UTC.

    The times are None where the source has none: a file without a time that may count as
    evidence shows what was there when it was collected. `artefact` is where it was first read.
    """

    build: str
    kind: str
    first: datetime | None
    last: datetime | None
    artefact: str = ""

    @property
    def trust(self) -> Trust:
        """How far this source is to be trusted."""
        name = self.kind.partition(":")[0]
        return Trust.INSTALLED if name in _INSTALLED else Trust.AT_LEAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """What the builds say of one CVE: a status, its reason, and from when to when.

    `since` is the first time that a vulnerable build was seen; the server may have been
    vulnerable before. `until` is the first time that a fixed build was seen; None while none was.
    `never` says that no build seen was ever vulnerable; `seen` is when the first build was seen.
    """

    cve: str
    status: Status
    since: datetime | None
    until: datetime | None
    never: bool
    seen: datetime | None = None


class Builds(Observer):
    """Notes every build that a row names, with the times; bounded however many rows there are."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Sighting] = {}

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """Note the build that the row names, if any."""
        for column in build_columns(form):
            build = column.value(event)
            if build is not None:
                self._note(artefact.path.inside, kind, build, event.time)
                return

    def problem(self, kind: str, problem: Problem) -> None:
        """Damage names no build."""

    def absorb(self, later: Self) -> None:
        """Take the builds that one more file names."""
        for (build, kind), seen in later._seen.items():
            self._note(seen.artefact, kind, build, seen.first)
            self._note(seen.artefact, kind, build, seen.last)

    def _note(self, artefact: str, kind: str, build: str, time: datetime | None) -> None:
        seen = self._seen.get((build, kind))
        if seen is None:
            if len(self._seen) < _DIFFERENT_BUILDS:
                self._seen[build, kind] = Sighting(
                    build=build, kind=kind, first=time, last=time, artefact=artefact
                )
        elif time is not None:
            if seen.first is None or time < seen.first:
                seen = self._seen[build, kind] = replace(seen, first=time)
            if seen.last is None or time > seen.last:
                self._seen[build, kind] = replace(seen, last=time)

    def sightings(self) -> tuple[Sighting, ...]:
        """All builds of Exchange that were seen, in order of time; other numbers are left out.

        Those without a time come last: they speak of the moment of collection.
        """
        return tuple(
            sorted(
                (seen for seen in self._seen.values() if _is_exchange(seen.build)),
                key=lambda seen: (
                    seen.first is None,
                    seen.first.timestamp() if seen.first else 0,
                    seen.last.timestamp() if seen.last else 0,
                    seen.build,
                    seen.kind,
                ),
            )
        )


@lru_cache(maxsize=64)
def build_columns(form: Format) -> tuple[Column, ...]:
    """The columns that may name a build, the surest first."""
    return tuple(column for column in form.columns if column.name == "build")


def cves_to_judge(packs: Iterable[Pack]) -> tuple[str, ...]:
    """Every CVE that is known, and those of the packs, each once and in order."""
    return tuple(sorted({*all_cves(), *(cve for pack in packs for cve in pack.about.cves)}))


def exposure(
    sightings: Sequence[Sighting], cves: Iterable[str], mitigations: Sequence[Told] = ()
) -> tuple[Exposed, ...]:
    """For each CVE what the builds in the evidence say. Pure.

    The installed file decides. Without it, a source that shows the fix outweighs one that does
    not: some log names the version of one library, which an update may leave alone. Mitigations
    stand in the reason and change nothing else.
    """
    return tuple(_told(_exposed(sightings, cve), mitigations) for cve in dict.fromkeys(cves))


def _exposed(sightings: Sequence[Sighting], cve: str) -> Exposed:
    if not sightings:
        unknown = Status(StatusWord.UNDETERMINED, "no source in the evidence names a build")
        return Exposed(cve=cve, status=unknown, since=None, until=None, never=False)
    judged = [(seen, status(seen.build, cve)) for seen in sightings]
    open_ = [seen for seen, word in judged if word.status is StatusWord.VULNERABLE]
    until = _first(seen for seen, word in judged if word.status is StatusWord.FIXED)
    since = _first(open_)
    if until is not None and since is not None and since >= until:
        since = None
    return Exposed(
        cve=cve,
        status=_status(judged, cve),
        since=since,
        until=until,
        never=not open_ and _never(judged, cve),
        seen=_first(sightings),
    )


Judged = tuple[Sighting, Status]


def _status(judged: Sequence[Judged], cve: str) -> Status:
    installed = [one for one in judged if one[0].trust is Trust.INSTALLED]
    logged = [one for one in judged if one[0].trust is not Trust.INSTALLED]
    if not installed:
        return _of_logs(logged, cve)
    seen, word = min(installed, key=lambda one: _WORST_FIRST.index(one[1].status))
    said = f"{word.reason} (installed: {seen.build}, by {seen.artefact or 'ExSetup.exe'})"
    if word.status is StatusWord.VULNERABLE:
        for other, its in logged:
            if its.status is StatusWord.FIXED and _is_newer(other.build, seen.build):
                return Status(
                    StatusWord.UNDETERMINED,
                    f"the sources contradict each other: {said}, while {other.kind} shows the "
                    f"newer {other.build}: {its.reason}; ExSetup.exe may be a copy, or the update "
                    "was removed",
                )
    return Status(word.status, said)


def _of_logs(judged: Sequence[Judged], cve: str) -> Status:
    """Without the installed file: the newest that is fixed, else the last that was seen."""
    fixed = [word for _, word in judged if word.status is StatusWord.FIXED]
    if fixed:
        return fixed[-1]
    seen, word = judged[-1]
    if word.status is not StatusWord.VULNERABLE or _for_all_of_it(seen.build, cve):
        return word
    return Status(
        word.status,
        f"{word.reason} (by {seen.build} in {seen.kind}; a log may lag behind an update, "
        "ExSetup.exe does not)",
    )


def _for_all_of_it(build: str, cve: str) -> bool:
    """Whether no update of this build's cumulative update helps, so that a lag changes nothing."""
    number = parse(build)
    found = cumulative_update_of(number) if number is not None else None
    return found is not None and all(
        status(one.number, cve).status is StatusWord.VULNERABLE for one in found.builds
    )


def _never(judged: Sequence[Judged], cve: str) -> bool:
    """Whether what was seen, at a time that is known, was never vulnerable.

    A build without a time says nothing of what ran before.
    """
    return any(seen.first is not None for seen, _ in judged) and all(
        word.status is StatusWord.NOT_AFFECTED or never_vulnerable(seen.build, cve)
        for seen, word in judged
    )


def _told(exposed: Exposed, mitigations: Sequence[Told]) -> Exposed:
    if exposed.status.status in (StatusWord.FIXED, StatusWord.NOT_AFFECTED):
        return exposed
    texts = [one.text for one in mitigations if exposed.cve in one.cves]
    if not texts:
        return exposed
    reason = "; ".join((exposed.status.reason, *texts))
    return replace(exposed, status=Status(exposed.status.status, reason))


def _first(sightings: Iterable[Sighting]) -> datetime | None:
    return min((seen.first for seen in sightings if seen.first is not None), default=None)


def _is_newer(build: str, other: str) -> bool:
    """Whether `build` is higher, of the same major and minor version."""
    mine, its = parse(build), parse(other)
    return mine is not None and its is not None and mine[:2] == its[:2] and mine > its


def _is_exchange(build: str) -> bool:
    number: Number | None = parse(build)
    return (
        number is not None
        and len(number) == 4
        and (lookup(build) is not None or number[0] in {14, 15})
    )
