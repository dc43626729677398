"""Which builds the evidence shows over time, and from when to when this server was vulnerable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.knowledge.builds import lookup
from tocsin.knowledge.status import Status, StatusWord, never_vulnerable, status
from tocsin.matching.scan import Observer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from tocsin.events.format import Column, Format
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event
    from tocsin.model.problem import Problem

_DIFFERENT_BUILDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One build in one kind of source, with the first and last time it was seen there, UTC."""

    build: str
    kind: str
    first: datetime
    last: datetime


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
        self._seen: dict[tuple[str, str], list[datetime]] = {}
        self._columns: dict[str, tuple[Column, ...]] = {}

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """Note the build that the row names, if any."""
        del artefact
        columns = self._columns.get(form.name)
        if columns is None:
            columns = tuple(column for column in form.columns if column.name == "build")
            self._columns[form.name] = columns
        for column in columns:
            build = column.value(event)
            if build is None or event.time is None:
                continue
            span = self._seen.get((build, kind))
            if span is None:
                if len(self._seen) < _DIFFERENT_BUILDS:
                    self._seen[build, kind] = [event.time, event.time]
            elif event.time < span[0]:
                span[0] = event.time
            elif event.time > span[1]:
                span[1] = event.time
            return

    def problem(self, kind: str, problem: Problem) -> None:
        """Damage names no build."""

    def sightings(self) -> tuple[Sighting, ...]:
        """All builds of Exchange that were seen, in order of time; other numbers are left out."""
        return tuple(
            sorted(
                (
                    Sighting(build=build, kind=kind, first=span[0], last=span[1])
                    for (build, kind), span in self._seen.items()
                    if _is_exchange(build)
                ),
                key=lambda seen: (seen.first, seen.last, seen.build, seen.kind),
            )
        )


def exposure(sightings: Sequence[Sighting], cves: Iterable[str]) -> tuple[Exposed, ...]:
    """For each CVE what the builds in the evidence say. Pure.

    A source that shows the fix outweighs one that does not: some log names the version of one
    library, which an update may leave alone, so a build in a log is a lower bound.
    """
    return tuple(_exposed(sightings, cve) for cve in cves)


def _exposed(sightings: Sequence[Sighting], cve: str) -> Exposed:
    if not sightings:
        unknown = Status(StatusWord.UNDETERMINED, "no source in the evidence names a build")
        return Exposed(cve=cve, status=unknown, since=None, until=None, never=False)
    judged = [(seen, status(seen.build, cve)) for seen in sightings]
    fixed = [(seen, word) for seen, word in judged if word.status is StatusWord.FIXED]
    open_ = [(seen, word) for seen, word in judged if word.status is StatusWord.VULNERABLE]
    unaffected = [(seen, word) for seen, word in judged if _is_unaffected(word)]
    until = fixed[0][0].first if fixed else None
    since = open_[0][0].first if open_ else None
    if until is not None and since is not None and since >= until:
        since = None
    last = fixed[-1][1] if fixed else judged[-1][1]
    never = not open_ and all(
        _is_unaffected(word) or never_vulnerable(seen.build, cve) for seen, word in judged
    )
    if len(unaffected) == len(judged):
        last = unaffected[-1][1]
    return Exposed(
        cve=cve, status=last, since=since, until=until, never=never, seen=sightings[0].first
    )


def _is_unaffected(word: Status) -> bool:
    return word.status is StatusWord.NOT_AFFECTED


def _is_exchange(build: str) -> bool:
    parts = build.split(".")
    return (
        len(parts) == 4
        and all(part.isdigit() for part in parts)
        and (lookup(build) is not None or parts[0] in {"14", "15"})
    )
