"""The table in correlations.yml, case by case, through the engine of correlations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import yaml

from tests.matching.sigma.generation import parsed_rule
from tests.matching.sigma.rule_making import rule_text
from tocsin.errors import KnowledgeError
from tocsin.events.format import all_formats
from tocsin.matching.sigma import reference
from tocsin.matching.sigma.correlation.engine import correlate
from tocsin.matching.sigma.correlation.hits import Hits
from tocsin.matching.sigma.correlation.link import Names, Plan, link
from tocsin.matching.sigma.correlation.read import read_correlation
from tocsin.matching.sigma.correlation.rule import Type
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2021, 3, 3, tzinfo=UTC)
Windows = dict[str, tuple[tuple[int, int, int], ...]]


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the table."""

    says: str
    rules: dict[str, object]
    correlations: dict[str, dict[str, object]]
    events: tuple[dict[str, str | int], ...] = ()
    fires: Windows | None = None
    speaks: tuple[str, ...] | None = None
    refused: str = ""


def cases() -> list[Case]:
    text = Path(__file__).with_name("correlations.yml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), list[Case])


def plan_of(case: Case) -> Plan:
    names = Names()
    for name in (*case.rules, *case.correlations):
        names.add(name, [name], "file.yml")
    read = {
        name: read_correlation({"title": name, "name": name, "correlation": section})
        for name, section in case.correlations.items()
    }
    return link(read, lambda name, _: names.find(name, "file.yml"))


def events_of(case: Case) -> Iterator[Event]:
    for place, one in enumerate(case.events, 1):
        fields = {name: str(value) for name, value in one.items() if name != "t"}
        time = START + timedelta(seconds=int(one["t"]))
        yield Event(time=time, place=place, fields=fields, text="")


@pytest.mark.parametrize("case", [one for one in cases() if not one.refused], ids=lambda c: c.says)
def test_a_correlation_fires(case: Case) -> None:
    plan, form = plan_of(case), all_formats()["httpproxy"]
    assert {} == plan.failed
    artefact = Artefact(path=EvidencePath.plain("one.log"), format=form.name, size_bytes=0)
    hits = Hits(plan)
    for event in events_of(case):
        for name, selection in case.rules.items():
            text = rule_text({"selection": selection, "condition": "selection"}, name=name)
            if reference.matches(parsed_rule(text), event):
                hits.add(name, artefact, form, event)
    found: Windows = {}
    for firing in correlate(hits).firings:
        first, last = (int((at - START).total_seconds()) for at in (firing.first, firing.last))
        found[firing.rule] = (*found.get(firing.rule, ()), (first, last, firing.count))
    assert case.fires == {name: windows for name, windows in found.items() if windows}
    if case.speaks is not None:
        assert set(case.speaks) == case.rules.keys() - plan.silent


@pytest.mark.parametrize("case", [one for one in cases() if one.refused], ids=lambda c: c.says)
def test_a_correlation_is_refused(case: Case) -> None:
    try:
        reason = " ".join(plan_of(case).failed.values())
    except KnowledgeError as error:
        reason = str(error)
    assert case.refused in reason


def test_every_case_says_what_fires_or_why_it_is_refused() -> None:
    for case in cases():
        assert bool(case.refused) != (bool(case.events) and case.fires is not None), case.says
        assert (case.fires or {}).keys() <= case.correlations.keys()


def test_the_table_is_as_long_as_it_should_be() -> None:
    listed = cases()
    assert len(listed) > 40
    assert len(listed) == len({case.says for case in listed})
    types = {section["type"] for case in listed for section in case.correlations.values()}
    assert set(Type) <= types
