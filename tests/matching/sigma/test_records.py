"""How seldom a search is made for Windows events; that it loses no hit is a property elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.matching.rule_sets import event, form, pack, sigma
from tocsin.events.format import LogSource
from tocsin.matching.prefilter import Prefilter
from tocsin.matching.rules import load_rules
from tocsin.matching.sigma import records
from tocsin.matching.sigma.records import Records

if TYPE_CHECKING:
    import pytest

    from tocsin.model.event import Event

SYSMON = "Microsoft-Windows-Sysmon/Operational"
PROCESS = {"product": "windows", "category": "process_creation"}
EVTX = form("evtx", LogSource(product="windows"))
COUNT = 5


def words(number: int) -> list[str]:
    return [f"thelongone{number}", f"short{number}"]


def searched(patch: pytest.MonkeyPatch) -> tuple[Records, list[set[bytes]]]:
    """Rules that need two texts each, and the texts of all searches that will be made."""
    rules = [
        sigma(f"rule{n}", {"CommandLine|contains|all": words(n)}, logsource=PROCESS)
        for n in range(COUNT)
    ]
    made: list[set[bytes]] = []

    class Noted(Prefilter):
        def __init__(self, patterns: list[bytes]) -> None:
            made.append(set(patterns))
            super().__init__(patterns)

    patch.setattr(records, "Prefilter", Noted)
    return Records(load_rules([pack(*rules)]).sigma_for(EVTX)), made


def created(command: str) -> Event:
    return event({"EventID": "1", "CommandLine": command}, SYSMON)


def test_one_choice_lasts_while_little_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, made = searched(monkeypatch)
    for _ in range(5000):
        assert [] == list(asked.hits(created("whoami")))
    assert [{b"thelongone%d" % n for n in range(COUNT)}] == made


def test_events_of_which_few_came_are_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, made = searched(monkeypatch)
    for _ in range(records.SAMPLE - 1):
        asked.hits(created("whoami"))
    assert [] == made


def test_a_text_that_later_events_all_hold_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, made = searched(monkeypatch)
    longer = " ".join(words(n)[0] for n in range(COUNT))
    for command in ["whoami"] * 1000 + [longer] * 1000:
        assert [] == list(asked.hits(created(command)))
    assert [
        {b"thelongone%d" % n for n in range(COUNT)},
        {b"short%d" % n for n in range(COUNT)},
    ] == made
    assert ["rule3"] == [hit.id for hit in asked.hits(created(f"{longer} SHORT3"))]
