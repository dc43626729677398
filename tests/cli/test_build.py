"""`tocsin build` as users and scripts run it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tocsin.cli.entry import main
from tocsin.cli.exits import Exit
from tocsin.events.version_writer import write_versioned

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]


def answers(capsys: Captured, *arguments: str) -> list[dict[str, Any]]:
    assert Exit.DONE == main(["build", *arguments, "--json"])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_json_of_a_build_has_the_keys_of_the_interface(capsys: Captured) -> None:
    [found] = answers(capsys, "15.1.2176.9")
    assert [
        "build",
        "product",
        "cu",
        "su",
        "released",
        "end_of_support",
        "precision",
        "exposure",
        "install",
    ] == list(found)
    assert {"status": "fixed", "known_exploited": True} == {
        key: found["exposure"]["CVE-2021-26855"][key] for key in ("status", "known_exploited")
    }
    assert {"status", "reason", "known_exploited"} == found["exposure"]["CVE-2021-26855"].keys()


def test_several_builds_are_one_line_each_in_the_order_asked(capsys: Captured) -> None:
    found = answers(capsys, "15.2.1748", "15.1.2176.9")
    assert [("15.2.1748", 3), ("15.1.2176.9", 4)] == [
        (one["build"], one["precision"]) for one in found
    ]


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    program = tmp_path / "C" / "Exchange Server" / "V15" / "Bin" / "ExSetup.exe"
    program.parent.mkdir(parents=True)
    program.write_bytes(write_versioned("15.1.2106.13"))
    return tmp_path


def test_evidence_gives_the_same_and_where_it_was_seen(capsys: Captured, collection: Path) -> None:
    [found] = answers(capsys, "--evidence", str(collection))
    assert ("15.1.2106.13", "exsetup", "CU18") == (found["build"], found["from"], found["cu"])
    assert "fixed" == found["exposure"]["CVE-2021-26855"]["status"]
    assert ["15.1.2106.13"] == [one["build"] for one in found["builds"]]


def test_prose_is_for_people(capsys: Captured) -> None:
    assert Exit.DONE == main(["build", "15.1.2176.9", "--on", "2026-11-24"])
    said = capsys.readouterr()
    assert "Known to be exploited" in said.out
    assert all(len(line) <= 100 for line in said.out.splitlines())
    assert "" == said.err


def test_the_day_decides_what_is_supported(capsys: Captured) -> None:
    main(["build", "15.1.2507.61", "--on", "2025-10-01"])
    before = capsys.readouterr().out
    main(["build", "15.1.2507.61", "--on", "2026-11-24"])
    assert ("Support: supported", "Support: ended") == (
        before[before.index("Support") :].partition(";")[0],
        (after := capsys.readouterr().out)[after.index("Support") :].partition(";")[0],
    )


def test_csaf_is_one_document_for_all(capsys: Captured) -> None:
    assert Exit.DONE == main(
        [
            "build",
            "15.1.2176.9",
            "15.2.1748",
            "--csaf",
            "--publisher",
            "CSIRT",
            "--namespace",
            "https://x.example",
        ]
    )
    document = json.loads(capsys.readouterr().out)
    assert ("csaf_vex", "CSIRT") == (
        document["document"]["category"],
        document["document"]["publisher"]["name"],
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give builds, or --evidence"),
        (["15.1.2176.9", "--evidence", "x"], "not both"),
        (["15.1"], "'15.1': is no build"),
        (["1.2.3.4"], "no build of Exchange Server"),
        (["15.1.2176.9", "foo"], "'foo'"),
        (["15.1.2176.9", "--on", "soon"], "--on: 'soon' is no day"),
        (["15.1.2176.9", "--csaf", "--namespace", "x"], "--namespace: needs a URI"),
    ],
)
def test_what_cannot_be_answered_is_said_and_nothing_is_printed(
    arguments: list[str], said: str, capsys: Captured
) -> None:
    assert Exit.USAGE == main(["build", *arguments])
    captured = capsys.readouterr()
    assert "" == captured.out
    assert said in captured.err


def test_evidence_that_is_not_there_gives_exit_code_3(capsys: Captured, tmp_path: Path) -> None:
    assert Exit.SOURCE == main(["build", "--evidence", str(tmp_path / "nowhere")])
    assert "" == capsys.readouterr().out


def test_a_pasted_display_version_is_understood_and_explained(capsys: Captured) -> None:
    assert Exit.DONE == main(["build", "Version 15.1 (Build 2106.2)", "--json"])
    said = capsys.readouterr()
    assert "15.1.2106" == json.loads(said.out)["build"]
    assert "does not move with security updates" in said.err


def test_csaf_of_evidence_without_a_build_is_refused(capsys: Captured, tmp_path: Path) -> None:
    assert Exit.USAGE == main(["build", "--evidence", str(tmp_path), "--csaf", "--quiet"])
    assert "names a build" in capsys.readouterr().err
