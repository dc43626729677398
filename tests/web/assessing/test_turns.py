"""Saving an assessment in turns: others write in between, and nobody takes a half for the whole."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from tests.web.assessing.conftest import DAY_1
from tocsin.web.assessing import saving
from tocsin.web.assessing.services import assess
from tocsin.web.assessing.turns import DEAD_AFTER, OvertakenError, Turn
from tocsin.web.assets.models import Asset
from tocsin.web.campaigns.models import Campaign
from tocsin.web.dashboard.page import page_of
from tocsin.web.work.models import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tocsin.web.imports.models import Import


@pytest.fixture
def unrecorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without decisions: nobody can remove them, neither a test that commits."""
    monkeypatch.setattr("tocsin.web.assessing.services._record", lambda *_: None)


@pytest.mark.sqlite
@pytest.mark.usefixtures("unrecorded")
@pytest.mark.django_db(transaction=True)
def test_another_connection_writes_between_two_batches_and_sees_that_it_is_saved(
    campaign: Campaign, bring: Callable[..., Import], monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(DAY_1)
    monkeypatch.setattr(saving, "BATCH", 2)
    seen: list[tuple[int, int, bool, bool]] = []
    wrong: list[Exception] = []

    def another() -> None:
        try:
            Job.objects.create(kind="test", campaign=campaign, subject=1)
            row = Campaign.objects.get(pk=campaign.pk)
            hosts = Asset.objects.filter(campaign=row)
            whole = sum(one.exposures.count() == len(row.cves) for one in hosts)
            seen.append((hosts.count(), whole, bool(row.saving_by), "hosts" in row.totals))
        except Exception as error:  # noqa: BLE001 told by the thread that waits
            wrong.append(error)
        finally:
            connection.close()

    real = Turn.batch

    @contextmanager
    def batch(turn: Turn) -> Iterator[None]:
        with real(turn):
            yield
        thread = threading.Thread(target=another)
        thread.start()
        thread.join()

    monkeypatch.setattr(Turn, "batch", batch)
    assess(campaign)

    assert not wrong
    assert seen == [
        (2, 2, True, False),
        (4, 4, True, False),
        (5, 5, True, False),
        (5, 5, False, True),
    ]


@pytest.mark.sqlite
@pytest.mark.usefixtures("unrecorded")
@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_hosts_are_judged(
    campaign: Campaign, bring: Callable[..., Import], monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(DAY_1)
    found: list[bool] = []
    real = saving.Saving.compare

    def compare(self: saving.Saving, hosts: Iterator[saving.Worked], waiting: object) -> None:
        def watched() -> Iterator[saving.Worked]:
            for one in hosts:
                found.append(connection.in_atomic_block)
                yield one

        real(self, watched(), waiting)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(saving.Saving, "compare", compare)
    assess(campaign)

    assert found == [False] * 5


@pytest.mark.django_db
def test_what_ends_in_the_middle_stays_marked_until_the_next_assessment(
    campaign: Campaign, bring: Callable[..., Import], monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(DAY_1)

    def broken(*_: object) -> None:
        raise ValueError("broken")

    with monkeypatch.context() as patch:
        patch.setattr("tocsin.web.assessing.services._record", broken)
        with pytest.raises(ValueError, match="broken"):
            assess(campaign)

    campaign.refresh_from_db()
    assert Asset.objects.count() == 5
    assert campaign.saving_by
    assert page_of(campaign)["is_behind"]

    assess(campaign)

    assert not campaign.saving_by
    assert campaign.totals["hosts"] == 5


@pytest.mark.django_db
def test_one_at_a_time_has_the_turn(campaign: Campaign) -> None:
    one, other = Turn(campaign.pk), Turn(campaign.pk)

    assert one.take(None)
    assert not other.take(None)
    with pytest.raises(OvertakenError), other.batch():
        pass

    one.end()
    assert other.take(None)


@pytest.mark.django_db
def test_the_turn_of_somebody_who_died_is_free_after_a_while(campaign: Campaign) -> None:
    dead, other = Turn(campaign.pk), Turn(campaign.pk)
    assert dead.take(None)
    Campaign.objects.update(saving_at=datetime.now(UTC) - DEAD_AFTER)

    other.wait(lambda *_: pytest.fail("it waits"))
    assert other.take(None)
    with pytest.raises(OvertakenError), dead.batch():
        pass


@pytest.mark.django_db
def test_nobody_takes_the_turn_with_what_is_older_than_what_was_saved(campaign: Campaign) -> None:
    Campaign.objects.update(assessed_at=datetime.now(UTC))

    assert not Turn(campaign.pk).take(None)


@pytest.mark.django_db
def test_it_waits_while_another_saves(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Turn(campaign.pk)
    assert one.take(None)
    told: list[str] = []

    def tell(done: int, total: int, message: str = "") -> None:
        told.append(f"{message}: {done} of {total}")
        one.end()

    monkeypatch.setattr("tocsin.web.assessing.turns._POLL_S", 0.0)
    Turn(campaign.pk).wait(tell)

    assert told == ["Waiting for another assessment to be saved: 0 of 0"]
