"""`tocsin exposure` as users and scripts run it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tocsin.cli.entry import main
from tocsin.cli.exits import Exit

Captured = pytest.CaptureFixture[str]
PROXYLOGON = "CVE-2021-26855"
HEADER = '"timestamp","ip","port","hostname","tag","asn","geo","version","servername"\n'


def scan(folder: Path, day: int, *rows: tuple[str, str, str, str]) -> Path:
    """A report of Shadowserver of one day: address, host name, tag and version."""
    path = folder / f"2021-05-{day:02}-scan_exchange-example.csv"
    lines = [
        f'"2021-05-{day:02} 00:11:30","{ip}",443,"{name}","{tag}",64496,"NL","{version}","EX1"\n'
        for ip, name, tag, version in rows
    ]
    path.write_text(HEADER + "".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def scans(tmp_path: Path) -> list[str]:
    """Three days: a host that is fixed, one with a web shell, one that vanishes, one unclear."""
    fixed = ("192.0.2.10", "mail.example.org", "exchange")
    shell = ("192.0.2.2", "mail.example.net", "exchange;webshell", "15.2.858")
    unclear = ("192.0.2.30", "", "exchange;cve-2021-26855", "15.2.721")
    lost = ("192.0.2.40", "", "exchange", "15.0.1130")
    return [
        str(path)
        for path in (
            scan(tmp_path, 1, (*fixed, "15.0.1130"), shell, unclear, lost),
            scan(tmp_path, 2, (*fixed, "15.2.858"), shell, unclear),
            scan(tmp_path, 3, (*fixed, "15.2.858"), shell, unclear),
        )
    ]


@pytest.fixture
def owners(tmp_path: Path) -> str:
    path = tmp_path / "owners.csv"
    path.write_text(
        "organisation,networks,domains,contacts\n"
        "Hospital,192.0.2.0/28,,soc@hospital.example\n"
        "Bakery,,example.org,\n",
        encoding="utf-8",
    )
    return str(path)


def hosts(capsys: Captured, *arguments: str) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    assert Exit.DONE == main(["exposure", *arguments, "--json", "--quiet", "--on", "2021-06-01"])
    *lines, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {line["host"]: line for line in lines}, last["summary"]


def test_each_host_is_one_line_with_status_owner_and_changes(
    capsys: Captured, scans: list[str], owners: str
) -> None:
    found, _ = hosts(capsys, *scans, "--owners", owners, "--cve", PROXYLOGON)
    assert ["192.0.2.2", "192.0.2.10", "192.0.2.30", "192.0.2.40"] == list(found)
    fixed = found["192.0.2.10"]
    assert ("green", ["fixed"]) == (fixed["colour"], fixed["exposure"][PROXYLOGON]["status"])
    assert ("Hospital", "network", ["soc@hospital.example"]) == tuple(
        fixed["owner"][key] for key in ("organisation", "step", "contacts")
    )
    assert [
        {"step": "domain", "organisation": "Bakery", "what": "the host name mail.example.org"}
    ] == fixed["owner"]["others"]
    assert [
        ("first_seen", None, "2021-05-01T00:11:30Z"),
        ("fixed", "2021-05-01T00:11:30Z", "2021-05-02T00:11:30Z"),
    ] == [(one["change"], one["after"], one["before"]) for one in fixed["transitions"]]


def test_every_status_is_explained_with_its_place(capsys: Captured, scans: list[str]) -> None:
    found, _ = hosts(capsys, *scans, "--cve", PROXYLOGON)
    why = found["192.0.2.30"]["exposure"][PROXYLOGON]["why"]
    assert [
        (
            "EX1: undetermined, by 15.2.721 as the feed's version (shadowserver: "
            "2021-05-03-scan_exchange-example.csv, row 3, 2021-05-03T00:11:30Z): three parts tell that "
            "it is 2019 CU7, but not whether Mar21SU is installed"
        ),
        (
            "shadowserver claims CVE-2021-26855 (shadowserver: 2021-05-03-scan_exchange-example.csv, "
            "row 3, 2021-05-03T00:11:30Z): a claim, no observation"
        ),
    ] == why


def test_a_web_shell_is_red_whatever_the_build(capsys: Captured, scans: list[str]) -> None:
    found, _ = hosts(capsys, *scans, "--cve", PROXYLOGON)
    shell = found["192.0.2.2"]
    assert ("red", ["fixed"]) == (shell["colour"], shell["exposure"][PROXYLOGON]["status"])
    assert ["web_shell"] == [one["what"] for one in shell["evidence"]]


def test_a_vanished_host_with_a_web_shell_stays_red(capsys: Captured, tmp_path: Path) -> None:
    usual = [(f"192.0.2.{last}", "", "exchange", "15.2.858") for last in (10, 11)]
    shell = ("192.0.2.2", "", "exchange;webshell", "15.2.858")
    scans = [str(scan(tmp_path, day, *usual, *([shell] if day == 1 else []))) for day in (1, 2, 3)]
    assert Exit.DONE == main(["exposure", *scans, "--cve", PROXYLOGON, "--quiet"])
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("red       192.0.2.2 ")
    assert first.endswith("signs of compromise: web_shell  vanished")


def test_a_web_shell_in_a_row_without_an_address_is_told_below_the_totals(
    capsys: Captured, tmp_path: Path
) -> None:
    path = str(scan(tmp_path, 1, ("192.0.2.999", "mail.example.org", "exchange;webshell", "")))
    assert Exit.DONE == main(["exposure", path, "--cve", PROXYLOGON, "--quiet"])
    place = "shadowserver: 2021-05-01-scan_exchange-example.csv, row 1, without a time"
    assert [
        "Signs of compromise in 1 rows that name no host; look at them by hand:",
        f"  web_shell ({place})",
    ] == capsys.readouterr().out.splitlines()[-2:]
    _, summary = hosts(capsys, path, "--cve", PROXYLOGON)
    assert 1 == summary["unplaced"]["rows"]
    assert ["web_shell"] == [one["what"] for one in summary["unplaced"]["evidence"]]


def test_an_owners_result_without_a_host_does_not_hide_its_web_shell(
    capsys: Captured, tmp_path: Path
) -> None:
    finding = {"grade": "persistence", "confidence": "high", "attack": ["T1505.003"]}
    host = {
        "name": "EX1",
        "verdict": {"level": "compromised", "assurance": "complete"},
        "builds": [],
        "findings": [finding],
    }
    result = tmp_path / "report.json"
    result.write_text(json.dumps({"schema": "tocsin.result/1", "hosts": [host]}), encoding="utf-8")
    _, summary = hosts(capsys, str(result), "--cve", PROXYLOGON)
    assert ["owner_reported_compromise", "owner_reported_web_shell"] == [
        one["what"] for one in summary["unplaced"]["evidence"]
    ]


def test_the_totals_say_what_would_settle_the_yellow_and_count_the_vanished_apart(
    capsys: Captured, scans: list[str]
) -> None:
    _, summary = hosts(capsys, *scans, "--cve", PROXYLOGON)
    together = summary["together"]
    assert {"red": 1, "yellow": 1, "green": 1, "vanished": 1, "compromised": 1} == {
        key: together[key] for key in ("red", "yellow", "green", "vanished", "compromised")
    }
    assert ["three_parts"] == list(together["yellow_by"])
    assert 1 == together["yellow_claimed"]


def test_prose_is_one_line_for_each_host_and_the_totals(
    capsys: Captured, scans: list[str], owners: str
) -> None:
    assert Exit.DONE == main(["exposure", *scans, "--owners", owners, "--cve", PROXYLOGON])
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("red       192.0.2.2        mail.example.net  15.2.858  no CVE open")
    assert out[0].endswith("signs of compromise: web_shell  owner: Hospital (network, high)")
    assert out[3].startswith("vanished  192.0.2.40")
    assert "  red 1, yellow 1, green 1 (1 of the red with signs of compromise), vanished 1" in out


def test_explain_tells_below_each_host_why_whose_and_what_changed(
    capsys: Captured, scans: list[str], owners: str
) -> None:
    main(["exposure", *scans, "--owners", owners, "--cve", PROXYLOGON, "--explain"])
    out = capsys.readouterr().out
    assert "    owner: Hospital (network, high confidence): 192.0.2.10 lies in 192.0.2.0/28" in out
    assert "    vanished, which is not fixed between 2021-05-01" in out


def test_an_owners_result_is_shown_as_a_claim(
    capsys: Captured, scans: list[str], tmp_path: Path
) -> None:
    result = tmp_path / "result.json"
    host = {
        "name": "EX1",
        "verdict": {"level": "no_evidence_found", "assurance": "complete"},
        "builds": [{"build": "15.2.721.13", "last_seen": "2021-05-04T00:00:00Z"}],
    }
    result.write_text(json.dumps({"schema": "tocsin.result/1", "hosts": [host]}), encoding="utf-8")
    found, summary = hosts(
        capsys, *scans, "--owner-result", f"192.0.2.30={result}", "--cve", PROXYLOGON
    )
    unclear = found["192.0.2.30"]
    assert "yellow" == unclear["colour"]
    assert [
        {
            "server": "EX1",
            "about": "EX1",
            "status": "fixed",
            "build": "15.2.721.13",
            "contradicted": None,
        }
    ] == unclear["exposure"][PROXYLOGON]["owner_reported"]
    assert 1 == summary["together"]["yellow_owner_reported_fixed"]


def test_the_order_of_files_makes_no_difference(capsys: Captured, scans: list[str]) -> None:
    assert hosts(capsys, *scans) == hosts(capsys, *reversed(scans), scans[0])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give files of scan feeds"),
        (["FILE", "--on", "soon"], "--on: 'soon' is no day"),
        (["FILE", "--absent-after", "0"], "--absent-after: 0 is not between"),
        (["FILE", "--owner-result", "x"], "--owner-result: 'x' is not understood"),
        (["FILE", "--owners", "/nowhere/owners.csv"], "--owners: /nowhere/owners.csv cannot be read"),
        (["FILE", "--cve", "CVE-1"], "--cve: nothing is known here of CVE-1"),
        (["FILE", "--feed", "x"], "there is no feed 'x'"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(
    capsys: Captured, scans: list[str], arguments: list[str], told: str
) -> None:
    words = [scans[0] if word == "FILE" else word for word in arguments]
    assert Exit.USAGE == main(["exposure", *words])
    assert told in capsys.readouterr().err


def test_a_constituency_without_end_is_refused(
    capsys: Captured, scans: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = Path("/dev/zero")
    if not endless.exists():
        pytest.skip("no /dev/zero on this system")
    for module in ("tocsin.cli.commands.exposure", "tocsin.campaign.constituency"):
        monkeypatch.setattr(f"{module}.MAX_BYTES", 2**20)
    assert Exit.USAGE == main(["exposure", *scans, "--owners", str(endless)])
    assert "is larger than 1 MiB" in capsys.readouterr().err


def test_a_file_that_is_no_feed_does_not_stop_the_others(
    capsys: Captured, scans: list[str], tmp_path: Path
) -> None:
    odd = tmp_path / "odd.txt"
    odd.write_text("nothing", encoding="utf-8")
    assert Exit.SOURCE == main(["exposure", str(odd), *scans])
    assert "192.0.2.10" in capsys.readouterr().out


def test_hostile_text_reaches_no_terminal(capsys: Captured, tmp_path: Path) -> None:
    path = scan(tmp_path, 1, ("192.0.2.1", "a\x1b[31mb\u202e.example", "exchange", "15.2.721"))
    main(["exposure", str(path), "--explain"])
    assert not {"\x1b", "\u202e"} & set(capsys.readouterr().out)


def test_nothing_is_looked_up_unless_it_is_asked_for(capsys: Captured, scans: list[str]) -> None:
    found, _ = hosts(capsys, *scans)
    assert {None} == {host["lookup"] for host in found.values()}


def test_recorded_answers_are_shown_and_name_no_owner(
    capsys: Captured, scans: list[str], tmp_path: Path
) -> None:
    (tmp_path / "answers" / "security.txt").mkdir(parents=True)
    (tmp_path / "answers" / "security.txt" / "example.org.txt").write_text(
        "Contact: mailto:security@example.org\nExpires: 2030-01-01T00:00:00Z\n", encoding="utf-8"
    )
    answers = str(tmp_path / "answers")
    found, _ = hosts(capsys, *scans, "--answers", answers)
    host = found["192.0.2.10"]
    assert ["mailto:security@example.org"] == host["lookup"]["security_txt"]["contacts"]
    assert (None, None) == (host["owner"], found["192.0.2.40"]["lookup"]["rdap"])
    main(["exposure", *scans, "--answers", answers, "--explain"])
    assert "security.txt: mailto:security@example.org" in capsys.readouterr().out


def test_stdin_is_read_once(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = scan(tmp_path, 1, ("192.0.2.1", "", "exchange", "15.2.721"))
    data = path.read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert Exit.DONE == main(["exposure", "-", "--cve", PROXYLOGON])
    assert "192.0.2.1 " in capsys.readouterr().out
    assert Exit.USAGE == main(["exposure", "-", "-"])
    assert "stdin (-) can be read only once" in capsys.readouterr().err


def test_what_cannot_be_meant_is_refused_before_stdin_is_read(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"rows"))
    monkeypatch.setattr("sys.stdin", stdin)
    assert Exit.USAGE == main(["exposure", "-", "--feed", "nothing"])
    assert "there is no feed 'nothing'" in capsys.readouterr().err
    assert b"rows" == stdin.buffer.read()
