from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from pypdf import PdfReader

from tests.report import results
from tests.report.results import at, finding, host
from tocsin.errors import UsageError
from tocsin.knowledge.authorities import all_profiles
from tocsin.model.grade import Grade
from tocsin.report.choices import Choices, Tlp
from tocsin.report.formats import incident

if TYPE_CHECKING:
    from tocsin.model.result import HostResult

SLUGS = [profile.slug for profile in all_profiles()]
HOSTILE_TYPST = '#panic("x") $1/0$ *b* _i_ `c` @ref <label> \\u{41} // [x] #{ 1 + 1 } " \' '


def told(*hosts: HostResult, **chosen: Any) -> dict[str, Any]:  # noqa: ANN401 any choice
    read = json.loads(incident.render(results.result(*hosts), Choices(**chosen)))
    assert isinstance(read, dict)
    return read


def lines(read: dict[str, Any], fact: str) -> list[str]:
    return [
        line
        for section in read["profiles"][0]["sections"]
        for field in section["fields"]
        for filled in field["prefilled"]
        if filled["fact"] == fact
        for line in filled["lines"]
    ]


def text_of(paper: bytes) -> str:
    pages = PdfReader(io.BytesIO(paper)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def paper(one: HostResult, **chosen: Any) -> str:  # noqa: ANN401 any choice
    choices = Choices(**{"authorities": ("gdpr",), **chosen})
    (content,) = incident.papers(results.result(one), choices).values()
    return text_of(content)


# --- whether and until when ---------------------------------------------------------------------


def test_without_a_word_of_the_reporter_all_are_drafted_and_no_clock_runs() -> None:
    read = told(results.compromised(), aware_since=at("2021-03-09T10:00:00"))
    assert SLUGS == [profile["slug"] for profile in read["profiles"]]
    assert {None} == {profile["applies"] for profile in read["profiles"]}
    assert {None} == {d["due"] for profile in read["profiles"] for d in profile["deadlines"]}


def test_deadlines_are_counted_from_when_the_reporter_knew() -> None:
    read = told(
        results.compromised(), authorities=("nis2",), aware_since=at("2021-03-09T10:00:00")
    )
    (profile,) = read["profiles"]
    assert profile["applies"] is True
    assert ["2021-03-10T10:00:00Z", "2021-03-12T10:00:00Z", None, None] == [
        one["due"] for one in profile["deadlines"]
    ]


def test_no_clock_runs_without_knowing_since_when() -> None:
    (profile,) = told(results.compromised(), authorities=("gdpr",))["profiles"]
    assert {None} == {one["due"] for one in profile["deadlines"]}


def test_the_end_of_the_calendar_ends_no_run() -> None:
    late = at("9999-12-31T00:00:00")
    (profile,) = told(host(), authorities=("gdpr",), aware_since=late)["profiles"]
    assert {None} == {one["due"] for one in profile["deadlines"]}


def test_every_draft_says_that_it_is_one_and_when_its_form_was_checked() -> None:
    read = told(results.compromised())
    assert "nobody has checked it" in read["draft"]
    for profile in read["profiles"]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", profile["checked"])
        assert profile["checked_against"]
        assert profile["to_confirm"]


# --- what is filled in ---------------------------------------------------------------------------


def test_what_only_the_victim_knows_stays_blank() -> None:
    fields = [
        field
        for profile in told(results.compromised())["profiles"]
        for section in profile["sections"]
        for field in section["fields"]
    ]
    assert {None} == {field["value"] for field in fields}
    assert all(field["only_you"] or field["prefilled"] for field in fields)
    assert [] == [f["id"] for f in fields if "contact" in f["id"] and f["prefilled"]]


def test_findings_are_told_from_an_attempt_on() -> None:
    read = told(results.compromised(), authorities=("nis2",))
    happened = " ".join(lines(read, "what_happened"))
    assert "ProxyLogon: the whole chain" in happened
    assert "A scanner asked" not in happened


def test_no_trace_of_mail_is_not_told_as_no_theft() -> None:
    (line,) = set(lines(told(results.compromised(), authorities=("gdpr",)), "mail"))
    assert "no evidence that it did not happen" in line


def test_mail_theft_is_told() -> None:
    stolen = host(findings=(finding(title="A mailbox was read", grade=Grade.MAIL_THEFT),))
    (line,) = set(lines(told(stolen, authorities=("gdpr",)), "mail"))
    assert "There is evidence that mail was read or taken: A mailbox was read." == line


def test_several_servers_are_told_apart() -> None:
    read = told(results.compromised(), results.untold(), authorities=("gdpr",))
    assert {"EXCH01", "EXCH03"} == {
        line.partition(":")[0] for line in lines(read, "what_happened")
    }


def test_indicators_are_those_that_are_sure() -> None:
    named = " ".join(lines(told(results.compromised(), authorities=("nis2",)), "indicators"))
    assert results.INTRUDER in named
    assert "198.51.100.1" not in named


def test_a_server_without_findings_is_not_called_fine() -> None:
    read = told(results.quiet(), authorities=("gdpr",))
    words = json.dumps(read).lower()
    assert "no evidence found" in words
    assert " clean" not in words


# --- on paper ------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", SLUGS)
def test_every_profile_goes_on_paper(slug: str) -> None:
    printed = incident.papers(results.result(results.compromised()), Choices(authorities=(slug,)))
    assert [f"incident.{slug}.pdf"] == list(printed)
    text = text_of(printed[f"incident.{slug}.pdf"])
    assert "EXCH01" in text
    assert "Only you can fill this in" in text
    assert "TLP:AMBER" in text


def test_paper_says_what_is_due_and_how_far_it_may_travel() -> None:
    text = paper(results.compromised(), aware_since=at("2021-03-09T10:00:00"), tlp=Tlp.RED)
    assert "2021-03-12 10:00:00" in text
    assert "TLP:RED" in text
    assert "not counted" in paper(results.compromised())


def test_paper_calls_no_voluntary_report_a_duty() -> None:
    assert "A report is voluntary" in paper(results.quiet(), authorities=("cisa",))
    assert "This authority was chosen" not in paper(results.quiet(), authorities=("cisa",))
    assert "This authority was chosen" in paper(results.quiet(), authorities=("gdpr",))


def test_paper_is_the_same_each_time() -> None:
    once, again = (
        incident.papers(results.result(results.compromised()), Choices()) for _ in range(2)
    )
    assert once == again


def test_text_of_evidence_is_printed_and_never_read_as_markup() -> None:
    text = paper(host(name="EX", findings=(finding(title=HOSTILE_TYPST),)))
    for part in ('#panic("x")', "$1/0$", "*b*", "@ref", "<label>", "#{ 1 + 1 }", "\\u{41}"):
        assert part in text


def test_a_hash_can_be_copied_from_paper() -> None:
    sha = "0123456789abcdef" * 4
    assert sha in paper(host(findings=(finding(title=f"File {sha}"),)))


def test_hostile_evidence_goes_on_paper() -> None:
    assert "‹U+202E›" in paper(results.hostile())


def test_paper_can_be_left_out() -> None:
    assert {} == incident.papers(results.result(results.quiet()), Choices(pdf=False))


def test_without_the_typesetter_the_request_is_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(UsageError, match=r"--format incident: .*tocsin\[pdf\].*--no-pdf"):
        incident.check(Choices())
    incident.check(Choices(pdf=False))
    assert told(results.compromised(), pdf=False)["profiles"]


def test_an_authority_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(
        UsageError, match=r"--authority: there is no authority 'x'; there are: cisa"
    ):
        incident.check(Choices(authorities=("x",)))
