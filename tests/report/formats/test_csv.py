from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from tests.report import results
from tocsin.report.cells import harmless
from tocsin.report.formats.csv import COLUMNS, render

if TYPE_CHECKING:
    from tocsin.model.result import HostResult


def rows(*hosts: HostResult) -> list[dict[str, str]]:
    text = render(results.result(*hosts)).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_there_is_one_line_for_each_citation() -> None:
    host = results.compromised()
    cited = sum(len(one.citations) for one in (*host.findings, *host.leads))
    assert cited == len(rows(host, results.quiet()))


def test_a_line_says_what_was_found_and_where() -> None:
    first = rows(results.compromised())[0]
    assert list(COLUMNS) == list(first)
    assert ("EXCH01", "finding", "proxylogon-chain-1") == (
        first["server"],
        first["kind"],
        first["finding"],
    )
    assert (results.HTTPPROXY, "118", "", "2021-03-03T04:12:07.113000Z") == (
        first["artefact"],
        first["line"],
        first["record"],
        first["time"],
    )


def test_leads_are_told_apart() -> None:
    assert {"finding", "lead"} == {row["kind"] for row in rows(results.compromised())}


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-2", "@SUM(A1)", " =1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert f"'{text}" == harmless(text)


@pytest.mark.parametrize(
    "sign", "\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212\u207a\u208c"
)
@pytest.mark.parametrize("before", ["", " ", "\u3000", "\xa0"])
def test_no_cell_is_a_formula_in_wide_or_small_signs(sign: str, before: str) -> None:
    assert f"'{before}{sign}1" == harmless(f"{before}{sign}1")


@pytest.mark.parametrize("skipped", ["\t", "\r", "\n", "\r\n", "\x00", "\ufeff", "\u200b"])
def test_nothing_that_is_skipped_stands_before_a_formula(skipped: str) -> None:
    cell = harmless(f"{skipped}=1")
    assert cell.startswith("‹U+")
    assert cell.isprintable()


def test_other_text_stays_as_it_is() -> None:
    assert ["", "mail.example.org", "ä=1", "\uff11"] == [
        harmless(text) for text in ("", "mail.example.org", "ä=1", "\uff11")
    ]


def test_hostile_text_stays_in_its_cell() -> None:
    lines = rows(results.hostile())
    first = lines[0]
    assert "‹U+000D›‹U+000A›" in first["title"]
    assert 33_000 > len(first["text"])
    assert first["text"].endswith(" characters)")
    assert 10_001 == len(lines)
