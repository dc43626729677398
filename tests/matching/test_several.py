"""Fields with several values: one of them must fit, each condition may find its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.format import LogSource
from tocsin.events.json_lines import flattened
from tocsin.matching.rules import Seen, load_rules
from tocsin.matching.several import JsonLinesRules
from tocsin.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROCESS = {"product": "windows", "category": "process_creation"}


@pytest.fixture(scope="session")
def rules_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., JsonLinesRules]:
    """Rules made of detections, in this order; the first is called rule-1."""

    def make(
        *detections: dict[str, Any],
        log_source: LogSource | None = None,
        logsource: dict[str, str] = PROCESS,
    ) -> JsonLinesRules:
        folder: Path = tmp_path_factory.mktemp("rules")
        for number, detection in enumerate(detections, start=1):
            whole = detection if "condition" in detection else {"s": detection, "condition": "s"}
            document = {"title": "T", "logsource": logsource, "detection": whole}
            (folder / f"rule-{number}.yml").write_text(yaml.safe_dump(document))
        loaded = load_rules([], user_sigma=[folder])
        assert () == loaded.failed
        return JsonLinesRules(loaded._sigma, log_source)

    return make


def event(record: dict[str, Any]) -> Event:
    fields = flattened(record)
    return Event(time=None, place=1, fields=fields, text=" ".join(fields.values()))


def ids(rules: JsonLinesRules, record: dict[str, Any]) -> list[str]:
    return [hit.id for hit in rules.hits(event(record))]


ROW = {"tags": ["alpha", "beta"], "ip": ["10.0.0.1", "192.0.2.7"], "n": [1, 50], "one": "x"}


@pytest.mark.parametrize(
    ("detection", "answer"),
    [
        ({"tags": "beta"}, True),
        ({"tags": "BETA"}, True),
        ({"tags|cased": "BETA"}, False),
        ({"tags": "bet"}, False),
        ({"tags|startswith": "bet"}, True),
        ({"tags|endswith": "alpha"}, True),
        ({"tags|re": "^beta$"}, True),
        ({"tags": "alpha*beta"}, False),
        ({"tags|contains|all": ["alph", "bet"]}, True),
        ({"tags": ["nothing", "alpha"]}, True),
        ({"tags": None}, False),
        ({"tags|exists": True}, True),
        ({"tags|neq": "beta"}, False),
        ({"tags|neq": "gamma"}, True),
        ({"ip|cidr": "192.0.2.0/24"}, True),
        ({"n|gt": 40}, True),
        ({"n": 50}, True),
        ({"tags": "beta", "one": "x"}, True),
        ({"tags": "beta", "one": "y"}, False),
        (["beta"], True),
        ({"s": {"tags": "alpha"}, "f": {"tags": "beta"}, "condition": "s and not f"}, False),
        ({"s": {"tags": "alpha"}, "f": {"tags": "gamma"}, "condition": "s and not f"}, True),
        ({"s": {"one": "y"}, "f": {"tags": "alpha"}, "condition": "1 of them"}, True),
    ],
    ids=str,
)
def test_one_value_must_fit(
    rules_of: Callable[..., JsonLinesRules], detection: dict[str, Any], answer: bool
) -> None:
    assert (["rule-1"] if answer else []) == ids(rules_of(detection), ROW)


def test_answers_come_in_rule_order(rules_of: Callable[..., JsonLinesRules]) -> None:
    rules = rules_of({"tags": "beta"}, {"one": "x"}, {"tags|contains": "a"}, {"tags": "no"})
    assert ["rule-1", "rule-2", "rule-3"] == ids(rules, ROW)


def test_without_a_log_source_every_rule_is_asked(
    rules_of: Callable[..., JsonLinesRules],
) -> None:
    rules = rules_of({"one": "x"}, logsource={"product": "linux", "service": "auditd"})
    assert ("rule-1",) == rules.ids
    assert ["rule-1"] == ids(rules, ROW)


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ({"product": "windows", "category": "process_creation"}, True),
        ({"category": "process_creation"}, True),
        ({"product": "windows"}, True),
        ({"product": "windows", "category": "process_creation", "service": "sysmon"}, False),
        ({"product": "linux", "category": "process_creation"}, False),
    ],
)
def test_a_named_log_source_is_asked_by_rules_that_agree_with_it(
    rules_of: Callable[..., JsonLinesRules], wanted: dict[str, str], asked: bool
) -> None:
    rules = rules_of({"tags": "beta"}, log_source=LogSource(**PROCESS), logsource=wanted)
    assert asked == bool(rules.ids)
    assert asked == bool(ids(rules, ROW))


def test_fields_that_were_seen_are_noted(rules_of: Callable[..., JsonLinesRules]) -> None:
    rules, seen = rules_of({"tags": "beta"}, {"never": "x"}), Seen()
    rules.hits(event(ROW), seen)
    assert {"rule-2": frozenset({"never"})} == seen.never_seen()


WORDS = st.sampled_from(["a", "A", "ab", "b", "ba", "c"])
MODIFIERS = st.sampled_from(["", "|contains", "|startswith", "|endswith", "|cased", "|re"])


@given(
    values=st.lists(WORDS, min_size=2, max_size=4),
    wanted=st.lists(WORDS, min_size=1, max_size=2),
    modifier=MODIFIERS,
    negated=st.booleans(),
)
def test_a_list_answers_as_its_values_do_one_by_one(
    rules_of: Callable[..., JsonLinesRules],
    values: list[str],
    wanted: list[str],
    modifier: str,
    negated: bool,
) -> None:
    yes = rules_of({f"f{modifier}": wanted})
    alone = any(ids(yes, {"f": value}) for value in values)
    condition = {"s": {f"f{modifier}": wanted}, "condition": "not s" if negated else "s"}
    assert (alone is not negated) == bool(ids(rules_of(condition), {"f": values}))
