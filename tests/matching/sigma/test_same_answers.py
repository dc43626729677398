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
from tests.matching.sigma.rule_making import asked, event, hits, loaded, scanned
from tocsin.events import bulk
from tocsin.events.format import all_formats
from tocsin.matching.sigma import choosing, records, samples
from tocsin.matching.sigma.routing import is_event_log

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
@given(data=st.data(), at_once=st.sampled_from((2**20, 2**20, 1000, 100, 7)))
@settings(max_examples=EXAMPLES // 3)
def test_the_same_rules_fit_the_same_rows_of_a_file(
    name: str, data: st.DataObject, at_once: int
) -> None:
    file: File = data.draw(files(name))
    wanted = expected(file.data, file.format, file.rules, file.path)
    rules = loaded(file.rules)
    assert wanted == scanned(rules, file.format, file.path, file.data, at_once=at_once)
    assert wanted == asked(rules, file.format, file.path, file.data, at_once=at_once)


@pytest.mark.parametrize("name", sorted(name for name in LOGS if all_formats()[name].bulk))
@given(
    data=st.data(),
    common=st.sampled_from((2.0, 0.2, samples.COMMON)),
    repeated=st.sampled_from((100.0, 0.0, choosing.REPEATED)),
    at_once=st.sampled_from((2**20, 300)),
)
@settings(max_examples=EXAMPLES // 2)
def test_the_same_rules_fit_the_same_rows_that_are_read_in_bulk(
    name: str, data: st.DataObject, common: float, repeated: float, at_once: int
) -> None:
    """Small files are read row by row, and what is rare in a large one is common in them.

    So here every row counts as worth it, and the same file is narrowed by what each rule needs
    (`common` above 1), by combinations of values (`repeated`), or by neither.
    """
    file: File = data.draw(files(name))
    wanted = expected(file.data, file.format, file.rules, file.path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "FEWEST", 1)
        patch.setattr(bulk, "READ_FIRST", 0)
        patch.setattr(samples, "COMMON", common)
        patch.setattr(choosing, "REPEATED", repeated)
        rules = loaded(file.rules)
        assert wanted == scanned(rules, file.format, file.path, file.data, at_once=at_once)


@pytest.mark.parametrize(
    "name", sorted(name for name in LOGS if is_event_log(all_formats()[name]))
)
@given(
    data=st.data(),
    common=st.sampled_from((1000.0, 1000.0, records.COMMON)),
    sample=st.sampled_from((1, 1, 3)),
    worth=st.sampled_from((0, records.WORTH)),
)
@settings(max_examples=EXAMPLES // 2)
def test_the_same_rules_fit_the_same_events_that_are_searched(
    name: str, data: st.DataObject, common: float, sample: int, worth: int
) -> None:
    """The first events of a kind are asked about in full; here they are searched nearly at once.

    Where nothing is worth it (`worth` of 0), what is searched for is chosen anew again and again.
    """
    file: File = data.draw(files(name))
    wanted = expected(file.data, file.format, file.rules, file.path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "FEWEST", 1)
        patch.setattr(records, "SAMPLE", sample)
        patch.setattr(records, "FIRST", 0)
        patch.setattr(records, "MOST", 1)
        patch.setattr(records, "WORTH", worth)
        patch.setattr(records, "COMMON", common)
        rules = loaded(file.rules)
        assert wanted == scanned(rules, file.format, file.path, file.data)
        assert wanted == asked(rules, file.format, file.path, file.data)
