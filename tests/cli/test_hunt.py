"""The command as a user types it, over a small folder of real log lines written by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.cli import main

IIS = """\
#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2021-03-03 00:00:00
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken
2021-03-03 04:00:00 10.0.0.5 GET /owa/auth/logon.aspx - 443 - 192.0.2.1 Mozilla/5.0 - 200 0 0 15
2021-03-03 05:00:00 10.0.0.5 GET /owa/auth/logon.aspx - 443 - 192.0.2.1 Mozilla/5.0 - 200 0 0 15 16
2021-03-03 06:00:00 10.0.0.5 GET /owa/auth/logon.aspx - 443 - 192.0.2.1 Mozilla/5.0 - 200 0 0 15
"""


@pytest.fixture
def evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder beside the working directory, and nothing else around."""
    logs = tmp_path / "evidence" / "C" / "inetpub" / "logs" / "LogFiles" / "W3SVC1"
    logs.mkdir(parents=True)
    (logs / "u_ex210303.log").write_text(IIS)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return tmp_path / "evidence"


def test_the_verdict_is_printed_and_the_report_is_written(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["hunt", str(evidence)])
    said = capsys.readouterr()
    assert "INCONCLUSIVE" in said.out
    assert "Report: tocsin-report/report.html" in said.out
    assert "tocsin: reading" in said.err
    assert {"report.html", "report.json"} == {p.name for p in Path("tocsin-report").iterdir()}
    assert [] == [line for line in said.out.splitlines() if line != line.rstrip()]


def test_json_alone_is_on_stdout_and_prose_on_stderr(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["hunt", str(evidence), "--json"])
    said = capsys.readouterr()
    result = json.loads(said.out)
    assert "tocsin.result/1" == result["schema"]
    assert "inconclusive" == result["verdict"]
    assert ["field_count"] == [one["code"] for one in result["hosts"][0]["problems"]]
    assert "INCONCLUSIVE" in said.err
    assert [] == list(Path().iterdir())


def test_json_is_the_same_twice_and_the_same_in_the_file(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["hunt", str(evidence), "--json", "--quiet"])
    once = capsys.readouterr().out
    main(["hunt", str(evidence), "--json", "--quiet", "--format", "json", "--output", "out"])
    assert once == capsys.readouterr().out
    assert once == Path("out/report.json").read_text(encoding="utf-8")


def test_quiet_says_one_line_for_each_server(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["hunt", str(evidence), str(evidence), "--quiet", "--output", "out"])
    said = capsys.readouterr()
    assert [f"inconclusive\tevidence\tInconclusive\t{evidence}"] * 2 == said.out.splitlines()
    assert "" == said.err


@pytest.mark.parametrize(
    ("level", "code"),
    [
        ("compromised", 0),
        ("exploited", 0),
        ("inconclusive", 1),
        ("attempted", 1),
        ("probed", 1),
        ("no_evidence_found", 1),
    ],
)
def test_fail_on_counts_a_verdict_that_is_as_bad_or_worse(
    evidence: Path, level: str, code: int
) -> None:
    assert code == main(["hunt", str(evidence), "--json", "--quiet", "--fail-on", level])


def test_the_formats_asked_for_are_written_and_no_others(evidence: Path) -> None:
    assert 0 == main(["hunt", str(evidence), "--format", "csv", "--output", "out", "--quiet"])
    assert ["report.csv"] == [path.name for path in Path("out").iterdir()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "fax"], "--format: there is no report format 'fax'; there are csv, html"),
        (["--since", "soon"], "--since: 'soon' is no time"),
        (["--since", "2021-03-03", "--until", "2021-03-02"], "--since must be before --until"),
        (["--pack", "nonesuch"], "nonesuch"),
        (["--sigma", "nowhere.yml"], "--sigma: nowhere.yml does not exist"),
        (["--yara", "nowhere.yar"], "--yara: nowhere.yar does not exist"),
        (
            ["--yara-scan", "all"],
            "--yara-scan all: goes with --yara: the rules of packs look into",
        ),
        (["--yara-size", "0"], "--yara-size: needs a number above 0 and up to 1024"),
        (["--yara-size", "nan"], "--yara-size: needs a number above 0 and up to 1024"),
        (["--yara-seconds", "0"], "--yara-seconds: needs a number from 1 to 3600"),
        (["--max-ratio", "0"], "--max-ratio: needs a number above 0"),
        (["--max-unpacked", "nan"], "--max-unpacked: needs a number above 0"),
        (["--redact-key", "k.json"], "--redact-key: goes with --redact"),
        (["--redact-addresses"], "--redact-addresses: goes with --redact"),
        (["--tlp", "red"], "--tlp: changes nothing in these reports; it is for --format incident"),
        (["--format", "stix", "--authority", "gdpr"], "--authority: changes nothing in these"),
        (["--format", "incident", "--authority", "fbi"], "--authority: there is no authority"),
        (
            ["--format", "incident", "--aware-since", "2021-03-03"],
            "no clock starts without --auth",
        ),
        (["--no-pdf"], "--no-pdf: changes nothing in these reports"),
        (["--jobs", "-1"], "--jobs: needs a number from 0 to 256"),
        (["--indicators", "list.csv"], "--indicators: list.csv does not exist"),
        (["--cluster", "tcp://head"], "--cluster: this version does not know"),
    ],
)
def test_what_cannot_be_done_is_said_and_gives_exit_code_2(
    evidence: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert 2 == main(["hunt", str(evidence), *arguments])
    seen = capsys.readouterr()
    assert said in seen.err
    assert "" == seen.out
    assert [] == list(Path().iterdir())


@pytest.mark.parametrize("arguments", [[], ["hunt"], ["hunt", "x", "--fail-on", "bad"], ["no"]])
def test_a_wrong_command_line_gives_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert 2 == stopped.value.code
    assert "usage: tocsin" in capsys.readouterr().err


def test_a_source_that_does_not_exist_gives_exit_code_3(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 3 == main(["hunt", str(evidence / "nowhere"), "--quiet"])
    said = capsys.readouterr()
    assert "nowhere" in said.err
    assert "" == said.out


def test_the_report_is_never_written_into_the_evidence(
    evidence: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(evidence)
    before = sorted(evidence.rglob("*"))
    assert 2 == main(["hunt", "."])
    assert "lies inside the evidence" in capsys.readouterr().err
    assert before == sorted(evidence.rglob("*"))


def test_your_own_rules_give_leads_and_raise_nothing(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = evidence.parent / "mine.yml"
    rule.write_text(
        "title: Somebody opened the logon page\n"
        "id: 11111111-2222-4333-8444-555555555555\n"
        "status: test\n"
        "logsource:\n  category: webserver\n"
        "detection:\n  selection:\n    cs-uri-stem|endswith: /logon.aspx\n  condition: selection\n"
        "level: critical\n"
    )
    assert 0 == main(["hunt", str(evidence), "--json", "--quiet", "--sigma", str(rule)])
    result = json.loads(capsys.readouterr().out)
    assert [] == result["hosts"][0]["findings"]
    assert ["Somebody opened the logon page"] == [
        lead["title"] for lead in result["hosts"][0]["leads"]
    ]
    assert "inconclusive" == result["verdict"]


def test_your_yara_rules_look_into_every_file_on_request_and_cite_the_place(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = evidence.parent / "rules"
    rules.mkdir()
    (rules / "index.yar").write_text('include "one.inc"\nrule bad { condition: nothing }\n')
    text = 'rule one { meta: description = "A browser" strings: $a = "Mozilla" condition: $a }'
    (rules / "one.inc").write_text(text)
    asked = ["hunt", str(evidence), "--json", "--quiet", "--yara", str(rules)]

    assert 0 == main(asked)
    result = json.loads(capsys.readouterr().out)
    assert [] == result["hosts"][0]["leads"]
    assert [f"{rules}/index.yar"] == [one["file"] for one in result["tool"]["rules"]["failed"]]
    not_applicable = result["tool"]["rules"]["not_applicable"]

    assert 0 == main([*asked, "--yara-scan", "all"])
    result = json.loads(capsys.readouterr().out)
    (lead,) = result["hosts"][0]["leads"]
    assert "A browser" == lead["title"].partition(" (")[0]
    for one in lead["citations"]:
        content = (evidence / one["artefact"]).read_bytes()
        assert content[one["offset"] :].startswith(b"Mozilla")
        assert f"$a at byte {one['offset']}: " in one["text"]
    assert not_applicable - 1 == result["tool"]["rules"]["not_applicable"]


def test_the_module_is_the_command(evidence: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "hunt", str(evidence), "--quiet", "--output", "out"],
        capture_output=True,
        check=False,
        text=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": "", "TOCSIN_CACHE": "off"},
    )
    assert (0, "") == (done.returncode, done.stderr), done.stderr
    assert done.stdout.startswith("inconclusive\t")


def test_a_reader_who_went_away_is_no_bug(evidence: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "hunt", str(evidence), "--json", "--quiet"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (141, b"") == (done.returncode, done.stderr)


def test_what_is_handed_over_says_how_far_it_may_travel(evidence: Path) -> None:
    asked = ["--format", "stix,misp,navigator,incident", "--tlp", "green", "--no-pdf"]
    assert 0 == main(["hunt", str(evidence), *asked, "--output", "out", "--quiet"])
    written = {path.name: path.read_text("utf-8").lower() for path in Path("out").iterdir()}
    assert [
        "report.incident.json",
        "report.misp.json",
        "report.navigator.json",
        "report.stix.json",
    ] == sorted(written)
    assert all("green" in text for text in written.values())


def test_the_incident_report_counts_from_when_the_reporter_knew(evidence: Path) -> None:
    asked = ["--authority", "nis2", "--aware-since", "2021-03-09T12:00+01:00"]
    main(["hunt", str(evidence), "--format", "incident", *asked, "--output", "out", "--quiet"])
    assert ["report.incident.json", "report.incident.nis2.pdf"] == sorted(
        path.name for path in Path("out").iterdir()
    )
    (profile,) = json.loads(Path("out/report.incident.json").read_text("utf-8"))["profiles"]
    assert "2021-03-10T11:00:00Z" == profile["deadlines"][0]["due"]
