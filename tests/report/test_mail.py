"""Mail in question on the page, at the terminal, and in the two files beside it."""

from __future__ import annotations

import csv
import io
from datetime import date

import msgspec

from tests.report.results import at, host, result
from tocsin.model.result import MailAbuse, MailCase, MailDay, MailRecipient
from tocsin.report import mail
from tocsin.report.format import all_reports

CALLED = "from 203.0.113.77, an address that also called proxyLogon.ecp"
CASE = MailCase(
    finding="mailbox-abuse",
    sender="m.muster@example.org",
    first_sent=at("2021-03-04T22:00:00"),
    last_sent=at("2021-03-04T22:09:00"),
    mails=212,
    recipients=212,
    score=5.5,
    what="on 2021-03-04 212 mails to 212 recipients in 9 minutes",
    baseline="usually 14 recipients on a day with mail, at most 31, never between 20:00 and 06:00 UTC",
    signs=("212 recipients within 9 minutes; otherwise at most 11 within an hour",),
    joins=(f"{CALLED} (2021-03-03 06:44 UTC): ProxyLogon: session opened",),
    support=("3 deliveries failed",),
    clients=("203.0.113.77",),
    kinds=("OWA",),
    subjects=("=Overdue <invoice>",),
    days=(
        MailDay(day=date(2021, 3, 3), recipients=14, unusual=0),
        MailDay(day=date(2021, 3, 4), recipients=226, unusual=212),
        MailDay(day=date(2021, 3, 5), recipients=0, unusual=0),
    ),
    warn=(
        MailRecipient(
            address="=cmd@partner.example",
            inside=False,
            mails=1,
            first=at("2021-03-04T22:00:00"),
            last=at("2021-03-04T22:00:00"),
            failed=True,
        ),
        MailRecipient(
            address="b@example.org",
            inside=True,
            mails=2,
            first=at("2021-03-04T22:00:00"),
            last=at("2021-03-04T22:08:00"),
            failed=False,
        ),
    ),
    not_listed=3,
)
ABUSE = MailAbuse(
    mailboxes=212,
    mails=48_000,
    cannot_tell=41,
    machines=1,
    without_address=900,
    lost=0,
    more=0,
    cases=(CASE,),
)
RESULT = result(host(name="EX01", mail_abuse=ABUSE))
QUIET = result(host(mail_abuse=msgspec.structs.replace(ABUSE, cases=())))


def page(what: object = RESULT) -> str:
    return all_reports()["html"].render(what).decode()  # type: ignore[arg-type]  # one of ours


def test_the_page_tells_the_habit_beside_what_happened() -> None:
    text = page()
    for said in (CASE.baseline, CASE.signs[0], CASE.joins[0], "EX01", "3 more that no row names"):
        assert said.replace("<", "&lt;") in text
    assert "<invoice>" not in text
    assert 'role="img"' in text
    assert "2021-03-04: 226 recipients, 212 of them in question" in text


def test_one_sentence_says_what_is_usual_what_happened_and_what_ties_it_to_a_break_in() -> None:
    assert (
        "Usually 14 recipients on a day with mail, at most 31, never between 20:00 and 06:00 UTC; "
        "on 2021-03-04 212 mails to 212 recipients in 9 minutes, from 203.0.113.77, an address "
        "that also called proxyLogon.ecp (2021-03-03 06:44 UTC)."
    ) == mail.sentence(CASE)
    alone = msgspec.structs.replace(CASE, baseline="usually 2 recipients (9 mails)", joins=())
    assert (
        "Usually 2 recipients; on 2021-03-04 212 mails to 212 recipients in 9 minutes."
        == mail.sentence(alone)
    )


def test_a_narrow_drawing_shows_all_days_and_few_of_their_names() -> None:
    days = tuple(
        MailDay(day=date(2021, 3, number), recipients=number, unusual=0) for number in range(1, 29)
    )
    case = msgspec.structs.replace(CASE, days=days)
    abuse = msgspec.structs.replace(ABUSE, cases=(case,))
    section = page(result(host(mail_abuse=abuse))).partition('id="s1-mail-1"')[2]
    drawing = section.partition("</svg>")[0]
    names, hidden = drawing.count('"middle">2021-03-'), drawing.count("faint many")
    assert (9, 7) == (names, hidden)
    assert ".mail .drawing { min-width: 0; }" in page()


def test_a_table_says_what_the_drawing_says() -> None:
    text = page()
    assert (
        '<th scope="row">2021-03-04</th><td class="number">226</td><td class="number">212</td>'
        in text
    )


def test_where_no_mail_is_in_question_the_page_says_how_many_could_be_compared() -> None:
    text = page(QUIET)
    assert (
        "212 mailboxes sent 48,000 mails; 170 can be compared with their own habit, 41 sent"
        in text
    )
    assert "report.recipients.csv" not in text
    assert {"report.html"} == set(all_reports()["html"].files(QUIET))


def test_a_server_without_such_logs_has_no_such_part() -> None:
    assert "Mail in the name of others" not in page(result(host()))


def test_the_list_is_a_table_that_no_spreadsheet_runs() -> None:
    files = all_reports()["html"].files(RESULT)
    rows = list(csv.DictReader(io.StringIO(files["report.recipients.csv"].decode())))
    assert list(mail.COLUMNS) == list(rows[0])
    assert ["'=cmd@partner.example", "b@example.org"] == [row["recipient"] for row in rows]
    assert [("no", "yes"), ("yes", "no")] == [
        (row["inside"], row["delivery_failed"]) for row in rows
    ]


def test_the_note_names_sender_times_and_subject_and_asks_the_owner_first() -> None:
    text = all_reports()["html"].files(RESULT)["report.recipients.txt"].decode()
    assert text.startswith("Drafts")
    for said in (
        "m.muster@example.org",
        "2021-03-04 22:00",
        "2021-03-04 22:09",
        "Overdue <invoice>",
    ):
        assert said in text


def test_bars_add_up_and_stay_inside_of_the_drawing() -> None:
    chart = mail.draw(CASE)
    assert chart is not None
    assert 3 == len(chart.bars)
    for bar in chart.bars:
        assert 0 <= bar.y <= chart.bottom
        assert chart.left <= bar.x <= bar.x + bar.width <= chart.width
        assert abs(bar.y + bar.height + bar.unusual_height - chart.bottom) < 1
    assert mail.draw(msgspec.structs.replace(CASE, days=())) is None


def test_mailboxes_that_were_not_compared_are_named_and_not_called_usual() -> None:
    flooded = msgspec.structs.replace(
        ABUSE, cases=(), machines=2, machine_senders=("a@b.example",)
    )
    told = mail.summary_of(flooded)
    assert (
        "2 sent more than a person can and were not compared (a@b.example and 1 more: is each a "
        "machine?). None of those that can be compared is unusual."
    ) in told
