"""Writes what was worked out of hosts: only what differs from what is there, a few at a time."""

from __future__ import annotations

import pickle
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import islice
from typing import IO, Any, NamedTuple

from tocsin.web.assessing.facts import Fields, Identity
from tocsin.web.assessing.noticing import Noticed
from tocsin.web.assessing.owners import reassign_owner
from tocsin.web.assets.models import Asset, Exposure, Transition
from tocsin.web.campaigns.models import Campaign
from tocsin.web.organisations.queries import Assigned, assigned_hosts

CHUNK = 500
"""Hosts that are looked at together: as many stories lie in memory at once."""
BATCH = 200
"""Hosts that are written in one transaction: others wait for it."""

_EXPOSURE = ("statuses", "colour", "doubts")


class Worked(NamedTuple):
    """What was worked out of one host."""

    fields: Fields
    exposures: dict[str, Fields]
    transitions: dict[Identity, Fields]


class Saving:
    """Saves the hosts of one campaign: call `compare`, then `write`.

    What differs waits in a file between the two, so that nothing is judged while others wait for
    a transaction to end, and memory does not grow with hosts. `assigned` are the hosts that people
    had assigned when owners were worked out: who assigns one later is not overruled.
    """

    def __init__(
        self, campaign: Campaign, noticed: Noticed, assigned: AbstractSet[Assigned]
    ) -> None:
        self._campaign, self._noticed = campaign, noticed
        self._assigned = assigned
        self._kept: set[str] = set()
        self._gone: list[int] = []
        self.created = self.changed = self.removed = 0

    def compare(self, hosts: Iterable[Worked], waiting: IO[bytes]) -> None:
        """Find what differs from what is there; nothing is written to the database."""
        stream = iter(hosts)
        while chunk := list(islice(stream, CHUNK)):
            by_key = {one.fields["key"]: one for one in self._first_of_a_key(chunk)}
            same: set[str] = set()
            known: set[str] = set()
            for asset in Asset.objects.filter(campaign=self._campaign, key__in=list(by_key)):
                known.add(asset.key)
                if not _differs(asset, by_key[asset.key].fields):
                    same.add(asset.key)
            self.created += len(by_key.keys() - known)
            self.changed += len(known - same)
            for key in by_key.keys() - same:
                pickle.dump(by_key[key], waiting)
        keys = Asset.objects.filter(campaign=self._campaign).values_list("pk", "key")
        self._gone = [pk for pk, key in keys.iterator() if key not in self._kept]
        self.removed = len(self._gone)

    def write(self, waiting: IO[bytes], batch: Callable[[], AbstractContextManager[None]]) -> None:
        """Write what differs, and remove what is no longer there, each `batch` a transaction."""
        left = self.created + self.changed
        while left > 0:
            several = [
                pickle.load(waiting)  # noqa: S301 our own file, which has no name
                for _ in range(min(left, BATCH))
            ]
            left -= len(several)
            with batch():
                self._write({one.fields["key"]: one for one in several})
        for start in range(0, len(self._gone), BATCH):
            with batch():
                Asset.objects.filter(pk__in=self._gone[start : start + BATCH]).delete()

    def _first_of_a_key(self, chunk: Sequence[Worked]) -> Iterator[Worked]:
        """Names that are longer than any name can be are cut, and may then be alike."""
        for one in chunk:
            key = one.fields["key"]
            if key not in self._kept:
                self._kept.add(key)
                yield one

    def _write(self, changed: dict[str, Worked]) -> None:
        Asset.objects.bulk_create(
            [Asset(campaign=self._campaign, **one.fields) for one in changed.values()],
            batch_size=CHUNK,
            update_conflicts=True,
            unique_fields=["campaign", "key"],
            update_fields=_columns(next(iter(changed.values())).fields),
        )
        pks = dict(
            Asset.objects.filter(campaign=self._campaign, key__in=list(changed)).values_list(
                "key", "pk"
            )
        )
        _save_exposures({pks[key]: one.exposures for key, one in changed.items()})
        self._save_transitions({pks[key]: one.transitions for key, one in changed.items()})
        self._ask_again(pks)

    def _ask_again(self, pks: Mapping[str, int]) -> None:
        """Whose hosts are that people assigned, or took back, after owners were worked out.

        The rows are written, and so locked: who assigns one of them after this is asked has the
        last word in `tocsin.web.assessing.owners`, which waits for the end of this transaction.
        """
        before = {one for one in self._assigned if one.host in pks}
        now = assigned_hosts(self._campaign.constituency_id, pks)
        for host in sorted({one.host for one in before ^ now}):
            reassign_owner(Asset.objects.get(pk=pks[host]))

    def _save_transitions(self, wanted: dict[int, dict[Identity, Fields]]) -> None:
        """What was told before keeps the import in which it was noticed."""
        left = {asset: dict(found) for asset, found in wanted.items()}
        unmatched: list[Transition] = []
        moved: list[Transition] = []
        for row in Transition.objects.filter(asset_id__in=list(wanted)):
            identity = (row.change, row.cve, row.server, row.before)
            fields = left[row.asset_id].pop(identity, None)
            if fields is None:
                unmatched.append(row)
            elif _move(row, row.before, fields):
                moved.append(row)
        gone: list[int] = []
        for row in unmatched:
            other = _told_less_exactly(row, left[row.asset_id])
            if other is None:
                gone.append(row.pk)
            else:
                _move(row, other[3], left[row.asset_id].pop(other))
                moved.append(row)
        Transition.objects.filter(pk__in=gone).delete()
        Transition.objects.bulk_update(moved, ["after", "before", "builds"], batch_size=CHUNK)
        Transition.objects.bulk_create(
            (
                Transition(
                    asset_id=asset,
                    change=change,
                    cve=cve,
                    server=server,
                    before=before,
                    noticed_in=self._noticed.in_(before),
                    **fields,
                )
                for asset, found in left.items()
                for (change, cve, server, before), fields in found.items()
            ),
            batch_size=CHUNK,
        )


def _told_less_exactly(row: Transition, found: dict[Identity, Fields]) -> Identity | None:
    """The same change between other times: later rows widen or narrow what is certain of them."""
    for (change, cve, server, before), fields in found.items():
        if (change, cve, server) != (row.change, row.cve, row.server):
            continue
        begins = [one for one in (row.after, fields["after"]) if one is not None]
        if not begins or max(begins) < min(row.before, before):
            return change, cve, server, before
    return None


def _move(row: Transition, before: datetime, fields: Fields) -> bool:
    """Set the times of a change that was told before, and whether they differ."""
    if (row.after, row.before, row.builds) == (fields["after"], before, fields["builds"]):
        return False
    row.after, row.before, row.builds = fields["after"], before, fields["builds"]
    return True


def _columns(fields: Fields) -> list[str]:
    """The names of the fields that an assessment fills, as Django has them."""
    return [name.removesuffix("_id") for name in fields if name != "key"]


def _differs(known: Asset, fields: Fields) -> bool:
    return any(_plain(getattr(known, name)) != value for name, value in fields.items())


def _plain(value: Any) -> Any:  # noqa: ANN401 a value of any column
    return bytes(value) if isinstance(value, memoryview) else value


def _save_exposures(wanted: dict[int, dict[str, Fields]]) -> None:
    known: dict[int, dict[str, Exposure]] = defaultdict(dict)
    for row in Exposure.objects.filter(asset_id__in=list(wanted)):
        known[row.asset_id][row.cve] = row
    gone = [
        row.pk
        for asset, rows in known.items()
        for cve, row in rows.items()
        if cve not in wanted[asset]
    ]
    fresh = [
        Exposure(asset_id=asset, cve=cve, **fields)
        for asset, exposures in wanted.items()
        for cve, fields in exposures.items()
        if not _same(known.get(asset, {}).get(cve), fields)
    ]
    Exposure.objects.filter(pk__in=gone).delete()
    Exposure.objects.bulk_create(
        fresh,
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["asset", "cve"],
        update_fields=list(_EXPOSURE),
    )


def _same(row: Exposure | None, fields: Fields) -> bool:
    return row is not None and all(getattr(row, name) == fields[name] for name in _EXPOSURE)
