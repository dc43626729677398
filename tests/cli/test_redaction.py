"""`--redact` and `tocsin unredact` as a user types them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tocsin.cli import main

IIS = """\
#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2021-03-03 00:00:00
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken
2021-03-03 04:00:00 10.0.0.5 GET /owa/auth/logon.aspx - 443 NORDLYS\\anna.berg 192.0.2.1 Mozilla/5.0 - 200 0 0 15
"""
RULE = """
title: Everyone
logsource: {category: webserver}
detection:
  all:
    cs-username|exists: true
  condition: all
"""
KEY = Path("tocsin-redaction-key.json")


@pytest.fixture
def hunt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A hunt whose result cites a row with a name in it; the working directory is empty."""
    logs = tmp_path / "evidence" / "inetpub" / "logs" / "LogFiles" / "W3SVC1"
    logs.mkdir(parents=True)
    (logs / "u_ex210303.log").write_text(IIS)
    (tmp_path / "rule.yml").write_text(RULE)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return ["hunt", str(tmp_path / "evidence"), "--sigma", str(tmp_path / "rule.yml")]


def test_nothing_that_comes_out_holds_a_name_and_the_key_is_for_its_owner_alone(
    hunt: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main([*hunt, "--redact", "--format", "html,json,csv"])
    said = capsys.readouterr()
    assert f"Key: {KEY}" in said.err
    written = [path.read_text(encoding="utf-8") for path in Path("tocsin-report").iterdir()]
    assert 3 == len(written)
    for text in (said.out, *written):
        assert "anna" not in text.lower()
        assert "nordlys" not in text.lower()
        assert "10.0.0.5" not in text
    assert "user-1" in Path("tocsin-report/report.csv").read_text(encoding="utf-8")
    assert "192.0.2.1" in Path("tocsin-report/report.json").read_text(encoding="utf-8")
    key = json.loads(KEY.read_text(encoding="utf-8"))
    assert "tocsin.redaction/1" == key["schema"]
    assert "anna.berg" == key["tokens"]["user-1"]
    if os.name == "posix":
        assert 0o600 == KEY.stat().st_mode & 0o777


def test_undoing_gives_the_very_bytes_of_a_hunt_without(
    hunt: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main([*hunt, "--json", "--quiet"])
    plain = capsys.readouterr().out
    assert 0 == main([*hunt, "--json", "--quiet", "--redact", "--redact-addresses"])
    without = capsys.readouterr().out
    assert "192.0.2.1" not in without
    assert "anna" not in without
    Path("r.json").write_text(without, encoding="utf-8")
    assert 0 == main(["unredact", "r.json", "--key", str(KEY)])
    assert plain == capsys.readouterr().out
    assert 0 == main(["unredact", "r.json", "--key", str(KEY), "--output", "back.json"])
    assert plain == Path("back.json").read_text(encoding="utf-8")
    assert 2 == main(["unredact", "r.json", "--key", str(KEY), "--output", "back.json"])


def test_a_key_is_never_replaced_and_never_lies_beside_the_report_unasked(
    hunt: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main([*hunt, "--redact", "--quiet"])
    assert 0 == main([*hunt, "--redact", "--quiet"])
    assert Path("tocsin-redaction-key-2.json").exists()
    capsys.readouterr()
    assert 2 == main([*hunt, "--redact", "--redact-key", str(KEY)])
    assert "may be the key of another report" in capsys.readouterr().err
    assert 2 == main([*hunt, "--redact", "--output", "."])
    assert "beside the report" in capsys.readouterr().err
    assert 0 == main([*hunt, "--redact", "--output", "o", "--redact-key", "k.json", "--quiet"])
    Path("p").mkdir()
    assert 0 == main([*hunt, "--redact", "--output", "p", "--redact-key", "p/k.json", "--quiet"])
    assert Path("p/k.json").exists()


def test_a_key_is_not_put_into_the_evidence_or_nowhere(
    hunt: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main([*hunt, "--redact", "--redact-key", str(Path(hunt[1]) / "k.json")])
    assert "inside the evidence" in capsys.readouterr().err
    assert 2 == main([*hunt, "--redact", "--redact-key", "no/such/k.json"])
    assert "cannot be written" in capsys.readouterr().err
    assert [] == list(Path().iterdir())


@pytest.mark.parametrize("broken", ["{}", "[", '{"schema": "other/1", "tokens": {}}'])
def test_what_is_no_key_or_no_result_is_refused(
    hunt: list[str], broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*hunt, "--redact", "--output", "o", "--quiet"])
    Path("broken.json").write_text(broken)
    capsys.readouterr()
    assert 2 == main(["unredact", "o/report.json", "--key", "broken.json"])
    assert 2 == main(["unredact", "broken.json", "--key", str(KEY)])
    assert 2 == main(["unredact", "absent.json", "--key", str(KEY)])
    assert "" == capsys.readouterr().out


def test_it_is_said_where_names_may_be_left(
    hunt: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tocsin.verdict.names._NAMES_KEPT", 0)
    assert 0 == main([*hunt, "--redact", "--quiet"])
    assert "look through the report" in capsys.readouterr().err
