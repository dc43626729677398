"""Whose turn it is to save an assessment, in transactions that are over in a moment.

SQLite has a single writer: one transaction over all hosts kept everybody else from filing a note
for a minute, and on PostgreSQL it held the campaign's row as long. So hosts are saved some at a
time, each host as a whole with its exposures and changes, and the campaign's totals, curve and
effects last and together. Until then the campaign says that it is being saved (`saving_by`), and
its pages say so too: nobody takes a half for the whole. Staging all rows beside the old ones and
switching over would double what is written, and every list would have to ask for a generation.

Two never save at once, since each batch begins by asking whose turn it is. Who died in the middle
is followed by the next assessment, which works everything out anew.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import transaction

from tocsin.web.campaigns.models import Campaign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from tocsin.web.work.registry import Progress

DEAD_AFTER = timedelta(minutes=2)
"""Who saved nothing for so long is dead."""
_POLL_S = 0.5


class OvertakenError(Exception):
    """Somebody else took the turn."""


class Turn:
    """The turn of one assessment at one campaign."""

    def __init__(self, pk: int) -> None:
        self._campaign = Campaign.objects.filter(pk=pk)
        self._name = uuid4().hex

    def wait(self, tell: Progress) -> None:
        """Wait until nobody else saves."""
        while self._is_taken():
            tell(0, 0, "Waiting for another assessment to be saved")
            time.sleep(_POLL_S)

    def take(self, assessed_at: datetime | None) -> bool:
        """Take the turn, unless another has it, or saved after what `assessed_at` says."""
        with transaction.atomic():
            # Not its key: rows that point to the campaign can be written meanwhile.
            row = self._campaign.select_for_update(no_key=True).get()
            if row.assessed_at != assessed_at or self._is_taken():
                return False
            self._campaign.update(saving_by=self._name, saving_at=datetime.now(UTC))
        return True

    @contextmanager
    def batch(self) -> Iterator[None]:
        """A transaction for some rows. Raises `OvertakenError` where the turn was lost."""
        with transaction.atomic():
            if not self._mine().update(saving_at=datetime.now(UTC)):
                raise OvertakenError
            yield

    def end(self) -> None:
        """All is saved: call it in the last batch."""
        self._mine().update(saving_by="", saving_at=None)

    def leave(self) -> None:
        """End in the middle: what is there stays marked, and the next may begin at once."""
        self._mine().update(saving_at=None)

    def _mine(self) -> QuerySet[Campaign]:
        return self._campaign.filter(saving_by=self._name)

    def _is_taken(self) -> bool:
        alive = self._campaign.filter(saving_at__gt=datetime.now(UTC) - DEAD_AFTER)
        return alive.exclude(saving_by__in=("", self._name)).exists()
