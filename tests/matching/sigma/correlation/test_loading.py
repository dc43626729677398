"""Correlations among the user's rules, and in a hunt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.matching.rule_sets import sigma
from tocsin.evidence.open import open_collection
from tocsin.matching.readers import Readers
from tocsin.matching.rules import load_rules
from tocsin.model.grade import Confidence, Grade, Severity
from tocsin.model.progress import SilentProgress
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from tocsin.matching.reading import Reading
    from tocsin.matching.rules import RuleSet

ID = "11111111-1111-4111-8111-111111111111"
HEADER = "#Software: Microsoft Internet Information Services\r\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\r\n"
GUESS = sigma("guess", {"sc-status": "401"}, id=ID, logsource={"category": "webserver"}).text
ENTER = sigma("enter", {"sc-status": "200"}, logsource={"category": "webserver"}).text


def section(**changes: object) -> dict[str, object]:
    return {
        "type": "event_count",
        "rules": [ID],
        "group-by": ["c-ip"],
        "timespan": "1m",
        "condition": {"gte": 3},
        **changes,
    }


def many(**changes: object) -> dict[str, object]:
    document = {"title": "Many guesses", "name": "many", "level": "high"}
    return {**document, "correlation": section(), **changes}


def then() -> dict[str, object]:
    about = {
        "type": "temporal_ordered",
        "rules": ["many", "enter"],
        "group-by": ["c-ip"],
        "timespan": "5m",
    }
    return {"title": "Guessed", "correlation": about}


def rules_of(folder: Path, *documents: str | dict[str, object]) -> RuleSet:
    texts = [one if isinstance(one, str) else yaml.safe_dump(one) for one in documents]
    folder.joinpath("rules.yml").write_text("\n---\n".join(texts), encoding="utf-8")
    return load_rules([], user_sigma=[folder / "rules.yml"])


def hunted(folder: Path, rules: RuleSet, *lines: str) -> Reading:
    log = folder / "server/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"
    log.parent.mkdir(parents=True)
    log.write_text(HEADER + "".join(f"2021-03-03 {line}\r\n" for line in lines), encoding="utf-8")
    with open_collection(folder / "server") as collection:
        return Readers(collection, rules, []).read(SilentProgress())


def test_a_correlation_is_a_lead_and_its_rules_keep_quiet(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, GUESS, many(tags=["attack.t1110"], falsepositives=["a test"]))
    assert () == rules.failed
    assert ["guess", "many"] == list(rules.infos)
    info = rules.infos["many"]
    assert (RuleKind.LEAD, Grade.ATTEMPT, Confidence.LOW, Severity.HIGH) == (
        info.kind,
        info.grade,
        info.confidence,
        info.severity,
    )
    assert ("Many guesses", ("T1110",), ("a test",)) == (
        info.title,
        info.attack,
        info.benign_explanations,
    )
    assert {"guess"} == rules.correlations.silent


def test_a_hunt_tells_each_firing_once_whatever_the_order_of_rows(tmp_path: Path) -> None:
    found = hunted(
        tmp_path,
        rules_of(tmp_path, GUESS, ENTER, many(), then()),
        "10:00:20 192.0.2.1 POST /owa 200",
        "10:00:01 192.0.2.1 POST /owa 401",
        "10:00:03 192.0.2.1 POST /owa 401",
        "10:00:02 192.0.2.9 POST /owa 401",
        "10:00:02 192.0.2.1 POST /owa 401",
    )
    match = next(iter(found.matches))
    assert ["rules"] == [one.rule for one in found.matches]
    assert {"rules": 1} == dict(found.counts)
    assert (3, "iis:frontend", {"client_ip": "192.0.2.1"}) == (
        match.place,
        match.kind,
        match.values,
    )
    assert (
        "4 rows from 2021-03-03 10:00:01Z to 2021-03-03 10:00:20Z (guess 3, enter 1); "
        "2 of 2 rules, in order; c-ip = 192.0.2.1"
    ) == match.text


def test_with_generate_the_rows_are_told_as_well(tmp_path: Path) -> None:
    document = many(generate=True)
    lines = [f"10:00:0{second} 192.0.2.1 POST /owa 401" for second in range(3)]
    found = hunted(tmp_path, rules_of(tmp_path, GUESS, document), *lines)
    assert {"guess": 3, "many": 1} == dict(found.counts)
    assert ["guess", "guess", "guess", "many"] == [one.rule for one in found.matches]


def test_what_could_not_be_correlated_is_told(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, GUESS, many())
    found = hunted(tmp_path, rules, "10:00:00 - POST /owa 401")
    assert ["many: 1 row without a field to group by could not be correlated."] == found.limits


def test_a_correlation_without_its_log_is_not_applicable(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, GUESS, many())
    assert ["guess", "many"] == list(rules.not_applicable({"evtx"}))
    assert [] == list(rules.not_applicable({"iis"}))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"correlation": section(timespan="never")}, "correlation.timespan: 'never' is not"),
        ({"level": "loud"}, "'loud' is not a valid Sigma"),
        ({"correlation": section(rules=[ID, "x"])}, "has the id or name 'x'"),
    ],
)
def test_a_broken_correlation_is_told_and_its_rules_keep_quiet(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    other = sigma("other", {"A": "x"}).text
    rules = rules_of(tmp_path, GUESS, many(**change), other)
    assert ["other"] == list(rules.infos)
    assert 2 == len(rules.failed)
    assert reason in rules.failed[0].reason
    assert "serves only correlations, of which none can be used" == rules.failed[1].reason
    assert {str(tmp_path / "rules.yml")} == {one.file for one in rules.failed}


def test_a_rule_may_stand_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/many.yml").write_text(yaml.safe_dump(many()), encoding="utf-8")
    (tmp_path / "a/z.yml").write_text(GUESS, encoding="utf-8")
    rules = load_rules([], user_sigma=[tmp_path / "a"])
    assert () == rules.failed
    assert ["guess", "many"] == list(rules.infos)


def test_filters_reach_the_rules_that_correlations_stand_on(tmp_path: Path) -> None:
    known: dict[str, object] = {
        "title": "F",
        "logsource": {"category": "webserver"},
        "filter": {"rules": ["guess"], "s": {"c-ip": "192.0.2.1"}, "condition": "not s"},
    }
    lines = [f"10:00:0{n} 192.0.2.{n % 2} POST /owa 401" for n in range(6)]
    found = hunted(tmp_path, rules_of(tmp_path, GUESS, many(), known), *lines)
    assert [{"client_ip": "192.0.2.0"}] == [one.values for one in found.matches]


def test_the_example_in_the_reference_does_what_its_title_says(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs/reference/rules.md").read_text(encoding="utf-8")
    example = (
        page.partition("\n## Correlations\n")[2].partition("```yaml\n")[2].partition("```")[0]
    )
    guesses = [f"10:00:{n:02} 192.0.2.1 POST /owa/auth.owa 401" for n in range(20)]
    rules = rules_of(tmp_path, example)
    assert () == rules.failed
    found = hunted(tmp_path, rules, "10:05:00 192.0.2.1 POST /owa/auth.owa 302", *guesses)
    assert ["Many guesses, and then the right one"] == [
        rules.infos[one.rule].title for one in found.matches
    ]
    assert [3] == [one.place for one in found.matches]
