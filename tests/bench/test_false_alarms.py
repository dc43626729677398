"""What counts as a false alarm, and how it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from bench import false_alarms
from bench.everyday import FORMATS, write_text_logs
from bench.false_alarms import EXPLAINED, Explained, Fired, Run, Why, counted, unexplained
from tests.stories import rows
from tocsin.knowledge.packs import all_packs
from tocsin.matching.rules import RuleSet, load_rules
from tocsin.model.grade import Grade

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(all_packs())


@pytest.fixture(scope="module")
def explained() -> Explained:
    return msgspec.toml.decode(EXPLAINED.read_bytes(), type=Explained)


def a_run(*fired: Fired) -> Run:
    return Run(
        what="iis", rows=9, different=None, cpu_s=1, benign=0, fired=tuple(fired), problems=0
    )


def fired(rule: str, grade: Grade) -> Fired:
    return Fired(rule=rule, pack="sample", matches=3, grade=grade)


def test_a_rule_that_nobody_explained_and_one_that_got_further_are_false_alarms() -> None:
    known = Explained(rule={"known": Why(grade=Grade.PROBE, why="a scanner")})
    run = a_run(
        fired("known", Grade.PROBE), fired("known", Grade.ATTEMPT), fired("new", Grade.PROBE)
    )
    assert [("known", Grade.ATTEMPT), ("new", Grade.PROBE)] == [
        (one.rule, one.grade) for one in unexplained(run, known)
    ]


def test_the_table_says_what_is_not_explained() -> None:
    known = Explained(rule={"known": Why(grade=Grade.PROBE, why="a scanner")})
    table = false_alarms.as_markdown([a_run(fired("new", Grade.PROBE))], known)
    assert "| iis | sample | `new` | 3 | probe | **not explained** |" in table.splitlines()


def test_nothing_is_explained_that_is_no_rule(explained: Explained, rules: RuleSet) -> None:
    assert set() == set(explained.rule) - set(rules.infos)


def test_whatever_is_explained_stays_a_probe(explained: Explained) -> None:
    assert {Grade.PROBE} == {why.grade for why in explained.rule.values()}


@pytest.mark.parametrize("name", list(FORMATS))
def test_everyday_rows_raise_no_false_alarm(
    name: str, rules: RuleSet, explained: Explained, tmp_path: Path
) -> None:
    told = write_text_logs(tmp_path, name, 3000)
    run = counted(tmp_path, rules, name, told.different)
    assert told.rows == run.rows
    assert [] == unexplained(run, explained)


def test_an_attack_among_the_rows_would_be_seen(rules: RuleSet, tmp_path: Path) -> None:
    rows.iis_request(
        tmp_path, "/ecp/default.aspx", "__VIEWSTATE=%2fwEySAMPLE", method="GET", status="500"
    )
    run = counted(tmp_path, rules, "iis", None)
    assert [("cve-2020-0688-iis-object", 1, Grade.ATTEMPT)] == [
        (one.rule, one.matches, one.grade) for one in run.fired
    ]


def test_the_table_takes_the_place_of_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nB\n", "utf-8")
    monkeypatch.setattr(false_alarms, "PAGE", page)
    false_alarms.record("new")
    assert (
        page.read_text("utf-8")
        == "# A\n<!-- measured: begin -->\n\nnew\n\n<!-- measured: end -->\nB\n"
    )
