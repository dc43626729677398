"""Which rows of message tracking are a mail that somebody sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.findings.mail.mailing import Mail, at, person
from tocsin.findings.mail.sent import (
    ITSELF,
    READ,
    came_back,
    may_tell,
    recipients_of,
    sent_mail,
    subject_of,
)

MAIL = Mail(
    time=at(1, 9), sender=person(0), to=["a@partner.example", "B@Partner.example"], subject="x"
)


def test_one_mail_is_counted_once_however_many_rows_tell_it() -> None:
    told = [sent for row in MAIL.rows() if (sent := sent_mail(row.fields))]
    assert 1 == len(told)
    assert person(0) == told[0].sender
    assert ("a@partner.example", "b@partner.example") == told[0].recipients
    assert ("MOMT", "10.20.8.4", 2) == (told[0].kind, told[0].client, told[0].total)


@pytest.mark.parametrize(
    "message_class",
    [
        "IPM.Schedule.Meeting.Request",
        "REPORT.IPM.Note.IPNRN",
        "IPM.Note.Rules.OofTemplate.Microsoft",
    ],
)
def test_what_no_person_writes_is_no_mail(message_class: str) -> None:
    mail = Mail(
        time=at(1, 9),
        sender=person(0),
        to=["a@b.example"],
        subject="",
        message_class=message_class,
    )
    assert [] == [sent for row in mail.rows() if (sent := sent_mail(row.fields))]


def test_a_mailbox_of_exchange_itself_sends_nothing() -> None:
    mail = Mail(
        time=at(1, 9), sender="HealthMailbox1a2b@example.org", to=["a@b.example"], subject=""
    )
    assert [] == [sent for row in mail.rows() if (sent := sent_mail(row.fields))]


@pytest.mark.parametrize(
    ("connector", "kind"),
    [("EX01\\Client Proxy EX01", "SMTP"), ("EX01\\Default EX01", None), ("", None)],
)
def test_only_smtp_of_clients_that_sign_in_is_sent_by_a_mailbox(
    connector: str, kind: str | None
) -> None:
    fields = {
        "event-id": "RECEIVE",
        "source": "SMTP",
        "connector-id": connector,
        "sender-address": person(0),
        "recipient-address": "a@b.example",
    }
    sent = sent_mail(fields)
    assert kind == (sent.kind if sent else None)


@pytest.mark.parametrize(
    ("said", "own", "client"),
    [
        ("203.0.113.9", "10.20.0.11", "203.0.113.9"),
        ("::1", "10.20.0.11", ITSELF),
        ("10.20.0.11", "10.20.0.11", ITSELF),
        ("", "10.20.0.11", ""),
        ("nonsense", "10.20.0.11", ""),
    ],
)
def test_the_client_is_whoever_the_log_names_or_the_server_itself(
    said: str, own: str, client: str
) -> None:
    (row, *_) = MAIL.rows()
    sent = sent_mail({**row.fields, "original-client-ip": said, "server-ip": own})
    assert sent is not None
    assert client == sent.client


@pytest.mark.parametrize(
    ("text", "thread", "is_reply"),
    [
        ("RE: Offer 4711", "offer 4711", True),
        ("AW: WG: Re[2]: Offer  4711", "offer 4711", True),
        ("Fwd: Offer 4711", "offer 4711", False),
        ("Order: Offer", "order: offer", False),
        ("RE:", "", True),
        ("", "", False),
    ],
)
def test_the_marks_of_replies_are_no_part_of_a_thread(
    text: str, thread: str, is_reply: bool
) -> None:
    subject = subject_of(text)
    assert (thread, is_reply) == (subject.thread, subject.is_reply)


def test_numbers_in_a_subject_make_no_other_kind_of_subject() -> None:
    assert subject_of("Invoice 17").shape == subject_of("RE: invoice 2093").shape


def test_a_failed_delivery_comes_back_to_its_sender_and_an_empty_path_to_its_recipients() -> None:
    assert (person(0),) == came_back({"event-id": "FAIL", "sender-address": person(0)})
    deliver = {"event-id": "DELIVER", "return-path": "<>", "recipient-address": person(1)}
    assert (person(1),) == came_back(deliver)
    assert () == came_back({**deliver, "return-path": person(0)})


@given(st.dictionaries(st.sampled_from(READ), st.text(max_size=80)))
def test_whatever_a_row_says_nobody_stumbles(fields: dict[str, str]) -> None:
    sent = sent_mail(fields)
    back = came_back(fields)
    if sent is not None or back:
        assert may_tell(fields)


@given(st.lists(st.text(max_size=40), max_size=6))
def test_a_list_of_recipients_names_each_address_once(parts: list[str]) -> None:
    found = recipients_of(";".join(parts))
    assert len(set(found)) == len(found)
    assert all("@" in one for one in found)
