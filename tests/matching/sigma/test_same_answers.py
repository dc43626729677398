"""Reference and fast engine give the same pairs of event and rule, whatever the rule and the event.

`make soak` takes many more examples. A file that is found wrong is printed as bytes, with its rules.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.matching.sigma.generated_logs import LOGS
from tests.matching.sigma.generated_rules import KINDS
from tests.matching.sigma.generation import (
    Case,
    File,
    cases,
    cases_of_one_line,
    expected,
    files,
    parsed_rule,
    rules_that_fit,
)
from tests.matching.sigma.rule_making import event, hits, loaded, scanned
from tocsin.events.format import all_formats

EXAMPLES = settings().max_examples
"""100, and 5,000 in the profile of `make soak`."""


@given(case=cases())
@settings(max_examples=EXAMPLES // 2)
def test_the_first_events_of_a_case_fit_its_rules(case: Case) -> None:
    """By construction, which asks no engine; so this is a test of the reference."""
    for number, rule in enumerate(case.rules):
        assert f"rule-{number}" in rules_that_fit(event(case.events[number]), [rule])


@pytest.mark.parametrize("name", sorted(LOGS))
@given(data=st.data())
@settings(max_examples=EXAMPLES // 10)
def test_every_rule_fits_a_row_of_a_whole_file(name: str, data: st.DataObject) -> None:
    file: File = data.draw(files(name, damaged=False))
    found = {rule for _, rule in expected(file.data, file.format, file.rules, file.path)}
    assert found == {str(parsed_rule(text).name) for text in file.rules}


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(data=st.data())
@settings(max_examples=EXAMPLES // 2)
def test_one_line_means_the_same_to_both(kind: str, data: st.DataObject) -> None:
    case: Case = data.draw(cases_of_one_line(kind))
    assert "rule-0" in rules_that_fit(event(case.events[0]), case.rules)
    _hold_against_each_other(case)


@given(case=cases())
@settings(max_examples=EXAMPLES // 2)
def test_the_same_rules_fit_the_same_events(case: Case) -> None:
    _hold_against_each_other(case)


def _hold_against_each_other(case: Case) -> None:
    rules, form = loaded(case.rules), all_formats()["httpproxy"]
    # One record for all, so that a keyword may stand in the record alone, or in a value alone.
    record = "|".join(case.events[0].values())
    for fields in case.events:
        row = event({**fields, "_text": record})
        assert rules_that_fit(row, case.rules) == hits(rules, form, row)


@pytest.mark.parametrize("name", sorted(LOGS))
@given(data=st.data())
@settings(max_examples=EXAMPLES // 3)
def test_the_same_rules_fit_the_same_rows_of_a_file(name: str, data: st.DataObject) -> None:
    file: File = data.draw(files(name))
    wanted = expected(file.data, file.format, file.rules, file.path)
    assert wanted == scanned(loaded(file.rules), file.format, file.path, file.data)
