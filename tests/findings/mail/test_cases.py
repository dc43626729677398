"""What ties unusual mail to a break-in, and how sure that makes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.findings.mail.mailing import Mail, Office, at, contacts, person
from tests.findings.mail.test_suspects import INTRUDER, abused
from tests.findings.making import rule
from tocsin.findings.finding import Finding
from tocsin.findings.mail.cases import confidence_of
from tocsin.findings.mail.joins import intruders_of, joins_of
from tocsin.findings.mail.rows import SENT, rows_of, search_for
from tocsin.findings.mail.suspects import judged
from tocsin.findings.mail.told import baseline, days_of, what_happened
from tocsin.findings.pivots import PIVOT
from tocsin.knowledge.mail import mail_knowledge
from tocsin.matching.match import Match
from tocsin.model.artefact import Artefact
from tocsin.model.grade import Confidence, Grade, Severity
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from datetime import datetime

    from tocsin.findings.mail.suspects import Suspect

KNOWLEDGE = mail_knowledge()
RULES = {
    name: rule(name, Grade.PROBE, Confidence.LOW)
    for name in (*KNOWLEDGE.joins.for_all, *KNOWLEDGE.joins.for_one)
} | {
    "asked": rule("asked", Grade.ATTEMPT, Confidence.LOW),
    "session": rule("session", Grade.EXPLOITED, Confidence.HIGH),
}


def row(rule_id: str, time: datetime | None, kind: str = "httpproxy:ecp", **values: str) -> Match:
    path = EvidencePath.plain(f"C/{kind.replace(':', '/')}.log")
    return Match(
        rule=rule_id,
        artefact=Artefact(path=path, format=kind.partition(":")[0], size_bytes=1),
        kind=kind,
        time=time,
        place=int(time.timestamp()) % 100_000 if time else 1,
        values=values,
        text=str(values),
    )


def break_in(time: datetime, client: str = INTRUDER, **changes: object) -> Finding:
    """A chain that surely succeeded from this address."""
    plain = Finding(
        id="chain",
        title="A chain: session opened",
        pack="test",
        grade=Grade.EXPLOITED,
        confidence=Confidence.HIGH,
        severity=Severity.HIGH,
        cves=(),
        attack=(),
        clients=(client,),
        sources=("httpproxy:ecp",),
        matches=(row("session", time, client_ip=client),),
        total=1,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # facts of many types


def suspect(mails: list[Mail] | None = None, *, findings: tuple[Finding, ...] = ()) -> Suspect:
    office = Office(people=5)
    office.mails += abused(3) if mails is None else mails
    table = office.habits().taken()
    (found,) = judged(table, KNOWLEDGE.limits, intruders_of(findings, frozenset())).suspects
    return found


def by_ews() -> Suspect:
    """The same mails, through Exchange Web Services."""
    return suspect([replace(one, kind="WebServices") for one in abused(3)])


def ties(of: Suspect, *findings: Finding, matches: tuple[Match, ...] = ()) -> list[str]:
    return [one.text for one in joins_of(of, findings, matches, KNOWLEDGE.joins, RULES)]


def test_habits_alone_are_never_sure() -> None:
    found = suspect()
    assert KNOWLEDGE.limits.serious <= found.score
    assert Confidence.MEDIUM is confidence_of(found, ())
    assert Confidence.LOW is confidence_of(replace(found, score=KNOWLEDGE.limits.told), ())
    assert Confidence.MEDIUM is confidence_of(replace(found, score=1000), ())


def test_the_address_of_a_sure_break_in_makes_it_sure() -> None:
    chain = break_in(at(21, 6))
    found = suspect(findings=(chain,))
    joins = joins_of(found, (chain,), (), KNOWLEDGE.joins, RULES)
    assert INTRUDER == found.intruder
    assert [True] == [one.is_address for one in joins]
    assert "A chain: session opened" in joins[0].text
    assert chain.matches == joins[0].rows
    assert Confidence.HIGH is confidence_of(found, joins)


def test_a_single_mail_from_there_may_still_be_the_owners() -> None:
    chain = break_in(at(21, 6))
    one = Mail(time=at(22, 9), sender=person(3), to=[contacts(3)[0]], subject="x", client=INTRUDER)
    found = suspect([one], findings=(chain,))
    joins = joins_of(found, (chain,), (), KNOWLEDGE.joins, RULES)
    assert Confidence.MEDIUM is confidence_of(found, joins)


@pytest.mark.parametrize(
    "changes",
    [
        {"confidence": Confidence.MEDIUM},
        {"grade": Grade.ATTEMPT},
        {"is_lead": True},
    ],
)
def test_only_who_surely_got_in_is_an_intruder(changes: dict[str, object]) -> None:
    assert {} == intruders_of((replace(break_in(at(21, 6)), **changes),), frozenset())  # type: ignore[arg-type]  # facts of many types


def test_an_address_that_stands_for_many_is_no_intruders() -> None:
    assert {} == intruders_of((break_in(at(21, 6)),), frozenset({INTRUDER}))


def test_a_break_in_within_the_same_minutes_is_a_tie() -> None:
    found = suspect()
    near, far = break_in(at(22, 22, 60), "198.51.100.9"), break_in(at(21, 6), "198.51.100.9")
    told = ["within 10 minutes of somebody who broke in: A chain: session opened"]
    assert told == ties(found, near)
    assert told == ties(found, near, replace(near, id="chain-2"))
    assert [] == ties(found, far)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {
                "anchor": "ServerInfo~a]@ex01.example.org:444/ecp/proxyLogon.ecp?#",
                "url_path": "/ecp/y.js",
            },
            "called proxyLogon.ecp (2021-02-22 06:00 UTC)",
        ),
        ({"url_path": "/owa/auth/Page.aspx"}, "called Page.aspx (2021-02-22 06:00 UTC)"),
        ({"url_path": "/owa/page.aspx/y.js"}, "called page.aspx (2021-02-22 06:00 UTC)"),
        ({}, "broke in"),
    ],
)
def test_the_request_is_named_by_which_the_address_got_in(
    values: dict[str, str], words: str
) -> None:
    asked = row("asked", at(21, 5), client_ip=INTRUDER, url_path="/ecp/scan.js")
    session = row("session", at(21, 6), client_ip=INTRUDER, **values)
    chain = break_in(at(21, 6), matches=(asked, session))
    told = f"from {INTRUDER}, an address that also {words}: A chain: session opened"
    assert [told] == ties(suspect(findings=(chain,)), chain)


def test_a_right_over_all_mailboxes_days_before_is_a_tie() -> None:
    found = by_ews()
    given = row(
        "mail-impersonation", found.first - timedelta(days=2), "events:MSExchange Management"
    )
    long_ago = replace(given, time=found.first - timedelta(days=20))
    afterwards = replace(given, time=found.last + timedelta(days=1))
    assert 1 == len(ties(found, matches=(given,)))
    assert [] == ties(found, matches=(long_ago, afterwards))
    assert Confidence.MEDIUM is confidence_of(
        replace(found, score=KNOWLEDGE.limits.told),
        joins_of(found, (), (given,), KNOWLEDGE.joins, RULES),
    )


def test_a_right_that_only_ews_uses_ties_no_mail_that_came_by_another_client() -> None:
    found = suspect()
    given = row("mail-impersonation", found.first - timedelta(days=2), "events:x")
    assert ("OWA",) == found.kinds
    assert [] == ties(found, matches=(given,))


def test_a_rule_that_copies_mail_on_its_way_sends_none() -> None:
    found = by_ews()
    made = row("mail-transport-rule", found.first - timedelta(hours=3), "events:x")
    assert [] == ties(found, matches=(made,))


@pytest.mark.parametrize(
    ("parameters", "user", "number"),
    [
        (f'-Mailbox "{person(3)}" -ForwardTo "x@b.example"', "example.org/Users/admin", 1),
        ('-Mailbox "example.org/Users/p3.muster" -DeleteMessage "True"', "", 1),
        ('-Mailbox "example.org/Users/P3 Muster" -DeleteMessage "True"', "", 1),
        (r'-Identity "p3.muster\holiday" -ForwardTo "x@b.example"', "", 1),
        ('-Name "holiday" -ForwardTo "x@b.example"', "example.org/Users/p3.muster", 1),
        (f'-Mailbox "{person(4)}" -ForwardTo "x@b.example"', "", 0),
        (f'-Mailbox "{person(4)}" -ForwardTo "{person(3)}"', "", 0),
        ('-Mailbox "p3.muster@else.example" -ForwardTo "x@b.example"', "", 0),
        ('-Mailbox "p3.muster2" -ForwardTo "x@b.example"', "", 0),
        (f'-Mailbox "{person(4)}" -ForwardTo "x"', "example.org/Users/p3.muster", 0),
    ],
)
def test_a_rule_for_one_mailbox_counts_for_that_one(
    parameters: str, user: str, number: int
) -> None:
    found = suspect()
    made = row(
        "mail-inbox-rule",
        found.first - timedelta(hours=3),
        "events:x",
        parameters=parameters,
        user=user,
    )
    assert number == len(ties(found, matches=(made,)))


def test_what_two_rules_say_of_one_row_is_one_tie_by_the_more_special_one() -> None:
    found = suspect()
    parameters = f'-Mailbox "{person(3)}" -ForwardTo "x@b.example" -DeleteMessage "True"'
    made = row(
        "mail-inbox-rule", found.first - timedelta(hours=3), "events:x", parameters=parameters
    )
    (tie,) = ties(found, matches=(made, replace(made, rule="mail-inbox-rule-hidden")))
    assert RULES["mail-inbox-rule-hidden"].title in tie


def test_what_happened_stands_beside_what_is_usual() -> None:
    found = suspect()
    assert "on 2021-02-23 60 mails to 60 recipients in 5 minutes" == what_happened(found)
    told = baseline(found.habit)
    assert told.startswith("usually ")
    assert "never between 15:00 and 07:00 UTC" in told
    assert "too little other mail to compare with" == baseline(None)
    days = days_of(found)
    assert 60 == sum(one.unusual for one in days)
    assert all(one.unusual <= one.recipients for one in days)


def test_the_search_knows_the_rows_of_these_mails_and_no_others() -> None:
    found = suspect()
    search = search_for([found])
    mine = {"sender": person(3), "subject": "Overdue invoice", "operation": "RECEIVE"}
    assert (person(3), "\\p3.muster") == search.words()
    assert f"{SENT}:0" == search.found_by(mine, found.first)
    assert search.found_by({**mine, "sender": person(4)}, found.first) is None
    assert search.found_by({**mine, "subject": "else"}, found.first) is None
    assert search.found_by(mine, found.first - timedelta(seconds=1)) is None
    assert search.found_by(mine, None) is None
    came = {"operation": "DELIVER", "recipients": person(3), "subject": "RE: Overdue invoice"}
    assert "mail_answered:0" == search.found_by(came, found.last + timedelta(hours=2))
    ews = {
        "user": "svc@example.org",
        "impersonated_user": person(3).upper(),
        "operation": "DeleteItem",
    }
    assert "mail_client:0" == search.found_by(ews, found.last)
    owa = {"user": "EXAMPLE\\P3.Muster", "url_query": "action=DeleteItem"}
    assert "mail_client:0" == search.found_by(owa, found.last)
    assert search.found_by({**owa, "user": "EXAMPLE\\p33.muster"}, found.last) is None


def test_rows_tell_who_got_a_mail_and_whom_it_never_reached() -> None:
    found = suspect()
    shared = {"message_id": "<1@x>", "sender": person(3), "subject": "Overdue invoice"}
    known = contacts(3)
    traces = [
        row(f"{PIVOT}{SENT}:0", found.first, "message_tracking",
            recipients=f"{known[0]};{known[1]};cut.off@par", operation="RECEIVE",
            original_client_ip=INTRUDER, client_ip="10.20.0.11", **shared),
        row(f"{PIVOT}mail_followed:0", found.first + timedelta(seconds=1), "message_tracking",
            recipients=known[0], operation="SENDEXTERNAL", **shared),
        row(f"{PIVOT}mail_followed:0", found.first + timedelta(seconds=2), "message_tracking",
            recipients=known[1], operation="FAIL", **shared),
        row(f"{PIVOT}mail_followed:0", found.first + timedelta(seconds=3), "message_tracking",
            recipients="someone@else.example", operation="SEND", **{**shared, "message_id": "<2@x>"}),
        row(f"{PIVOT}{SENT}:1", found.first, "message_tracking", operation="RECEIVE"),
    ]  # fmt: skip
    rows = rows_of(0, found, traces)
    assert 1 == len(rows.sent)
    assert INTRUDER == rows.sent[0].values["client_ip"]
    assert [(known[0], False), (known[1], True)] == [
        (one.address, one.failed) for one in rows.recipients
    ]
    assert 1 == len(rows.failed)
    assert 40 - 2 == rows.unnamed


def test_what_was_deleted_in_these_hours_is_told() -> None:
    found = suspect()
    traces = [
        row(f"{PIVOT}mail_client:0", found.last, "ews", user=person(3), operation="DeleteItem"),
        row(f"{PIVOT}mail_client:0", found.first, "httpproxy:owa", user=person(3),
            url_query="action=DeleteItem&EP=1"),
        row(f"{PIVOT}mail_client:0", found.first + timedelta(seconds=9), "ews", user=person(3),
            operation="GetFolder"),
    ]  # fmt: skip
    assert (3, 2) == (len((rows := rows_of(0, found, traces)).clients), len(rows.deleted))
