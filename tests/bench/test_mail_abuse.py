"""The scoring of the detector, with a stub of one; and the real one on a small organisation."""

from __future__ import annotations

import pytest

from bench.mail_abuse import BEGIN, END, PAGE, THRESHOLDS, Plan, as_markdown, judgement
from bench.mail_scoring import Alarm, Judgement, scored, wilson
from tocsin.samples.mail import Sent, Settings, Truth

HOUR = 3_600_000


def sent(sender: str, first: int, last: int, label: str = "attack 0", rate: str = "loud") -> Sent:
    return Sent(
        label=label,
        sender=sender,
        first_ms=first,
        last_ms=last,
        count=10,
        recipients=10,
        bounced=0,
        rate=rate,
        lure="lure",
        way="way",
    )


def truth_of(*attacks: Sent, runs: tuple[Sent, ...] = ()) -> Truth:
    return Truth(
        seed=0,
        reporting=False,
        domain="x.example",
        mailboxes=100,
        owned=100,
        days=30,
        masked=False,
        silent=False,
        moved=False,
        rows=1,
        messages=1,
        senders={"a": 30, "b": 30},
        attacks=attacks,
        runs=runs,
    )


def alarm(sender: str, first: int, last: int, score: float = 3.0) -> Alarm:
    return Alarm(sender=sender, first_ms=first, last_ms=last, score=score)


def judged(truth: Truth, *alarms: Alarm) -> Judgement:
    return Judgement(truth=truth, alarms=alarms, cannot_tell=0)


@pytest.mark.parametrize(
    ("one", "right"),
    [
        (alarm("a", 0, 10 * HOUR), True),
        (alarm("a", 3 * HOUR + 1, 4 * HOUR), False),
        (alarm("a", 3 * HOUR, 4 * HOUR), True),
        (alarm("b", HOUR, 2 * HOUR), False),
        (alarm("a", HOUR, 2 * HOUR, 2.9), False),
    ],
)
def test_an_alarm_is_right_for_the_mailbox_and_about_the_time(one: Alarm, right: bool) -> None:
    score = scored([judged(truth_of(sent("a", HOUR, 2 * HOUR)), one)], 3.0)
    assert int(right) == score.found["loud"]
    assert (0 if right or one.score < 3 else 1) == score.false


def test_two_alarms_about_one_attack_find_it_once_and_are_not_false() -> None:
    both = judged(truth_of(sent("a", 0, HOUR)), alarm("a", 0, 1), alarm("a", HOUR, HOUR))
    score = scored([both], 3.0)
    assert (1, 1, 0) == (score.found["loud"], score.attacks["loud"], score.false)


def test_a_false_alarm_is_counted_under_the_honest_mailing_that_it_is_about() -> None:
    runs = (sent("b", 0, HOUR, "invoices", ""),)
    score = scored([judged(truth_of(runs=runs), alarm("b", 0, HOUR), alarm("a", 0, 1))], 3.0)
    assert {"invoices": 1, "ordinary mail": 1} == dict(score.causes)


def test_false_alarms_are_per_thousand_mailboxes_and_month() -> None:
    score = scored([judged(truth_of(), alarm("a", 0, 1), alarm("b", 0, 1))] * 5, 3.0)
    assert score.false_alarms().startswith("20.0 (9.6 to 36.8); 10 in all")


def test_where_nothing_was_called_there_is_no_precision() -> None:
    assert "-" == wilson(0, 0)


def test_misses_name_the_attack_and_the_false_alarm() -> None:
    truth = truth_of(sent("a", 0, HOUR))
    missed, false = judged(truth, alarm("b", 0, 1)).misses(3.0)
    assert missed.startswith("seed 0 MISSED loud, 10 messages to 10, ")
    assert false.startswith("seed 0 FALSE ordinary mail: ")


@pytest.mark.slow
def test_a_loud_attack_is_found_by_the_real_detector_and_the_table_says_so() -> None:
    plan = Plan(organisations=1, mailboxes=30, days=30, attacks=3)
    one = judgement(Settings(seed=0, mailboxes=30, days=30, attacks=3))
    assert 1 == scored([one], THRESHOLDS[0]).found["loud"]
    rows = [
        line for line in as_markdown(plan, {"tuning": [one]}).splitlines() if "| loud |" in line
    ]
    assert len(THRESHOLDS) == len(rows)
    assert "| loud | 1 of 1 | 100% (21% to 100%) |" in rows[0]


def test_the_page_has_a_table_for_both_halves() -> None:
    table = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert "* Tuning half: " in table
    assert "* Reporting half: " in table
