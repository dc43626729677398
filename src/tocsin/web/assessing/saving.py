"""Writes what was worked out of hosts: only what differs from what is there, a few at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from tocsin.web.assessing.facts import Fields, Identity
from tocsin.web.assessing.noticing import Noticed
from tocsin.web.assets.models import Asset, Exposure, Transition
from tocsin.web.campaigns.models import Campaign

CHUNK = 500
"""Hosts that are looked at together: as many stories lie in memory at once."""

_EXPOSURE = ("statuses", "colour", "doubts")


class Worked(NamedTuple):
    """What was worked out of one host."""

    fields: Fields
    exposures: dict[str, Fields]
    transitions: dict[Identity, Fields]


class Saving:
    """Saves the hosts of one campaign within the caller's transaction."""

    def __init__(self, campaign: Campaign, noticed: Noticed) -> None:
        self._campaign, self._noticed = campaign, noticed
        self._kept: set[str] = set()
        self.created = self.changed = self.removed = 0

    def save(self, hosts: Iterable[Worked]) -> None:
        """Save them all, and remove what is no longer there."""
        stream = iter(hosts)
        while chunk := list(islice(stream, CHUNK)):
            self._save_chunk(self._first_of_a_key(chunk))
        self._remove_others()

    def _first_of_a_key(self, chunk: Sequence[Worked]) -> Iterator[Worked]:
        """Names that are longer than any name can be are cut, and may then be alike."""
        for one in chunk:
            key = one.fields["key"]
            if key not in self._kept:
                self._kept.add(key)
                yield one

    def _save_chunk(self, chunk: Iterable[Worked]) -> None:
        by_key = {one.fields["key"]: one for one in chunk}
        known = {
            asset.key: asset
            for asset in Asset.objects.filter(campaign=self._campaign, key__in=list(by_key))
        }
        changed = {key: one for key, one in by_key.items() if _differs(known.get(key), one.fields)}
        if not changed:
            return
        self.created += len(changed.keys() - known.keys())
        self.changed += len(changed.keys() & known.keys())
        assets = [Asset(campaign=self._campaign, **one.fields) for one in changed.values()]
        Asset.objects.bulk_create(
            assets,
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

    def _remove_others(self) -> None:
        keys = Asset.objects.filter(campaign=self._campaign).values_list("pk", "key")
        gone = [pk for pk, key in keys.iterator() if key not in self._kept]
        for start in range(0, len(gone), CHUNK):
            Asset.objects.filter(pk__in=gone[start : start + CHUNK]).delete()
        self.removed = len(gone)


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


def _differs(known: Asset | None, fields: Fields) -> bool:
    if known is None:
        return True
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
