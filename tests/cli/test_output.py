from __future__ import annotations

from pathlib import Path

import pytest

from tests.report import results
from tocsin.cli import output
from tocsin.errors import UsageError
from tocsin.report.format import reports_named


@pytest.fixture(autouse=True)
def _working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_no_earlier_report_is_lost() -> None:
    assert Path("tocsin-report") == output.folder(None, ())
    Path("tocsin-report").mkdir()
    Path("tocsin-report-2").mkdir()
    assert Path("tocsin-report-3") == output.folder(None, ())


def test_choosing_a_folder_does_not_make_it(tmp_path: Path) -> None:
    output.folder(Path("a/b"), ())
    assert [] == list(tmp_path.iterdir())


def test_evidence_is_never_written_into(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lies inside the evidence"):
        output.folder(None, (tmp_path,))
    with pytest.raises(UsageError, match="lies inside the evidence"):
        output.folder(Path("../") / tmp_path.name / "x", (tmp_path,))


def test_a_link_into_the_evidence_is_seen_through(tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    Path("out").symlink_to(evidence)
    with pytest.raises(UsageError, match="lies inside the evidence"):
        output.folder(Path("out"), (evidence,))


def test_a_file_in_the_way_is_said_before_the_work_begins() -> None:
    Path("taken").write_text("")
    with pytest.raises(UsageError, match="--output: taken cannot be written"):
        output.folder(Path("taken"), ())
    with pytest.raises(UsageError, match="cannot be written"):
        output.folder(Path("taken/below"), ())


def test_files_are_written_whole_and_replace_those_of_the_same_name() -> None:
    result = results.result(results.quiet())
    target = Path("out")
    for _ in range(2):
        written = output.write(result, reports_named(["html", "json"]), target)
        assert [target / "report.html", target / "report.json"] == written
    assert {"report.html", "report.json"} == {path.name for path in target.iterdir()}


def test_what_cannot_be_written_is_a_clear_error_and_leaves_nothing_behind() -> None:
    target = Path("out")
    (target / "report.json").mkdir(parents=True)
    (target / "report.json" / "in-the-way").write_text("")
    with pytest.raises(UsageError, match="out cannot be written"):
        output.write(results.result(results.quiet()), reports_named(["json"]), target)
    assert ["report.json"] == [path.name for path in target.iterdir()]


def test_a_link_that_waits_in_the_folder_does_not_lead_the_report_into_the_evidence(
    tmp_path: Path,
) -> None:
    """The unfinished file was written through it."""
    evidence, target = tmp_path / "u_ex210303.log", tmp_path / "out"
    evidence.write_bytes(b"evidence")
    target.mkdir()
    report = reports_named(("json",))[0]
    for name in (f".report.{report.extension}.unfinished", f"report.{report.extension}"):
        (target / name).symlink_to(evidence)

    output.write(results.result(results.compromised()), [report], target)

    assert b"evidence" == evidence.read_bytes()
    assert not (target / f"report.{report.extension}").is_symlink()
