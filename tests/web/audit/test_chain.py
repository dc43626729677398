from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from tocsin.web.accounts.models import User
from tocsin.web.audit.models import Decision
from tocsin.web.audit.queries import verify
from tocsin.web.audit.services import record, record_read


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Every test here writes decisions."""


def test_decisions_follow_each_other_and_verify() -> None:
    for number in range(3):
        record(None, "thing.done", f"thing {number}", detail={"b": 1, "a": number})

    assert [1, 2, 3] == list(Decision.objects.order_by("number").values_list("number", flat=True))
    assert verify() is None


def test_the_database_refuses_to_change_a_decision_in_bulk() -> None:
    record(None, "thing.done", "thing")

    with pytest.raises(DatabaseError, match="neither changed nor deleted"), transaction.atomic():
        Decision.objects.update(subject="another thing")
    with pytest.raises(DatabaseError, match="neither changed nor deleted"), transaction.atomic():
        Decision.objects.all().delete()


def test_a_decision_is_never_deleted_one_by_one() -> None:
    with pytest.raises(TypeError, match="never deleted"):
        record(None, "thing.done", "thing").delete()


def test_a_read_of_personal_data_is_a_decision_too() -> None:
    reader = User.objects.create(username="reader")

    written = record_read(reader, "contacts", "organisation Example Works")

    assert ("contacts.read", "organisation Example Works", reader) == (
        written.action,
        written.subject,
        written.actor,
    )
