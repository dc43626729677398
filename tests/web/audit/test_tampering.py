"""Whoever writes to the database around the desk is found out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from tocsin.web.audit.chain import START, Broken
from tocsin.web.audit.models import Decision
from tocsin.web.audit.queries import end_of_chain, holds, verify
from tocsin.web.audit.services import record

if TYPE_CHECKING:
    from collections.abc import Callable

_APPEND_ONLY = import_module("tocsin.web.audit.migrations.0002_append_only")


@pytest.fixture(autouse=True)
def _five_decisions_and_no_trigger(db: None) -> None:
    for number in range(5):
        record(None, "thing.done", f"thing {number}", detail={"number": number})
    for statement in (
        _APPEND_ONLY._SQLITE_BACK
        if connection.vendor == "sqlite"
        else _APPEND_ONLY._POSTGRESQL_BACK
    ):
        with connection.cursor() as cursor:
            cursor.execute(statement)


def run(statement: str) -> Callable[[], None]:
    def tamper() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return tamper


def swap() -> None:
    """Exchange what two decisions say, and leave their places as they are."""
    second, third = Decision.objects.get(number=2), Decision.objects.get(number=3)
    for one, other in ((second, third), (third, second)):
        Decision.objects.filter(pk=one.pk).update(subject=other.subject, detail=other.detail)


def move() -> None:
    """Exchange the places of two decisions, hashes and all."""
    for old, new in ((2, 99), (3, 2), (99, 3)):
        Decision.objects.filter(number=old).update(number=new)


def put_in() -> None:
    """Put a decision between two others, which move up."""
    for number in (5, 4, 3):
        Decision.objects.filter(number=number).update(number=number + 1)
    second = Decision.objects.get(number=2)
    second.pk, second.number, second.hash = None, 3, "f" * 64
    second.save(force_insert=True)


@pytest.mark.parametrize(
    ("tamper", "number"),
    [
        (run("UPDATE audit_decision SET subject = 'another' WHERE number = 3"), 3),
        (run("UPDATE audit_decision SET detail = '{}' WHERE number = 1"), 1),
        (run("UPDATE audit_decision SET actor_name = 'another' WHERE number = 5"), 5),
        (run("UPDATE audit_decision SET at = '2020-01-01 00:00:00+00:00' WHERE number = 2"), 2),
        (run("DELETE FROM audit_decision WHERE number = 1"), 1),
        (run("DELETE FROM audit_decision WHERE number = 3"), 3),
        (swap, 2),
        (move, 2),
        (put_in, 3),
    ],
    ids=[
        "subject",
        "detail",
        "actor",
        "time",
        "first-gone",
        "third-gone",
        "swap",
        "move",
        "put-in",
    ],
)
def test_it_is_found_and_the_place_is_named(tamper: Callable[[], None], number: int) -> None:
    assert verify() is None
    tamper()
    broken = verify()
    assert isinstance(broken, Broken)
    assert number == broken.number


def test_a_hash_made_to_fit_breaks_the_next_link() -> None:
    """Whoever changes a decision and hashes it anew has to hash all that follow."""
    from tocsin.web.audit.chain import hash_of  # noqa: PLC0415 what somebody with the source does
    from tocsin.web.audit.queries import link_of  # noqa: PLC0415 as above

    third = Decision.objects.get(number=3)
    third.subject = "another"
    Decision.objects.filter(number=3).update(subject="another", hash=hash_of(link_of(third)))

    broken = verify()
    assert broken is not None
    assert 4 == broken.number


def test_what_was_cut_off_at_the_end_shows_only_by_a_copy_of_the_last_hash() -> None:
    kept = end_of_chain()
    run("DELETE FROM audit_decision WHERE number = 5")()

    assert verify() is None
    assert kept != end_of_chain()


def test_one_decision_tells_by_itself_that_it_was_changed() -> None:
    assert holds(Decision.objects.get(number=3))
    run("UPDATE audit_decision SET subject = 'another' WHERE number = 3")()
    assert not holds(Decision.objects.get(number=3))


def test_an_empty_chain_holds() -> None:
    run("DELETE FROM audit_decision")()
    assert verify() is None
    assert (0, START) == end_of_chain()
