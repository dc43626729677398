"""Builds that can have run when a row says they did: nothing ran before it was released."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tocsin.events.bulk_times import moment
from tocsin.events.kind import in_words
from tocsin.knowledge.builds import cumulative_update_of, parse
from tocsin.knowledge.root import cached
from tocsin.matching.watching import Watch
from tocsin.verdict.exposure import Builds, build_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from tocsin.events.format import Format
    from tocsin.matching.watching import Several
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event

_EARLY = timedelta(days=4)
"""How much sooner than its day of release a build may be seen: sources differ by three days."""
_CHARACTERS = 32
"""No build is longer; what is longer is not kept."""
_DIFFERENT = 500
_TOLD = 10


class ReleasedBuilds(Builds):
    """Notes the builds that rows name, without those that cannot be true.

    A row that names a build from before its release is forged or its clock is wrong. It is told,
    and it does not move the day of the fix to before the attack.
    """

    def __init__(self) -> None:
        super().__init__()
        self._unreleased: dict[tuple[str, str], datetime] = {}

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """Note the build that the row names, if it can be true."""
        for column in build_columns(form):
            if (build := column.value(event)) is None:
                continue
            if len(build) > _CHARACTERS:
                return
            if event.time is not None and event.time < earliest(build):
                self._doubt(kind, build, event.time)
                return
            break
        super().row(artefact, form, kind, event)

    def watches(self, form: Format) -> Sequence[Watch]:
        """The columns that tell a build, with the times."""
        derived = form.bulk.derived if form.bulk else {}
        columns: dict[str, None] = {}
        for one in build_columns(form):
            found = derived.get(one.source)
            columns.update(dict.fromkeys(found.columns if found else (one.source,)))
        return (Watch(tuple(columns), times=True),) if columns else ()

    def distinct(self, several: Several) -> None:
        """Note the build that these rows name, if it can be true of them."""
        form, event, times = several.form, several.event, several.times_us
        if times is None or not len(times):
            return
        ends = {int(times.min()), int(times.max())}
        build = next((b for one in build_columns(form) if (b := one.value(event))), None)
        if build is not None and len(build) <= _CHARACTERS:
            since = max(earliest(build).timestamp(), 0)
            true = times[times >= int(since) * 1_000_000]
            if len(true):
                ends |= {int(true.min()), int(true.max())}
        for time_us in sorted(ends):
            row = replace(event, time=moment(time_us))
            self.row(several.artefact, form, several.kind, row)

    def absorb(self, later: Self) -> None:
        """Take the builds that one more file names, those that cannot be true too."""
        super().absorb(later)
        for (kind, build), time in later._unreleased.items():
            self._doubt(kind, build, time)

    def limits(self) -> list[str]:
        """What cannot be true, in words, for the verdict's limits."""
        return [
            f"{in_words(kind)}: rows from {first:%Y-%m-%d} on name the build {build}, which was "
            "not released by then; those rows are forged or their clock is wrong."
            for (kind, build), first in sorted(self._unreleased.items())[:_TOLD]
        ]

    def _doubt(self, kind: str, build: str, time: datetime) -> None:
        known = self._unreleased.get((kind, build))
        if known is None and len(self._unreleased) >= _DIFFERENT:
            return
        self._unreleased[kind, build] = time if known is None else min(known, time)


@cached
def earliest(build: str) -> datetime:
    """The first moment (UTC) at which this build, or the nearest older one known, can have run."""
    number = parse(build)
    update = cumulative_update_of(number) if number else None
    days = [
        known.released
        for known in (update.builds if update else ())
        if known.released and number and known.number <= number
    ]
    if not days:
        return datetime.min.replace(tzinfo=UTC)
    day = max(days)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - _EARLY
