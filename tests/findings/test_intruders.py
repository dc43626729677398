"""How many came: who can be told from whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.findings.making import match
from tocsin.findings.finding import Finding
from tocsin.findings.intruders import intruders
from tocsin.model.grade import Confidence, Grade, Severity

if TYPE_CHECKING:
    from tocsin.matching.match import Match

NOBODY: frozenset[str] = frozenset()


def finding(
    name: str,
    *matches: Match,
    grade: Grade = Grade.PERSISTENCE,
    seen: tuple[str, ...] = (),
    is_lead: bool = False,
) -> Finding:
    return Finding(
        id=name,
        title=name,
        pack="test",
        grade=grade,
        confidence=Confidence.HIGH,
        severity=Severity.HIGH,
        cves=(),
        attack=(),
        clients=(),
        sources=(),
        matches=matches,
        total=len(matches),
        seen=seen,
        is_lead=is_lead,
    )


def visit(seconds: float, client: str, page: str = "") -> Match:
    return match("drop", seconds, client_ip=client, url_path=f"/owa/auth/{page}")


def told(*findings: Finding, shared: frozenset[str] = NOBODY) -> list[tuple[list[str], str]]:
    found = intruders(findings, shared)
    return [([one.id for one in intruder.findings], intruder.note) for intruder in found]


def test_two_addresses_with_pages_of_their_own_are_told_apart_in_order_of_time() -> None:
    first, second = intruders(
        [
            finding("late", visit(900, "192.0.2.8", "b.aspx")),
            finding("early", visit(10, "192.0.2.7", "a.aspx")),
        ],
        NOBODY,
    )
    assert (("192.0.2.7",), ("a.aspx",)) == (first.clients, first.pages)
    assert (("192.0.2.8",), ("b.aspx",)) == (second.clients, second.pages)


def test_addresses_that_used_one_page_cannot_be_separated_and_that_is_said() -> None:
    (found,) = intruders(
        [
            finding("one", visit(10, "192.0.2.7", "a.aspx")),
            finding("two", visit(900, "192.0.2.8", "a.aspx")),
        ],
        NOBODY,
    )
    assert ("192.0.2.7", "192.0.2.8") == found.clients
    assert "cannot tell" in found.note


def test_a_page_that_everybody_asks_for_ties_nobody() -> None:
    asked = [
        finding(name, visit(at, client, "logon.aspx"), grade=Grade.EXPLOITED)
        for name, at, client in (("one", 10, "192.0.2.7"), ("two", 20, "192.0.2.8"))
    ]
    assert 2 == len(intruders(asked, NOBODY))


def test_a_run_of_a_chain_ties_its_addresses() -> None:
    run = finding("run", visit(1, "192.0.2.7"), visit(2, "192.0.2.8"), seen=("a", "b"))
    assert 1 == len(intruders([run], NOBODY))
    alone = finding("rule", visit(1, "192.0.2.7"), visit(2, "192.0.2.8"))
    assert 2 == len(intruders([alone], NOBODY))


def test_what_names_nobody_belongs_to_the_only_one_there_is() -> None:
    process = finding("process", match("child", 30))
    ((ids, note),) = told(finding("one", visit(10, "192.0.2.7", "a.aspx")), process)
    assert ["one", "process"] == ids
    assert "Only one was seen" in note


def test_what_names_nobody_stays_alone_where_it_may_be_anybodys() -> None:
    process = finding("process", match("child", 30))
    found = told(
        finding("one", visit(10, "192.0.2.7", "a.aspx")),
        finding("two", visit(10, "192.0.2.8", "b.aspx")),
        process,
    )
    assert [["one"], ["two"], ["process"]] == [ids for ids, _ in found]
    assert "may belong to any of the others" in found[-1][1]


def test_attempts_leads_and_load_balancers_are_no_intruders() -> None:
    findings = [
        finding("attempt", visit(1, "192.0.2.7"), grade=Grade.ATTEMPT),
        finding("lead", visit(1, "192.0.2.7"), is_lead=True),
    ]
    assert [] == told(*findings)
    (found,) = intruders([finding("x", visit(1, "10.0.0.1"))], frozenset({"10.0.0.1"}))
    assert () == found.clients


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), min_size=1, max_size=12)
)
def test_no_address_and_no_page_is_in_two_places(pairs: list[tuple[str, str]]) -> None:
    findings = [
        finding(f"f{place}", visit(place, f"192.0.2.{ord(client)}", f"{page}.aspx"))
        for place, (client, page) in enumerate(pairs)
    ]
    found = intruders(findings, NOBODY)
    for keys in (
        [c for one in found for c in one.clients],
        [p for one in found for p in one.pages],
    ):
        assert len(set(keys)) == len(keys)
    assert {one.id for one in findings} == {f.id for one in found for f in one.findings}
