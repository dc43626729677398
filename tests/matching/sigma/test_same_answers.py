"""Reference and fast engine give the same pairs of event and rule, whatever the rule and the event.

`make soak` takes many more examples. A file that is found wrong is printed as bytes, with its rules.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.matching.sigma.generated_logs import LOGS
from tests.matching.sigma.generation import (
    Case,
    File,
    cases,
    expected,
    files,
    rules_that_fit,
)
from tests.matching.sigma.rule_making import event, hits, loaded, scanned
from tocsin.events.format import all_formats


@given(case=cases())
def test_the_first_events_of_a_case_fit_its_rules(case: Case) -> None:
    """By construction, which asks no engine; so this is a test of the reference."""
    for number, rule in enumerate(case.rules):
        assert f"rule-{number}" in rules_that_fit(event(case.events[number]), [rule])


@pytest.mark.parametrize("name", sorted(LOGS))
@given(data=st.data())
@settings(max_examples=settings().max_examples // 4)
def test_every_rule_fits_a_row_of_a_whole_file(name: str, data: st.DataObject) -> None:
    file: File = data.draw(files(name, damaged=False))
    found = {rule for _, rule in expected(file.data, file.format, file.rules, file.path)}
    assert {f"rule-{number}" for number in range(len(file.rules) - len(LOGS[name].own))} <= found
    assert {f"own-{number}" for number in range(len(LOGS[name].own))} <= found


@given(case=cases())
def test_the_same_rules_fit_the_same_events(case: Case) -> None:
    rules, form = loaded(case.rules), all_formats()["httpproxy"]
    for fields in case.events:
        row = event({**fields, "_text": "|".join(fields.values())})
        assert rules_that_fit(row, case.rules) == hits(rules, form, row)


@pytest.mark.parametrize("name", sorted(LOGS))
@given(data=st.data())
@settings(max_examples=settings().max_examples // 2)
def test_the_same_rules_fit_the_same_rows_of_a_file(name: str, data: st.DataObject) -> None:
    file: File = data.draw(files(name))
    wanted = expected(file.data, file.format, file.rules, file.path)
    assert wanted == scanned(loaded(file.rules), file.format, file.path, file.data)
