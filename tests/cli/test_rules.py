"""`tocsin rules` as users and scripts run it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tocsin.cli.entry import main
from tocsin.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]

RULE = {
    "title": "A shell",
    "logsource": {"product": "windows", "category": "process_creation"},
    "level": "high",
    "detection": {"s": {"Image|endswith": "\\cmd.exe"}, "condition": "s"},
}
ROWS = [
    {"time": "2021-03-03T06:00:00Z", "Image": "C:\\cmd.exe"},
    {"time": "2021-03-04T06:00:00Z", "Image": "C:\\calc.exe"},
    {"time": "2021-03-05T06:00:00Z", "Image": "D:\\CMD.EXE", "é": "ü"},
]


@pytest.fixture
def rule(tmp_path: Path) -> str:
    path = tmp_path / "shell.yml"
    path.write_text(yaml.safe_dump(RULE))
    return str(path)


@pytest.fixture
def events(tmp_path: Path) -> str:
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return str(path)


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_is_one_object_for_each_match_and_the_summary_last(
    capsys: Captured, rule: str, events: str
) -> None:
    assert Exit.DONE == main(["rules", rule, "--events", events, "--json"])
    said = capsys.readouterr()
    first, second, last = objects(said.out)
    assert {
        "rule": "shell",
        "title": "A shell",
        "level": "high",
        "artefact": "events.jsonl",
        "line": 1,
        "time": "2021-03-03T06:00:00Z",
        "event": {"time": "2021-03-03T06:00:00Z", "Image": "C:\\cmd.exe"},
    } == first
    assert (3, "ü") == (second["line"], second["event"]["é"])
    assert (1, 3, 2, [], []) == tuple(
        last["summary"][key] for key in ("rules", "events", "matches", "not_applicable", "failed")
    )
    assert "2 matches in 3 events" in said.err


def test_json_is_the_same_twice(capsys: Captured, rule: str, events: str) -> None:
    told = []
    for _ in range(2):
        main(["rules", rule, "--events", events, "--json", "--quiet"])
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]


def test_people_read_matches_and_the_account(capsys: Captured, rule: str, events: str) -> None:
    assert Exit.DONE == main(["rules", rule, "--events", events])
    said = capsys.readouterr()
    assert 2 == said.out.count("  A shell\n    events.jsonl:")
    assert "Rules: 1 loaded" in said.out
    assert "\x1b" not in said.out
    assert "tocsin: reading events.jsonl" in said.err


def test_quiet_is_one_line_beside_the_matches(capsys: Captured, rule: str, events: str) -> None:
    assert Exit.DONE == main(["rules", rule, "--events", events, "--quiet"])
    said = capsys.readouterr()
    assert 6 == len(said.out.splitlines())
    assert ("tocsin: 2 matches, 3 events, 1 rule loaded, 0 not applicable, 0 failed\n") == said.err


def test_a_file_gets_the_matches_whole_or_not_at_all(
    capsys: Captured, rule: str, events: str, tmp_path: Path
) -> None:
    target = tmp_path / "out" / "hits.jsonl"
    target.parent.mkdir()
    asked = ["rules", rule, "--events", events, "--json", "--output", str(target)]
    assert Exit.DONE == main(asked)
    assert "" == capsys.readouterr().out
    assert 3 == len(objects(target.read_text(encoding="utf-8")))
    assert Exit.USAGE == main(asked)
    assert "exists; name a new file" in capsys.readouterr().err
    target.unlink()
    assert Exit.SOURCE == main([*asked[:3], "nowhere", *asked[4:]])
    assert [] == list(target.parent.iterdir())


def test_several_sources_are_told_apart(
    capsys: Captured, rule: str, events: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps(ROWS[0]) + "\n")
    main(["rules", rule, "--events", events, "--events", str(other), "--json", "--quiet"])
    *hits, _ = objects(capsys.readouterr().out)
    assert [events, events, str(other)] == [hit["source"] for hit in hits]


def test_stdin_is_read(
    capsys: Captured, rule: str, events: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = (tmp_path / "events.jsonl").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert Exit.DONE == main(["rules", rule, "--events", "-", "--json", "--quiet"])
    *hits, _ = objects(capsys.readouterr().out)
    assert ["stdin", "stdin"] == [hit["artefact"] for hit in hits]


@pytest.mark.parametrize(
    ("more", "matches"),
    [
        ([], 2),
        (["--since", "2021-03-04"], 1),
        (["--until", "2021-03-04"], 1),
        (["--level", "critical"], 0),
        (["--level", "high"], 2),
        (["--log-source", "product=windows,category=process_creation"], 2),
        (["--log-source", "product=linux"], 0),
    ],
)
def test_what_is_asked_for_narrows_the_matches(
    capsys: Captured, rule: str, events: str, more: list[str], matches: int
) -> None:
    assert Exit.DONE == main(["rules", rule, "--events", events, "--json", "--quiet", *more])
    assert matches == objects(capsys.readouterr().out)[-1]["summary"]["matches"]


@pytest.mark.parametrize(("level", "code"), [("low", 1), ("high", 1), ("critical", 0)])
def test_fail_on_counts_a_match_of_that_level_or_higher(
    rule: str, events: str, level: str, code: int
) -> None:
    assert code == main(["rules", rule, "--events", events, "--quiet", "--fail-on", level])


def test_nothing_found_reaches_no_level(rule: str, tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.jsonl"
    quiet.write_text('{"a": 1}\n')
    asked = ["rules", rule, "--events", str(quiet), "--quiet", "--fail-on", "informational"]
    assert Exit.DONE == main(asked)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--since", "soon"], "--since: 'soon' is no time"),
        (["--since", "2021-03-03", "--until", "2021-03-02"], "--since must be before --until"),
        (["--log-source", "windows"], "--log-source: 'windows' is not understood"),
        (["--log-source", "product="], "--log-source: 'product=' is not understood"),
        (["--log-source", "product=a,product=b"], "--log-source: 'product=b' is not understood"),
        (["--log-source", "kind=a"], "--log-source: 'kind=a' is not understood"),
        (["--events", "-", "--events", "-"], "--events: stdin (-) can be read only once"),
        (["--output", "/nowhere/at/all"], "--output: /nowhere/at/all cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_printed(
    capsys: Captured, rule: str, events: str, more: list[str], said: str
) -> None:
    assert Exit.USAGE == main(["rules", rule, "--events", events, *more])
    captured = capsys.readouterr()
    assert "" == captured.out
    assert said in captured.err


def test_a_file_inside_the_evidence_is_refused(
    capsys: Captured, rule: str, events: str, tmp_path: Path
) -> None:
    target = str(tmp_path / "hits.txt")
    assert Exit.USAGE == main(["rules", rule, "--events", str(tmp_path), "--output", target])
    assert "stays as it is" in capsys.readouterr().err


def test_rules_that_are_not_there_and_rules_that_are_none(
    capsys: Captured, events: str, tmp_path: Path
) -> None:
    assert Exit.USAGE == main(["rules", "nowhere", "--events", events])
    assert "nowhere does not exist" in capsys.readouterr().err
    assert Exit.USAGE == main(["rules", str(tmp_path), "--events", events])
    assert "there is no Sigma rule" in capsys.readouterr().err


def test_events_that_are_none_give_exit_code_3(
    capsys: Captured, rule: str, tmp_path: Path
) -> None:
    unknown = tmp_path / "unknown.bin"
    unknown.write_bytes(b"\0\1\2")
    assert Exit.SOURCE == main(["rules", rule, "--events", str(unknown)])
    assert "nor JSON lines" in capsys.readouterr().err
    assert Exit.SOURCE == main(["rules", rule, "--events", str(tmp_path / "gone")])
    assert "cannot be opened" in capsys.readouterr().err


def test_whoever_stops_reading_ends_it_without_a_word(rule: str, tmp_path: Path) -> None:
    flood = tmp_path / "flood.jsonl"
    flood.write_text((json.dumps(ROWS[0]) + "\n") * 20_000)
    command = [sys.executable, "-m", "tocsin", "rules", rule, "--events", str(flood), "--quiet"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"A shell" in process.stdout.readline()
        process.stdout.close()
        assert b"" == process.stderr.read()
    assert Exit.PIPE_CLOSED == process.returncode
