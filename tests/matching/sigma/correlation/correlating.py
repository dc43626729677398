"""Correlations, rules and rows made up for the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from tests.matching.rule_sets import form
from tocsin.matching.sigma.correlation.engine import Outcome, correlate
from tocsin.matching.sigma.correlation.hits import Hits
from tocsin.matching.sigma.correlation.link import Names, Plan, link
from tocsin.matching.sigma.correlation.read import read_correlation
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

START = datetime(2021, 3, 3, tzinfo=UTC)
FORM = form()
ARTEFACT = Artefact(path=EvidencePath.plain("one.log"), format="httpproxy", size_bytes=0)


class Row(NamedTuple):
    """A row of `rule`, so many seconds after the start; None has no time."""

    rule: str
    second: float | None
    fields: Mapping[str, str] = {}
    file: str = "one.log"
    damaged: bool = False
    place: int = 0
    """Its line; 0 is one of its own."""


def correlation(
    kind: str, *rules: str, timespan: str = "10s", **about: object
) -> dict[str, object]:
    """A document; ``group_by`` stands for ``group-by``."""
    section: dict[str, object] = {"type": kind, "rules": list(rules), "timespan": timespan}
    section |= {key.replace("_", "-"): value for key, value in about.items()}
    return {"title": "Many", "correlation": section}


def plan_of(*, rules: Iterable[str] = "abc", **documents: Mapping[str, object]) -> Plan:
    """The plan for correlations by id, which is also their name, over `rules`."""
    names = Names()
    for rule in (*rules, *documents):
        names.add(rule, [rule], "file.yml")
    return link(
        {identity: read_correlation(one) for identity, one in documents.items()},
        lambda name, _: names.find(name, "file.yml"),
    )


def hits_of(plan: Plan, rows: Iterable[Row]) -> Hits:
    """The rows as they are collected; each file numbers its rows."""
    hits = Hits(plan)
    for place, row in enumerate(rows, 1000):
        artefact = Artefact(path=EvidencePath.plain(row.file), format="httpproxy", size_bytes=0)
        event = Event(
            time=None if row.second is None else START + timedelta(seconds=row.second),
            place=row.place or place,
            fields=row.fields,
            text="",
        )
        hits.add(row.rule, artefact, FORM, event, damaged=row.damaged)
    return hits


def outcome_of(plan: Plan, rows: Iterable[Row]) -> Outcome:
    return correlate(hits_of(plan, rows))


def fired(document: Mapping[str, object], *rows: Row) -> list[tuple[float, float, int]]:
    """Of the firings of one correlation: first and last second, and the number of rows."""
    firings = outcome_of(plan_of(many=document), rows).firings
    return [
        ((one.first - START).total_seconds(), (one.last - START).total_seconds(), one.count)
        for one in firings
    ]


def rows(rule: str, *seconds: float, **fields: str) -> list[Row]:
    return [Row(rule, second, fields) for second in seconds]
