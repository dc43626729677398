"""`tocsin observe` as users and scripts run it."""

from __future__ import annotations

import gzip
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tocsin.campaign.feed import all_feeds
from tocsin.cli.entry import main
from tocsin.cli.exits import Exit
from tocsin.knowledge.cves import all_cves

if TYPE_CHECKING:
    from collections.abc import Iterator

Captured = pytest.CaptureFixture[str]
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "observe.md").read_text(
    encoding="utf-8"
)
SAMPLE = all_feeds()["shadowserver"].sample


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.csv"
    path.write_bytes(SAMPLE + b'"broken;webshell"\n')
    return path


def printed(capsys: Captured, *arguments: str) -> list[dict[str, Any]]:
    assert Exit.DONE == main(["observe", *arguments, "--json"])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def keys_of_the_page() -> Iterator[str]:
    table = PAGE.partition("## `tocsin observe --json`")[2].partition("\n\n| in ")[0]
    for cell in re.findall(r"^\| (`.+?) \|", table, flags=re.MULTILINE):
        yield from re.findall(r"`(\w+)`", cell)


def test_every_row_has_the_keys_of_the_interface(report: Path, capsys: Captured) -> None:
    interface = "feed file row time ip port hostname build precision exposure evidence"
    for row in printed(capsys, "shadowserver", str(report)):
        assert set(interface.split()) <= row.keys()


def test_every_key_stands_in_the_reference_and_no_other(report: Path, capsys: Captured) -> None:
    rows = printed(capsys, "auto", str(report))
    assert {key for row in rows for key in row} == set(keys_of_the_page())


def test_a_row_is_judged_by_every_known_cve(report: Path, capsys: Captured) -> None:
    first, *_, damaged = printed(capsys, "auto", str(report))
    assert list(all_cves()) == list(first["exposure"])
    assert ("2026-03-24T00:11:30Z", "undetermined", ["CVE-2021-26855"]) == (
        first["time"],
        first["exposure"]["CVE-2021-26855"],
        first["claims"],
    )
    assert ({}, ["web_shell"], "field_count", 4) == (
        damaged["exposure"],
        damaged["evidence"],
        damaged["problem"]["code"],
        damaged["row"],
    )


def test_only_the_cves_that_were_asked_for_are_judged(report: Path, capsys: Captured) -> None:
    first, *_ = printed(capsys, "auto", str(report), "--cve", "cve-2022-41040")
    assert {"CVE-2022-41040": "vulnerable"} == first["exposure"]


def test_the_summary_counts_rows_problems_signs_and_colours(
    report: Path, capsys: Captured
) -> None:
    assert Exit.DONE == main(["observe", "auto", str(report), "--cve", "CVE-2021-26855"])
    told = capsys.readouterr().out
    assert "4 rows: 3 observations, 1 that could not be read" in told
    assert "2 rows with the sign web_shell" in told
    assert "problem field_count: 1\n  report.csv, row 4: 1 fields" in told
    assert "CVE-2021-26855: 1 red, 2 yellow, 0 green (1 of the red with signs" in told


def test_without_hosts_there_are_no_colours(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "empty.jsonl"
    path.touch()
    assert Exit.DONE == main(["observe", "nuclei", str(path), "--quiet"])
    told = capsys.readouterr().out.splitlines()
    assert ["0 rows: 0 observations, 0 that could not be read", "problem empty: 1"] == told[:2]
    assert 3 == len(told)


def test_with_json_the_summary_goes_to_stderr_and_quiet_silences_it(
    report: Path, capsys: Captured
) -> None:
    main(["observe", "auto", str(report), "--json"])
    assert "4 rows" in capsys.readouterr().err
    main(["observe", "auto", str(report), "--json", "--quiet"])
    assert "" == capsys.readouterr().err


def test_a_preview_shows_how_rows_would_be_read(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "scan.csv"
    path.write_text("Address,Owner, Inc\n192.0.2.1,x,y\n")
    code = main(["observe", "csv", str(path), "--map", "ip=Address,hostname=Owner", "--preview"])
    assert Exit.DONE == code
    assert (
        "scan.csv, row 1 (csv)\n  ip: 192.0.2.1\n  hostname: x\n  Inc: y\n"
        == capsys.readouterr().out
    )


def test_a_hostile_text_does_not_reach_the_terminal(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "scan.csv"
    path.write_bytes(b"Address,Name\n192.0.2.1,\x1b[31mred\n")
    main(["observe", "csv", str(path), "--map", "ip=Address,hostname=Name", "--preview"])
    assert "\x1b" not in capsys.readouterr().out


def test_one_file_that_cannot_be_read_does_not_stop_the_others(
    report: Path, tmp_path: Path, capsys: Captured
) -> None:
    missing = str(tmp_path / "missing.csv")
    assert Exit.SOURCE == main(["observe", "auto", missing, str(report), "--json"])
    said = capsys.readouterr()
    assert 4 == len(said.out.splitlines())
    assert "missing.csv" in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing", "x"),
        ("csv", "x", "--map", "ip"),
        ("csv", "x", "--map", "ip=a,ip=b"),
        ("csv", "x", "--map", "colour=a"),
        ("auto", "x", "--cve", "CVE-1-1"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_read(arguments: tuple[str, ...]) -> None:
    assert Exit.USAGE == main(["observe", *arguments])


def test_an_owner_s_result_is_put_to_the_host_that_is_named(
    tmp_path: Path, capsys: Captured
) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(all_feeds()["hunt"].sample)
    first, _ = printed(capsys, "hunt", str(path), "--host", "192.0.2.9")
    assert ("192.0.2.9", "EXCH01", "owner_claim") == (
        first["ip"],
        first["server_name"],
        first["method"],
    )


def test_stdin_is_read_once(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    data = gzip.compress(SAMPLE)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert Exit.DONE == main(["observe", "auto", "-"])
    assert "0 that could not be read" in capsys.readouterr().out
    assert Exit.USAGE == main(["observe", "auto", "-", "-"])
    assert "stdin (-) can be read only once" in capsys.readouterr().err
