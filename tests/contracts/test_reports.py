"""What must hold for every report format."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.report import results
from tocsin.errors import UsageError
from tocsin.report.format import Report, all_reports, reports_named

FORMATS = sorted(all_reports().values(), key=lambda report: report.name)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "report.md"
RESULTS = {
    "several": results.result(results.quiet(), results.untold(), results.compromised()),
    "nothing": results.result(results.host()),
    "hostile": results.result(results.hostile()),
}

every_format = pytest.mark.parametrize("report", FORMATS, ids=lambda report: report.name)
every_result = pytest.mark.parametrize("name", sorted(RESULTS))


def test_formats_are_named_after_their_files() -> None:
    assert [(name, name) for name in all_reports()] == [
        (name, report.name) for name, report in all_reports().items()
    ]


def test_no_two_formats_write_the_same_file() -> None:
    extensions = [report.extension for report in FORMATS]
    assert len(set(extensions)) == len(extensions)
    assert all(re.fullmatch(r"[a-z0-9.]+", extension) for extension in extensions)


@every_format
@every_result
def test_the_same_result_gives_the_same_bytes(report: Report, name: str) -> None:
    assert report.render(RESULTS[name]) == report.render(RESULTS[name])


@every_format
@every_result
def test_what_is_written_is_text_in_utf_8_that_ends_its_last_line(
    report: Report, name: str
) -> None:
    text = report.render(RESULTS[name]).decode("utf-8")
    assert text or (report.name, name) == ("timesketch", "nothing")  # no row has no line
    assert "\x00" not in text
    assert text.endswith("\n") or not text


@every_format
def test_no_format_leaves_out_a_server(report: Report) -> None:
    # Formats of one line for each row: a server without any finding has no line in them.
    of_rows = report.name in {"csv", "timesketch"}
    expected = {"EXCH01", "EXCH03"} | (set() if of_rows else {"EXCH02"})
    text = report.render(RESULTS["several"]).decode("utf-8")
    assert expected == set(re.findall(r"EXCH0[123]\b", text))


@every_format
def test_the_reference_has_a_line_for_every_format(report: Report) -> None:
    line = rf"^\| `{report.name}` \| `report.{report.extension}` \| \S"
    assert re.search(line, PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_a_format_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"--format: there is no report format 'docx'; there are"):
        reports_named(["html", "docx"])


def test_a_format_asked_for_twice_is_written_once() -> None:
    assert ["json", "html"] == [one.name for one in reports_named(["json", "html", "json"])]
