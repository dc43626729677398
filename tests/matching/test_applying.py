"""Rules over any files: hits one by one, and the account of everything."""

from __future__ import annotations

import gzip
import json
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.stories import rows
from tocsin.errors import KnowledgeError, SourceError
from tocsin.events.format import LogSource
from tocsin.matching.applying import Application, Wishes, load
from tocsin.matching.room import MATCHES_PER_RULE
from tocsin.matching.scan import Period
from tocsin.model.grade import Severity
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.matching.applied import Hit, Summary

PROCESS = {"product": "windows", "category": "process_creation"}


def rule(folder: Path, name: str, detection: dict[str, Any], **more: object) -> Path:
    """A rule file of one selection."""
    document = {
        "title": f"Rule {name}",
        "logsource": PROCESS,
        "level": "high",
        "detection": {"s": detection, "condition": "s"},
        **more,
    }
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.yml"
    path.write_text(yaml.safe_dump(document))
    return path


def lines(path: Path, *records: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path


def applied(
    rules: Path, *sources: Path, wishes: Wishes | None = None
) -> tuple[list[Hit], Summary]:
    application = Application(load([rules]), wishes or Wishes())
    hits = list(application.hits(sources, SilentProgress()))
    return hits, application.summary()


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Two rules about processes, one of them low, and one about a web server."""
    folder = tmp_path / "rules"
    rule(folder, "cmd", {"Image|endswith": "\\cmd.exe"})
    rule(folder, "any", {"Image": "*"}, level="low")
    rule(folder, "web", {"cs-uri-stem": "/x"}, logsource={"category": "webserver"})
    return folder


CMD = {"Image": "C:\\Windows\\cmd.exe", "time": "2021-03-03T06:00:00Z"}
CALC = {"Image": "C:\\Windows\\calc.exe", "time": "2021-03-04T06:00:00Z"}
SECURITY = {
    "EventID": 4688,
    "Channel": "Security",
    "TimeCreated": "2021-03-03T06:00:00Z",
    "NewProcessName": "C:\\Windows\\cmd.exe",
}


def test_hits_come_in_the_order_of_rows_and_of_rules(rules: Path, tmp_path: Path) -> None:
    hits, summary = applied(rules, lines(tmp_path / "e.jsonl", CALC, CMD))
    assert [(1, "any"), (2, "any"), (2, "cmd")] == [(hit.event.place, hit.rule.id) for hit in hits]
    assert (3, 2, 3) == (summary.rules, summary.events, summary.matches)
    assert {"any": 2, "cmd": 1} == summary.matches_by_rule


def test_json_lines_without_a_log_source_are_shown_to_every_rule(
    rules: Path, tmp_path: Path
) -> None:
    hits, summary = applied(rules, lines(tmp_path / "e.jsonl", {"cs-uri-stem": "/x"}))
    assert ["web"] == [hit.rule.id for hit in hits]
    assert (1, ()) == (summary.asked_of_every_rule, summary.not_applicable)


def test_a_log_source_narrows_them(rules: Path, tmp_path: Path) -> None:
    wishes = Wishes(log_source=LogSource(**PROCESS))
    hits, summary = applied(
        rules, lines(tmp_path / "e.jsonl", CMD | {"cs-uri-stem": "/x"}), wishes=wishes
    )
    assert ["any", "cmd"] == [hit.rule.id for hit in hits]
    assert (0, ("web",)) == (summary.asked_of_every_rule, summary.not_applicable)


def test_windows_events_have_their_own_log_source_whatever_is_said(
    rules: Path, tmp_path: Path
) -> None:
    wishes = Wishes(log_source=LogSource(category="webserver"))
    hits, summary = applied(rules, lines(tmp_path / "e.jsonl", SECURITY), wishes=wishes)
    assert ["any", "cmd"] == [hit.rule.id for hit in hits]
    assert {"events_json": 1} == summary.formats
    assert ("web",) == summary.not_applicable


def test_a_folder_an_archive_and_a_packed_file_give_the_same(rules: Path, tmp_path: Path) -> None:
    file = lines(tmp_path / "folder" / "e.jsonl", CMD, CALC)
    (tmp_path / "folder" / "notes.txt").write_text("no events\n")
    packed = tmp_path / "e.jsonl.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.write(file, "e.jsonl")
    told = [applied(rules, source) for source in (file, file.parent, packed, tmp_path / "e.zip")]
    assert 1 == len({tuple((hit.rule.id, hit.event.place) for hit in hits) for hits, _ in told})
    assert [0, 1, 0, 0] == [summary.unknown_files for _, summary in told]
    assert [1, 1, 1, 1] == [summary.files for _, summary in told]


def test_exchange_and_iis_logs_are_read_as_in_a_hunt(rules: Path, tmp_path: Path) -> None:
    hits, summary = applied(rules, rows.iis_request(tmp_path / "server", "/x"))
    assert ["web"] == [hit.rule.id for hit in hits]
    assert {"iis": 1} == summary.formats
    assert ("any", "cmd") == summary.not_applicable


def test_a_flood_of_hits_is_told_to_the_last(rules: Path, tmp_path: Path) -> None:
    number = MATCHES_PER_RULE + 100
    hits, summary = applied(rules, lines(tmp_path / "e.jsonl", *[CMD] * number))
    assert 2 * number == len(hits) == summary.matches


def test_a_damaged_row_is_a_problem_and_what_is_left_of_it_is_shown_to_rules(
    rules: Path, tmp_path: Path
) -> None:
    log = rows.iis(tmp_path / "server", "2021-03-03 06:27:13 10.0.0.4 GET /x - 443 - 192.0.2.7 a")
    hits, summary = applied(rules, log)
    assert [True] == [hit.damaged for hit in hits]
    assert (0, {"truncated": 1}) == (summary.events, summary.problems)


def test_a_period_leaves_rows_out_and_says_so(rules: Path, tmp_path: Path) -> None:
    wishes = Wishes(period=Period(since=datetime(2021, 3, 4, tzinfo=UTC)))
    untimed = {"Image": "x"}
    hits, summary = applied(rules, lines(tmp_path / "e.jsonl", CMD, CALC, untimed), wishes=wishes)
    assert [2, 3] == [hit.event.place for hit in hits]
    assert (3, 1) == (summary.events, summary.outside_period)


def test_a_level_leaves_hits_out_and_says_so(rules: Path, tmp_path: Path) -> None:
    wishes = Wishes(lowest=Severity.MEDIUM)
    hits, summary = applied(rules, lines(tmp_path / "e.jsonl", CMD, CALC), wishes=wishes)
    assert ["cmd"] == [hit.rule.id for hit in hits]
    assert (1, 2, 3) == (summary.matches, summary.below_level, summary.rules)


def test_a_field_that_no_event_has_is_told(rules: Path, tmp_path: Path) -> None:
    rule(rules, "odd", {"Nonesuch": "x"})
    _, summary = applied(rules, lines(tmp_path / "e.jsonl", CMD))
    assert ("odd", "web") == summary.fields_never_seen


def test_what_fails_among_others_is_told_with_its_file(rules: Path, tmp_path: Path) -> None:
    (rules / "broken.yml").write_text("a: [")
    hits, summary = applied(rules, lines(tmp_path / "e.jsonl", CALC))
    assert 1 == len(hits)
    assert [str(rules / "broken.yml")] == [one.file for one in summary.failed]


def test_yara_files_are_counted_and_left_alone(rules: Path, tmp_path: Path) -> None:
    (rules / "page.yar").write_text("rule page { condition: true }")
    _, summary = applied(rules, lines(tmp_path / "e.jsonl", CALC))
    assert (1, 3, ()) == (summary.yara_files, summary.rules, summary.failed)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "there is no Sigma rule"),
        ({"notes.txt": "no rule"}, "there is no Sigma rule"),
        ({"page.yar": "rule page { condition: true }"}, "there are YARA rules only"),
        ({"broken.yml": "a: ["}, "not one Sigma rule can be used: "),
    ],
    ids=["empty", "others", "yara", "broken"],
)
def test_no_rule_at_all_is_an_error_that_says_why(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(KnowledgeError, match=said):
        load([tmp_path])


def test_thousands_of_files_that_are_no_rules_are_told_in_few_words(tmp_path: Path) -> None:
    for number in range(2000):
        (tmp_path / f"{number:04}.yml").write_text(f"key: {number}")
    with pytest.raises(KnowledgeError) as told:
        load([tmp_path])
    assert "and 1995 more" in str(told.value)
    assert 5 == str(told.value).count(".yml")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("e.bin", b"\x00\x01"),
        ("e.json", b'[{"a": 1},\n{"a": 2}]\n'),
        ("e.jsonl", b""),
        ("a.txt", b"text"),
    ],
)
def test_a_file_that_is_no_events_is_refused(
    rules: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=r"is neither an archive .* one object on each line"):
        applied(rules, tmp_path / name)


def test_a_folder_without_events_is_refused(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no file of events"):
        applied(rules, tmp_path / "empty")


def test_one_bad_source_among_several_is_a_problem(rules: Path, tmp_path: Path) -> None:
    file = lines(tmp_path / "e.jsonl", CMD)
    hits, summary = applied(rules, tmp_path / "nowhere", file)
    assert [str(file)] * 2 == [hit.source for hit in hits]
    assert {"source": 1} == summary.problems


CORRELATION = """
title: Cmd
name: cmd
logsource: {product: windows, category: process_creation}
detection:
  s: {Image|endswith: '\\cmd.exe'}
  condition: s
---
title: Many
name: many
level: critical
correlation:
  type: event_count
  rules: [cmd]
  group-by: [User]
  timespan: 1h
  condition: {gte: 3}
"""


def test_a_correlation_fires_after_all_hits_and_its_rules_keep_silent(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "many.yml").write_text(CORRELATION)
    rule(folder, "any", {"Image": "*"})
    file = lines(tmp_path / "e.jsonl", *[CMD | {"User": "a"}] * 3, CMD | {"User": "b"})
    application = Application(load([folder]), Wishes())
    hits = list(application.hits([file], SilentProgress()))
    (fired,) = application.firings()
    assert {"any"} == {hit.rule.id for hit in hits}
    assert ("many", "Many", Severity.CRITICAL) == (
        fired.rule.id,
        fired.rule.title,
        fired.rule.severity,
    )
    assert [1, 2, 3] == [hit.place for hit in fired.firing.events]
    assert Severity.CRITICAL is application.account.worst
    summary = application.summary()
    assert {"any": 4, "many": 1} == summary.matches_by_rule
    assert ((), (), ()) == (summary.not_applicable, summary.failed, summary.not_correlated)


def test_a_correlation_without_its_log_is_not_applicable(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "many.yml").write_text(CORRELATION)
    _, summary = applied(folder, rows.iis_request(tmp_path / "server", "/x"))
    assert {"cmd", "many"} == set(summary.not_applicable)


def test_a_row_without_a_time_cannot_be_correlated_and_that_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "many.yml").write_text(CORRELATION)
    application = Application(load([folder]), Wishes())
    file = lines(tmp_path / "e.jsonl", {"Image": "\\cmd.exe", "User": "a"})
    assert [] == list(application.hits([file], SilentProgress()))
    assert [] == list(application.firings())
    assert ("cmd: 1 row without a time could not be correlated.",) == (
        application.summary().not_correlated
    )


IIS_FIELDS = "date time cs-method cs-uri-stem cs-uri-query c-ip sc-status"


def test_a_long_log_gives_what_its_rows_give_one_by_one(tmp_path: Path) -> None:
    """A log of some length is read in bulk; one row alone is not."""
    folder = tmp_path / "rules"
    web = {"category": "webserver"}
    rule(folder, "stem", {"cs-uri-stem|endswith": "/x.aspx"}, logsource=web)
    rule(folder, "not-found", {"sc-status": 404}, logsource=web)
    rule(folder, "combined", {"cs-uri-query|contains": "/x.aspx?a=7"}, logsource=web)
    rule(folder, "absent", {"cs-referer": "x"}, logsource=web)
    log = [
        f"2021-03-0{1 + number // 100} 06:00:{number % 60:02} GET /{'x' if number % 7 == 0 else 'y'}.aspx "
        f"a={number % 11} 192.0.2.{number % 9} {404 if number % 5 == 0 else 200}"
        for number in range(500)
    ]
    log[250] += " one-too-many"
    period = Period(since=datetime(2021, 3, 2, tzinfo=UTC))
    whole = rows.verbatim(tmp_path / "whole", "u_ex.log", f"#Fields: {IIS_FIELDS}", *log)
    hits, summary = applied(folder, whole, wishes=Wishes(period=period))
    alone: set[tuple[str, int, str | None]] = set()
    outside = 0
    for number, line in enumerate(log, start=2):
        short = rows.verbatim(tmp_path / "one", "u_ex.log", f"#Fields: {IIS_FIELDS}", line)
        more, told = applied(folder, short, wishes=Wishes(period=period))
        alone |= {(hit.rule.id, number, hit.view) for hit in more}
        outside += told.outside_period
    assert alone == {(hit.rule.id, hit.event.place, hit.view) for hit in hits}
    assert sorted(hit.event.place for hit in hits) == [hit.event.place for hit in hits]
    assert {"stem", "not-found", "combined"} == {rule for rule, _, _ in alone}
    assert (499, outside, {"field_count": 1}) == (
        summary.events,
        summary.outside_period,
        summary.problems,
    )
    assert ("absent",) == summary.fields_never_seen


def test_nothing_is_read_before_somebody_asks(rules: Path, tmp_path: Path) -> None:
    application = Application(load([rules]), Wishes())
    hits = application.hits([lines(tmp_path / "e.jsonl", *[CMD] * 10)], SilentProgress())
    assert 1 == next(hits).event.place
    assert 1 == application.account.matches.total()
    hits.close()
    assert 1 == application.summary().events
