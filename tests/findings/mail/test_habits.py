"""Learning: the same mails, whoever reads which part of the rows."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.findings.mail.mailing import Mail, Office, at, learnt, person, write_logs
from tocsin.events.format import all_formats
from tocsin.evidence.open import open_collection
from tocsin.findings.mail import habits as bounds
from tocsin.findings.mail.habits import Habits
from tocsin.matching.options import Options
from tocsin.matching.readers import Readers
from tocsin.matching.rules import load_rules
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.findings.mail.table import Table

mails = st.builds(
    Mail,
    time=st.datetimes(at(0, 0).replace(tzinfo=None), at(9, 0).replace(tzinfo=None)).map(
        lambda time: time.replace(tzinfo=at(0, 0).tzinfo)
    ),
    sender=st.sampled_from([person(0), person(1), person(2)]),
    to=st.lists(
        st.sampled_from([f"k{n}@partner.example" for n in range(6)]), min_size=1, unique=True
    ),
    subject=st.sampled_from(["a", "RE: a", "b 1", "b 2", ""]),
    client=st.sampled_from(["10.20.8.4", "203.0.113.9", ""]),
    kind=st.sampled_from(["MOMT", "OWA"]),
)


def said(table: Table) -> list[tuple[object, ...]]:
    """All that a table tells, names in the place of numbers that depend on the order."""
    found = []
    for box in table.mailboxes():
        for at_place in range(len(box)):
            which = np.array([at_place])
            found.append(
                (
                    box.sender,
                    int(box.time[at_place]),
                    table.clients[box.client[at_place]],
                    table.kinds[box.kind[at_place]],
                    int(box.size[at_place]),
                    int(box.count[at_place]),
                    int(box.thread[at_place]),
                    int(box.marks[at_place]),
                    tuple(box.contacts(which).tolist()),
                )
            )
    return sorted(found, key=repr)


@given(st.lists(mails, max_size=20), st.integers(0, 20))
@settings(deadline=None, max_examples=40)
def test_two_who_read_a_part_each_learn_what_one_learns_who_reads_all(
    sent: list[Mail], cut: int
) -> None:
    alone = learnt(row for mail in sent for row in mail.rows())
    first = learnt(row for mail in sent[:cut] for row in mail.rows())
    later = learnt(row for mail in sent[cut:] for row in mail.rows())
    first.absorb(pickle.loads(pickle.dumps(later)))  # noqa: S301 - our own, a line above
    assert said(alone.taken()) == said(first.taken())


@given(st.lists(mails, max_size=20), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_the_order_of_the_files_changes_nothing(sent: list[Mail], dice: object) -> None:
    shuffled = list(sent)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random
    table = learnt(row for mail in sent for row in mail.rows()).taken()
    other = learnt(row for mail in shuffled for row in mail.rows()).taken()
    assert said(table) == said(other)


@given(
    st.lists(mails, max_size=20),
    st.integers(0, 20),
    st.integers(0, 12),
    st.integers(0, 5),
    st.integers(0, 12),
)
@settings(deadline=None, max_examples=40)
def test_the_bounds_are_the_same_however_the_rows_are_shared(
    sent: list[Mail], cut: int, messages: int, per_sender: int, recipients: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bounds, "MESSAGES", messages)
        patched.setattr(bounds, "PER_SENDER", per_sender)
        patched.setattr(bounds, "RECIPIENTS", recipients)
        alone = learnt(row for mail in sent for row in mail.rows())
        first = learnt(row for mail in sent[:cut] for row in mail.rows())
        first.absorb(learnt(row for mail in sent[cut:] for row in mail.rows()))
    assert len(alone) <= messages
    assert said(alone.taken()) == said(first.taken())
    assert refused(alone) == refused(first)


def refused(habits: Habits) -> int:
    """Mails that are not remembered, for whatever reason: which bound is met first may differ."""
    return sum(number for what, number in habits.taken().lost.items() if what != "recipients")


def test_what_is_beyond_the_bounds_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MESSAGES", 2)
    sent = [
        Mail(time=at(1, hour), sender=person(0), to=["a@b.example"], subject="")
        for hour in range(5)
    ]
    table = learnt(row for mail in sent for row in mail.rows()).taken()
    assert 2 == len(table)
    assert 3 == table.lost["messages"]


def test_a_mail_that_two_copies_of_a_log_tell_is_one() -> None:
    mail = Mail(time=at(1, 9), sender=person(0), to=["a@b.example"], subject="x")
    assert 1 == len(learnt([*mail.rows(), *mail.rows()]).taken())


@pytest.mark.parametrize("jobs", [1, 2])
def test_rows_in_bulk_teach_what_rows_one_by_one_teach(tmp_path: Path, jobs: int) -> None:
    office = Office(people=3, days=8)
    write_logs((row for mail in office.mails for row in mail.rows()), tmp_path / "Logs")
    habits = Habits()
    with open_collection(tmp_path) as collection:
        readers = Readers(collection, load_rules(()), [habits], Options(jobs=jobs))
        with readers:
            readers.read(SilentProgress())
    assert all_formats()["message_tracking"].bulk is not None
    assert said(office.habits().taken()) == said(habits.taken())
