from __future__ import annotations

from tests.report.test_victim_counts import victim
from tocsin.model.grade import Level
from tocsin.report.victim_counts import NOTE, summary
from tocsin.report.victim_text import victim_text


def test_each_number_is_told_with_what_it_is_a_share_of() -> None:
    hosts = [victim(day=3), victim(name="MX2", level=Level.INCONCLUSIVE)]
    text = victim_text(
        summary([hosts], {"mx1": {"sector": "health"}, "mx7": {"sector": "health"}})
    )
    assert "2 hosts in 1 result\n" in text
    assert "  broken into: 1 of 2 (50%; 9% to 91%)\n" in text
    assert "any of 1 inconclusive may be: at most 2\n" in text
    assert "sector: health\n  1 host hunted; 2 hosts in the list of owners\n" in text
    assert "first trace of a break-in: known for 1 of 1\n" in text
    assert text.endswith(f"\n{NOTE}\n")


def test_nothing_hostile_reaches_the_terminal() -> None:
    hosts = [
        victim(
            overlaps=frozenset({("some overlap", "G\x1b[2J")}),
            succeeded=frozenset({("CVE\u202e",)}),
        )
    ]
    text = victim_text(summary([hosts], {"mx1": {"sector": "\x1b]0;x\x07"}}))
    assert text.replace("\n", "").isprintable()


def test_no_hosts_are_told_without_a_share() -> None:
    assert "%" not in victim_text(summary([])).replace(NOTE, "")
