"""A correlation that fired: when, for which group, and because of which rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tocsin.events.format import all_formats
from tocsin.events.kind import in_words
from tocsin.matching.match import Match
from tocsin.matching.sigma.correlation.hits import IN_ORDER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tocsin.matching.sigma.correlation.hits import Hit, Hits, Stretch

EVENTS_PER_FIRING = 100
"""Rows that a firing names: the first half and the last; the rest are counted."""
_RULES_TOLD = 8
_LOGS_TOLD = 4
_GROUP_TOLD = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One window in which a correlation's condition held.

    `at` is the row with which the condition became true, or the last one where more rows could
    have undone it. `first` and `last` are the times of the first and the last of all its `count`
    rows, UTC. `group` gives the values of the fields that it groups by, as the row `at` writes
    them. `rules` counts the rows by rule, in the order of their first rows. `events` are the rows
    in the order of time; of more than `EVENTS_PER_FIRING` the first and the last. `measured` is
    what was compared, in words, where that is not the count. `damaged` says that of one row at
    least only a part could be read, so that nothing is sure. `logs` counts the rows by kind of
    log where one rule has rows of several: these may show the same request more than once.
    """

    rule: str
    at: Hit
    first: datetime
    last: datetime
    group: tuple[tuple[str, str], ...]
    count: int
    rules: tuple[tuple[str, int], ...]
    events: tuple[Hit, ...]
    measured: str
    damaged: bool
    logs: tuple[tuple[str, int], ...] = ()

    @property
    def time(self) -> datetime:
        """When the condition became true, UTC."""
        return self.at.time

    @property
    def text(self) -> str:
        """The citation: which rules, how many rows, from when to when, and the group."""
        told = [f"{rule} {number}" for rule, number in self.rules[:_RULES_TOLD]]
        if len(self.rules) > _RULES_TOLD:
            told.append(f"and {len(self.rules) - _RULES_TOLD} rules more")
        when = f"at {_in_words(self.last)}"
        if self.last != self.first:
            when = f"from {_in_words(self.first)} to {_in_words(self.last)}"
        parts = [
            f"{self.count} {'row' if self.count == 1 else 'rows'} {when} ({', '.join(told)})",
            self.measured,
            ", ".join(f"{name} = {value[:_GROUP_TOLD]}" for name, value in self.group),
            self._several_logs(),
        ]
        return "; ".join(part for part in parts if part)

    def _several_logs(self) -> str:
        if not self.logs:
            return ""
        told = [f"{in_words(kind)} {number}" for kind, number in self.logs[:_LOGS_TOLD]]
        if len(self.logs) > _LOGS_TOLD:
            told.append(f"and {len(self.logs) - _LOGS_TOLD} logs more")
        return f"these logs may show one request more than once: {', '.join(told)}"


def events_of(hits: Sequence[Hit]) -> list[Hit]:
    """The rows that `hits` stand on, each once for each rule, in the order of time.

    Moments of one correlation overlap; what they stand on is put together before it is looked at,
    so that the work is bounded by the rows and not by the overlaps.
    """
    if all(hit.inside is None for hit in hits):
        return list(hits)
    found: dict[tuple[object, ...], Hit] = {}
    waiting = [hits]
    while waiting:
        stretches: dict[int, list[Stretch]] = {}
        for hit in waiting.pop():
            if hit.inside is None:
                found[hit[:4]] = hit
            else:
                stretches.setdefault(id(hit.inside.group), []).append(hit.inside)
        for same in stretches.values():
            waiting += _together(same)
    return sorted(found.values(), key=IN_ORDER)


def _row_of(inside: Stretch, derived: Hit) -> Hit:
    """The row in `inside` with which it became true; of a moment, that is the last one."""
    place = inside.end - 1
    while inside.group[place][:3] != derived[:3]:
        place -= 1
    return inside.group[place]


def _together(stretches: Sequence[Stretch]) -> list[Sequence[Hit]]:
    group = stretches[0].group
    parts: list[Sequence[Hit]] = []
    until = 0
    for start, end in sorted((one.start, one.end) for one in stretches):
        if end > until:
            parts.append(group[max(start, until) : end])
            until = end
    return parts


def firing_of(
    rule: str,
    hits: Sequence[Hit],
    *,
    at: int,
    group: Sequence[tuple[str, str]],
    measured: str,
) -> Firing:
    """The firing of `rule` on `hits`, which stand in the order of time, with the one at `at`."""
    row = hits[at]
    while row.inside is not None:
        row = _row_of(row.inside, row)
    events = events_of(hits)
    rules = Counter(hit.rule for hit in events)
    logs = Counter((hit.rule, hit.origin.kind) for hit in events)
    half = EVENTS_PER_FIRING // 2
    return Firing(
        rule=rule,
        at=row,
        first=events[0].time,
        last=events[-1].time,
        group=tuple(group),
        count=len(events) if len(rules) == 1 else len({hit[:3] for hit in events}),
        rules=tuple(rules.items()),
        events=tuple(
            events if len(events) <= EVENTS_PER_FIRING else events[:half] + events[-half:]
        ),
        measured=measured,
        damaged=any(hit.damaged for hit in events),
        logs=_by_kind(logs) if len(logs) > len(rules) else (),
    )


def _by_kind(logs: Counter[tuple[str, str]]) -> tuple[tuple[str, int], ...]:
    """The kinds of log of all rules, the most frequent first."""
    found: Counter[str] = Counter()
    for (_, kind), number in logs.items():
        found[kind] += number
    return tuple(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def as_match(firing: Firing, hits: Hits) -> Match:
    """The firing as a match of its rule, at the row with which it became true.

    Its values are those that the correlation looked at in that row, by our names.
    """
    row = firing.at
    artefact = hits.artefacts[row.origin]
    form = all_formats().get(artefact.format)
    fields = _fields(row, hits)
    values: dict[str, str] = {}
    for column in form.columns if form else ():
        if column.pattern is None and column.source in fields:
            values.setdefault(column.name, fields[column.source])
    return Match(
        rule=firing.rule,
        artefact=artefact,
        kind=row.origin.kind,
        time=row.time,
        place=row.place,
        values=values,
        text=firing.text,
        damaged=firing.damaged,
    )


def as_object(firing: Firing, hits: Hits) -> dict[str, Any]:
    """What `tocsin rules --json` prints of a firing, but for title and level of its rule."""
    return {
        "rule": firing.rule,
        "time": _stamp(firing.time),
        "from": _stamp(firing.first),
        "to": _stamp(firing.last),
        "group": dict(firing.group),
        "count": firing.count,
        "rules": dict(firing.rules),
        "text": firing.text,
        **({"damaged": True} if firing.damaged else {}),
        "events": [
            {
                "rule": hit.rule,
                "artefact": hit.origin.path,
                hit.origin.counts: hit.place,
                "time": _stamp(hit.time),
                "event": _fields(hit, hits),
            }
            for hit in firing.events
        ],
    }


def _fields(hit: Hit, hits: Hits) -> dict[str, str]:
    """The fields of a row that were kept for correlations."""
    names = hits.plan.kept[hit.rule]
    return {
        name: value for name, value in zip(names, hit.values, strict=True) if value is not None
    }


def _in_words(time: datetime) -> str:
    """A time as people read it beside those of rows: to the second unless there is more."""
    text = time.isoformat(sep=" ", timespec="milliseconds" if time.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def _stamp(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
