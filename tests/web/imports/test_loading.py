"""Portions are stored while the next one is read, and one that cannot be stored ends the import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import DatabaseError, connection, transaction

from tests.web.imports.conftest import SHADOWSERVER, as_read
from tocsin.web.imports import running, taking
from tocsin.web.imports.loading import Loading, converter
from tocsin.web.imports.models import FeedFile, ImportState
from tocsin.web.imports.models import Observation as Row
from tocsin.web.imports.queries import stored_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tocsin.campaign.observation import Observation
    from tocsin.web.campaigns.models import Campaign
    from tocsin.web.imports.models import Import

pytestmark = pytest.mark.django_db

HEADER, FIRST, *_ = SHADOWSERVER.sample.splitlines(keepends=True)
MANY = HEADER + FIRST * 25


def test_whoever_listens_may_use_the_database_between_portions(
    uploaded: Callable[..., Import],
    campaign: Campaign,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(taking, "_PORTION", 4)
    monkeypatch.setattr(running, "_EVERY_S", 0.0)
    one = uploaded(MANY)
    one.state = ImportState.QUEUED
    stored: list[int] = []

    running.run(one, lambda *_, **__: stored.append(Row.objects.count()))

    assert as_read(tmp_path, MANY, SHADOWSERVER.sample_name) == list(stored_rows(campaign))
    assert (25, 25) == (one.observations, Row.objects.count())
    assert stored


def test_a_portion_that_the_database_refuses_ends_the_import(
    uploaded: Callable[..., Import], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "_PORTION", 4)
    _row_that_is_refused(monkeypatch, number=14)
    one = uploaded(MANY)
    one.state = ImportState.QUEUED

    with pytest.raises(DatabaseError), transaction.atomic():
        running.run(one, lambda *_, **__: None)

    assert ImportState.RUNNING == one.state
    monkeypatch.undo()
    running.run(one, lambda *_, **__: None)
    assert (ImportState.DONE, 25) == (one.state, one.observations)


def test_what_was_refused_is_told_once_and_not_again(
    uploaded: Callable[..., Import], tmp_path: Path
) -> None:
    one = uploaded()
    file = FeedFile.objects.create(
        campaign=one.campaign, part_of=one, sha256="0" * 64, feed="shadowserver", name="a.csv"
    )
    row = as_read(tmp_path, SHADOWSERVER.sample, SHADOWSERVER.sample_name)[0]
    line = converter()(file.pk, row)
    broken = "\\x\n" if isinstance(line, str) else (None,) * len(line)
    with Loading() as loading:
        with pytest.raises(DatabaseError), transaction.atomic():
            _stored(loading, [broken])
        _stored(loading, [line])
    assert [row.row] == list(Row.objects.values_list("row", flat=True))


def _stored(loading: Loading, rows: list[object]) -> None:
    loading.put(rows)
    loading.wait()


def _row_that_is_refused(monkeypatch: pytest.MonkeyPatch, *, number: int) -> None:
    sound = converter()

    def converted(file: int, row: Observation) -> object:
        made = sound(file, row)
        if row.row != number:
            return made
        return "\\x\n" if connection.vendor == "postgresql" else (None,) * len(made)

    monkeypatch.setattr(taking, "converter", lambda: converted)
