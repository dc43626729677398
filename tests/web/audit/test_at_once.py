"""Decisions of several processes at once form one chain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from tocsin.web.audit.models import Decision
from tocsin.web.audit.queries import verify
from tocsin.web.audit.services import record

# SQLite in memory, as tests have it, is for one at a time: `tests/cli/test_desk.py` has processes.
_THREADS = 6 if connection.vendor == "postgresql" else 1
_EACH = 10


@pytest.mark.usefixtures("commits")
def test_no_number_is_taken_twice_and_the_chain_holds() -> None:
    together = Barrier(_THREADS)

    def work(name: int) -> None:
        try:
            together.wait(timeout=20)
            for number in range(_EACH):
                with transaction.atomic():
                    record(None, "thing.done", f"thing {name}.{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(_THREADS) as pool:
        for done in [pool.submit(work, name) for name in range(_THREADS)]:
            done.result(timeout=60)

    numbers = list(Decision.objects.order_by("number").values_list("number", flat=True))
    assert list(range(1, _THREADS * _EACH + 1)) == numbers
    assert verify() is None


@pytest.mark.usefixtures("commits")
def test_a_change_that_is_taken_back_leaves_no_gap() -> None:
    record(None, "thing.done", "first")
    with transaction.atomic():
        record(None, "thing.done", "never")
        transaction.set_rollback(True)
    record(None, "thing.done", "second")

    assert [1, 2] == list(Decision.objects.order_by("number").values_list("number", flat=True))
    assert verify() is None
