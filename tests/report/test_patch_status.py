"""The answer of `tocsin build` for people."""

from __future__ import annotations

from datetime import date

from tocsin.report.patch_status import lines
from tocsin.verdict.asked import asked
from tocsin.verdict.exposure import Sighting
from tocsin.verdict.patching import evidence_status, patch_status

ON = date(2026, 11, 24)


def text(build: str) -> str:
    return "\n".join(lines(patch_status(asked(build).number, ON), ON))


def test_what_is_known_to_be_exploited_comes_first_and_what_to_install_after_it() -> None:
    found = text("15.1.2176.9")
    assert found.index("CVE-2021-34473") < found.index("In numbers") < found.index("1. Install")
    assert "Exchange Server 2016 CU19 Mar21SU, released 2021-03-02" in found


def test_nothing_is_called_fixed_line_by_line_and_the_rest_is_counted() -> None:
    assert "CVE-2021-26855" not in text("15.1.2176.9")
    assert "the others: " in text("15.1.2176.9")


def test_three_parts_say_what_they_cannot_tell() -> None:
    assert "Three parts tell the cumulative update" in text("15.2.1748")


def test_a_build_in_no_list_says_so() -> None:
    assert "in no list of builds" in text("15.9.1.1")


def test_a_build_from_a_log_is_a_lower_bound() -> None:
    sighting = Sighting(build="15.1.2106.2", kind="httpproxy:ecp", first=None, last=None)
    found = "\n".join(lines(evidence_status("a.zip", [sighting], [], ON), ON))
    assert "15.1.2106.2 or newer, by httpproxy" in found


def test_text_of_a_source_cannot_touch_the_terminal() -> None:
    found = "\n".join(lines(evidence_status("a\x1b[31m.zip", [], [], ON), ON))
    assert "\x1b" not in found
