"""Whose mail is unusual: intruders at several rates, and the honest people who look like them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.findings.mail.mailing import START, Mail, Office, at, contacts, learnt, person, words
from tocsin.findings.mail.suspects import Suspect, judged
from tocsin.knowledge.mail import mail_knowledge

INTRUDER = "203.0.113.77"
LIMITS = mail_knowledge().limits


def abused(number: int, *, mails: int = 60, seconds: int = 5, hour: float = 22) -> list[Mail]:
    """One subject to the correspondents of this person, through Outlook on the web."""
    return [
        Mail(
            time=at(22, hour, seconds * one),
            sender=person(number),
            to=[contacts(number)[one % 40]],
            subject="Overdue invoice",
            client=INTRUDER,
            kind="OWA",
            size=31_000,
        )
        for one in range(mails)
    ]


def of(office: Office) -> dict[str, Suspect]:
    return {one.sender: one for one in office.judged().suspects}


def names(suspect: Suspect) -> set[str]:
    return {sign.name for sign in suspect.signs}


def test_an_office_where_everybody_is_honest_gives_nobody() -> None:
    told = Office().judged()
    assert (8, ()) == (told.mailboxes, told.suspects)
    assert 0 == told.cannot_tell


def test_a_mailbox_that_is_flooded_beyond_what_is_remembered_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tocsin.findings.mail.habits.PER_SENDER", 400)
    office = Office()
    office.mails += abused(3, mails=500, seconds=1)
    told = office.judged()
    assert (1, (person(3),)) == (told.machines, told.machine_senders)


def test_a_loud_intruder_is_found_with_the_very_mails_and_the_habit_beside_them() -> None:
    office = Office()
    office.mails += abused(3)
    found = of(office)
    assert [person(3)] == list(found)
    suspect = found[person(3)]
    assert 60 == len(suspect.chosen)
    assert (INTRUDER,) == suspect.clients
    assert at(22, 22) == suspect.first
    assert {"burst", "one_subject", "new_address", "new_client", "odd_hours"} <= names(suspect)
    assert suspect.habit is not None
    assert 100 < suspect.habit.mails
    assert suspect.habit.most_day < 60


def test_a_patient_intruder_is_found_over_days() -> None:
    office = Office()
    for day in (15, 16, 17, 18, 21):
        office.mails += [
            Mail(
                time=at(day, 9 + one / 8),
                sender=person(2),
                to=[contacts(2)[(day + one) % 40]],
                subject=f"RE: {words(one + 1)}",
                client=INTRUDER,
                kind="WebServices",
                size=22_000,
            )
            for one in range(40)
        ]
    suspect = of(office)[person(2)]
    assert 200 == len(suspect.chosen)
    assert {"steady", "new_address", "new_client"} <= names(suspect)


def test_ten_answers_in_old_threads_are_found() -> None:
    office = Office()
    topics = [f"contract of the year 19{one}" for one in range(60, 72)]
    office.mails += [
        Mail(time=at(3, 9, one), sender=person(1), to=[contacts(1)[one]], subject=topic)
        for one, topic in enumerate(topics)
    ]
    office.mails += [
        Mail(
            time=at(24, 13, 400 * one),
            sender=person(1),
            to=[contacts(1)[one]],
            subject=f"RE: {topics[one]}",
            client=INTRUDER,
            kind="OWA",
        )
        for one in range(10)
    ]
    assert "old_threads" in names(of(office)[person(1)])


def test_an_answer_to_what_came_in_yesterday_takes_up_no_old_thread() -> None:
    office = Office()
    came = [
        {
            "event-id": "DELIVER",
            "source": "STOREDRIVER",
            "recipient-address": person(1),
            "sender-address": contacts(1)[one],
            "message-subject": f"Question {chr(97 + one)}",
        }
        for one in range(10)
    ]
    office.mails += [
        Mail(
            time=at(24, 13, 400 * one),
            sender=person(1),
            to=[contacts(1)[one]],
            subject=f"RE: Question {chr(97 + one)}",
            client=INTRUDER,
            kind="OWA",
        )
        for one in range(10)
    ]
    habits = office.habits()
    for fields in came:
        habits.take(fields, int(at(23, 10).timestamp()))
    (suspect,) = judged(habits.taken(), LIMITS).suspects or (None,)
    assert suspect is None or "old_threads" not in names(suspect)


@pytest.mark.parametrize("mails", [1, 100])
def test_a_newsletter_from_the_owners_own_desk_is_none(mails: int) -> None:
    office = Office()
    everybody = [f"reader{one}@partner.example" for one in range(200)]
    share = len(everybody) // mails
    office.mails += [
        Mail(
            time=at(21, 10, 2 * one),
            sender=person(4),
            to=everybody[one * share : (one + 1) * share],
            subject="News of spring",
            client="10.20.8.8",
        )
        for one in range(mails)
    ]
    assert {} == of(office)


def test_a_journey_is_none_while_the_owner_writes_as_much_as_always() -> None:
    office = Office()
    for mail in office.mails:
        if mail.sender == person(5) and at(15, 0) <= mail.time < at(19, 0):
            mail.client = f"198.51.100.{mail.time.day}"
            mail.time += timedelta(hours=9)
    assert {} == of(office)


def test_a_new_telephone_takes_the_place_of_the_old_one() -> None:
    office = Office()
    for mail in office.mails:
        if mail.sender == person(5) and mail.time >= at(15, 0):
            mail.client, mail.kind = "198.51.100.20", "AirSync"
    office.mails += [
        Mail(time=at(20, 9, one), sender=person(5), to=[contacts(5)[one]], subject="My new number",
             client="198.51.100.20", kind="AirSync")
        for one in range(30)
    ]  # fmt: skip
    assert {} == of(office)


def test_a_day_of_migration_says_nothing_of_anybody() -> None:
    office = Office(people=20)
    for mail in office.mails:
        if mail.time >= at(16, 0):
            mail.client, mail.kind = "10.99.0.1", "WebServices"
    assert {} == of(office)


def test_who_sent_little_is_counted_and_nothing_is_said() -> None:
    office = Office()
    office.mails += [
        Mail(time=at(20, 23, one), sender="new@example.org", to=[f"a{one}@b.example"], subject="x")
        for one in range(50)
    ]
    told = office.judged()
    assert (9, 1, ()) == (told.mailboxes, told.cannot_tell, told.suspects)


@pytest.mark.parametrize(("since", "told"), [(at(14, 0), 200), (at(0, 0), 0)])
def test_who_is_patient_and_sends_most_of_a_quiet_mailbox_is_not_taken_for_its_owner(
    since: datetime, told: int
) -> None:
    """Where nothing was sent before the break-in, nobody can say whose address it is."""
    quiet = [
        Mail(time=at(day, 9), sender=person(9), to=[contacts(9)[day]], subject=words(day))
        for day in range(30)
    ]
    patient = [
        Mail(
            time=at(15 + one // 40, 10 + one % 40 / 10),
            sender=person(9),
            to=[contacts(9)[one % 40]],
            subject=words(one),
            client=INTRUDER,
        )
        for one in range(200)
    ]
    office = Office()
    office.mails += quiet + patient
    found = judged(office.habits().taken(), LIMITS, {INTRUDER: since}).suspects
    assert told == sum(len(one.chosen) for one in found if one.intruder)


def test_the_mails_of_all_intruders_are_told_who_used_one_mailbox() -> None:
    other = "203.0.113.99"
    office = Office()
    office.mails += [
        Mail(
            time=at(22, 9 + number / 60),
            sender=person(3),
            to=[contacts(3)[number]],
            subject=words(number),
            client=client,
        )
        for number, client in enumerate((other, INTRUDER, INTRUDER, other, INTRUDER))
    ]
    since = {INTRUDER: at(21, 0), other: at(21, 0)}
    (suspect,) = judged(office.habits().taken(), LIMITS, since).suspects
    assert (5, INTRUDER) == (len(suspect.chosen), suspect.intruder)
    assert (INTRUDER, other) == suspect.clients
    assert at(22, 9) == suspect.first


def test_who_broke_in_is_told_with_a_single_mail_of_somebody_without_history() -> None:
    office = Office()
    office.mails.append(
        Mail(
            time=at(22, 3),
            sender="new@example.org",
            to=["a@b.example"],
            subject="x",
            client=INTRUDER,
        )
    )
    table = office.habits().taken()
    (suspect,) = judged(table, LIMITS, {INTRUDER: at(21, 0)}).suspects
    assert ("new@example.org", INTRUDER, None) == (suspect.sender, suspect.intruder, suspect.habit)


def test_an_address_that_the_owner_used_before_the_break_in_is_the_owners() -> None:
    office = Office()
    table = office.habits().taken()
    assert () == judged(table, LIMITS, {"10.20.8.5": at(20, 0)}).suspects
    assert () == judged(table, LIMITS, {"10.20.8.5": None}).suspects


def test_volume_alone_never_makes_mail_unusual() -> None:
    office = Office()
    for one in abused(3, hour=10):
        one.client, one.kind = "10.20.8.7", "MOMT"
        office.mails.append(one)
    assert {} == of(office)


def test_a_lower_threshold_tells_no_fewer() -> None:
    office = Office()
    office.mails += abused(3) + abused(4, mails=8, seconds=600, hour=9)
    table = office.habits().taken()
    told = [
        {
            one.sender
            for one in judged(table, msgspec.structs.replace(LIMITS, told=points)).suspects
        }
        for points in (1.0, 2.0, 3.0, 4.0, 6.0)
    ]
    assert all(more >= fewer for more, fewer in pairwise(told))
    assert told[0]


times = st.floats(0, 27 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))


@given(
    st.lists(
        st.builds(
            Mail,
            time=times,
            sender=st.sampled_from([person(0), person(1)]),
            to=st.lists(
                st.sampled_from([f"k{n}@b.example" for n in range(30)]),
                min_size=1,
                max_size=12,
                unique=True,
            ),
            subject=st.sampled_from(["", "a", "RE: a", "RE: b", "c 1"]),
            client=st.sampled_from(["10.20.8.4", INTRUDER, "::1", "", "2001:db8::5"]),
            kind=st.sampled_from(["MOMT", "OWA", ""]),
            size=st.integers(0, 10**9),
        ),
        max_size=60,
    )
)
@settings(deadline=None, max_examples=60)
def test_whatever_is_sent_the_judgement_adds_up(mails: list[Mail]) -> None:
    limits = msgspec.structs.replace(LIMITS, told=0.1, history_messages=3, history_days=1)
    told = judged(learnt(row for mail in mails for row in mail.rows()).taken(), limits)
    assert told.cannot_tell + len(told.suspects) <= told.mailboxes <= len(mails)
    for one in told.suspects:
        assert one.first <= one.last
        assert one.recipients >= len(one.chosen)
        assert datetime.fromtimestamp(0, UTC) < one.first
