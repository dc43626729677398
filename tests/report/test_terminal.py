from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import msgspec
import pytest
from rich.console import Console

from tests.report import results
from tocsin.model.grade import Confidence, Grade
from tocsin.model.result import RuleCounts
from tocsin.report import terminal, words

if TYPE_CHECKING:
    from tocsin.model.result import Result


def printed(result: Result, *, width: int = 100, colour: bool = False) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        markup=False,
        highlight=False,
        emoji=False,
    )
    console.print(terminal.render(result))
    return stream.getvalue()


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_verdict_comes_first_and_again_at_the_end() -> None:
    lines = printed(results.result(results.compromised())).split("\n")
    text = [line.strip() for line in lines if line.strip()]
    assert text[0].startswith("✖ COMPROMISED")
    end = text[text.index("In short") + 1 :]
    assert end[0].startswith("✖ COMPROMISED   EXCH01  2020-12-12 to 2021-03-12")
    assert end[1].startswith("First: Take the server off the network now")


def test_the_dates_and_the_assurance_stand_with_the_verdict() -> None:
    text = flat(printed(results.result(results.compromised())))
    assert "Read: incomplete logs from 2020-12-12 to 2021-03-12 (UTC)." in text
    assert "Assurance: partial" in text


def test_an_attempt_that_cannot_be_judged_is_headed_so() -> None:
    text = printed(results.result(results.untold()))
    assert "? ATTEMPTED; WHETHER IT SUCCEEDED CANNOT BE TOLD" in text


def test_reasons_limits_and_next_steps_are_all_there() -> None:
    host = results.compromised()
    text = flat(printed(results.result(host)))
    for line in (*host.verdict.reasons, *host.verdict.limits, *host.findings[2].next_steps):
        assert line in text


def test_findings_name_their_places_and_say_how_many_more_there_are() -> None:
    text = flat(printed(results.result(results.compromised()), width=300))
    assert f"{results.HTTPPROXY}:118 2021-03-03 04:12:07.113Z" in text
    assert "… and 5 citations more" in text
    assert "and 22 more" in text


def test_a_terminal_shows_the_gravest_and_counts_the_others() -> None:
    many = results.host(
        findings=tuple(results.finding(id=str(n), next_steps=(f"Do {n}.",)) for n in range(20))
    )
    text = flat(printed(results.result(many)))
    assert "… and 5 less severe ones, which the report shows" in text
    assert "more steps beside the findings in the report" in text


def test_leads_are_shown_apart_from_findings() -> None:
    text = printed(results.result(results.compromised()))
    assert "Leads from your own rules and lists (they never raise the verdict) (1)" in text
    assert results.LEAD.title in text


def test_rows_that_are_not_cited_are_counted() -> None:
    cited = results.finding().citations * 300
    only = results.host(findings=(results.finding(citations=cited, rows=12_345),))
    text = flat(printed(results.result(only), width=200))
    assert "… and 298 citations more, of 12,345 rows" in text


def test_a_lead_claims_no_stage_of_an_attack() -> None:
    only = results.host(leads=(results.finding(grade=Grade.ATTEMPT, confidence=Confidence.LOW),))
    text = flat(printed(results.result(only), width=200))
    assert "your rule or list; it says nothing of how far an attack got" in text
    assert "low confidence" not in text


def test_what_became_of_every_rule_is_told() -> None:
    text = flat(printed(results.result(results.quiet()), width=200))
    assert (
        "What became of the rules • 30 Sigma rules, 10 YARA rules, 1 entry of a list loaded; "
        "3 not applicable: no source of theirs was read • 1 asked for a field that no row had "
        "• 1 needed every row in full • 1 could not be used "
        "• sigma/old.yml: unknown modifier 'windash2'"
    ) in text


def test_where_all_rules_could_be_asked_one_line_says_so() -> None:
    counts = RuleCounts(loaded=41, not_applicable=0, failed=(), full_scan=(), fields_never_seen=())
    well = msgspec.structs.replace(
        results.result(results.quiet()),
        tool=msgspec.structs.replace(results.TOOL, rules=counts),
    )
    _, _, after = printed(well, width=200).partition("What became of the rules")
    assert 1 == after.partition("In short")[0].count("•")


def test_what_was_not_read_and_what_was_set_aside_is_counted() -> None:
    text = flat(printed(results.result(results.compromised()), width=200))
    assert "field_count: 40 places in 1 file" in text
    assert "health-probes: 182,441 rows" in text
    assert "Exchange Web Services log: needed for the verdict, and not there" in text
    assert "no row in 2021-02-19 00:00:00Z to 2021-02-22 06:00:00Z" in text


def test_several_servers_are_listed_again_from_the_worst() -> None:
    result = results.result(results.quiet(), results.untold(), results.compromised())
    end = printed(result).partition("In short: 3 servers, the worst first")[2]
    assert ["EXCH01", "EXCH03", "EXCH02"] == re.findall("EXCH[0-9]+", end)


def test_many_servers_are_told_in_brief_and_namesakes_by_their_source() -> None:
    one, two = results.quiet(), msgspec.structs.replace(results.quiet(), source="other.zip")
    text = flat(printed(results.result(one, two, *[results.compromised()] * 2), width=200))
    assert "What was read" not in text
    assert "Somebody got in" in text
    end = text.partition("In short: 4 servers")[2]
    assert f"{one.name} (other.zip)" in end


def test_no_escape_sequence_of_evidence_reaches_the_terminal() -> None:
    text = printed(results.result(results.hostile()))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "‹U+001B›[31m" in text
    assert "[bold]rich[/bold]:smile:" in text


def test_hostile_amounts_stay_a_page() -> None:
    assert 60_000 > len(printed(results.result(results.hostile())))


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    hosts = (results.compromised(), results.untold(), results.quiet())
    lines = printed(results.result(*hosts), width=width).split("\n")
    assert width >= max(len(line) for line in lines)


def test_colour_adds_nothing_but_colour() -> None:
    result = results.result(results.compromised())
    coloured = printed(result, colour=True)
    assert "\x1b[" in coloured
    assert printed(result) == without_colour(coloured)


def without_colour(text: str) -> str:
    stream = io.StringIO()
    for index, part in enumerate(text.split("\x1b[")):
        stream.write(part if index == 0 else part.partition("m")[2])
    return stream.getvalue()


def test_one_line_for_scripts_has_level_name_and_headline() -> None:
    assert "compromised\tEXCH01\tCompromised\tevidence/EXCH01.zip" == terminal.one_line(
        results.compromised()
    )
    line = terminal.one_line(results.hostile())
    assert line.startswith("attempted\t</style>")
    assert "\n" not in line


def test_the_words_of_the_terminal_are_those_of_every_output() -> None:
    host = results.quiet()
    assert words.meaning(host.verdict) in flat(printed(results.result(host)))
