"""Imports a list into a constituency: what it would change, and then the change.

`tocsin.web.organisations.keeping` holds what people change one by one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction

from tocsin.errors import UsageError
from tocsin.web.audit.services import record
from tocsin.web.campaigns.services import ASSESS
from tocsin.web.organisations.merging import (
    CLAIM_KINDS,
    FIELDS,
    Planned,
    Verdict,
    compare,
)
from tocsin.web.organisations.models import Claim, Constituency, Contact, Organisation, Origin
from tocsin.web.organisations.queries import constituency_of, stored_by_name
from tocsin.web.organisations.reading import read_list
from tocsin.web.work.services import enqueue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tocsin.web.accounts.models import User
    from tocsin.web.organisations.merging import Fact

_CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a list would change. `digest` says which list, and what it found stored."""

    planned: tuple[Planned, ...]
    notes: tuple[str, ...]
    digest: str

    @property
    def counts(self) -> dict[str, int]:
        """Organisations by what becomes of them, and those with something that was kept."""
        found = Counter(one.verdict for one in self.planned)
        return {
            **{verdict.value: found[verdict] for verdict in Verdict},
            "kept": sum(bool(one.kept) for one in self.planned),
        }

    @property
    def changes(self) -> bool:
        """Whether anything would change."""
        return any(one.verdict is not Verdict.SAME for one in self.planned)


def plan_import(constituency: Constituency, content: bytes, name: str) -> Plan:
    """What the list in `content` would change. Raises `UsageError` where it cannot be used."""
    listed = read_list(content, name)
    planned = compare(stored_by_name(constituency), listed.constituents)
    seen = hashlib.sha256(content)
    for one in planned:
        seen.update(repr(one).encode("utf-8", "backslashreplace"))
    return Plan(planned=planned, notes=listed.notes, digest=seen.hexdigest())


@transaction.atomic
def import_list(
    constituency: Constituency,
    user: User | None,
    content: bytes,
    name: str,
    *,
    digest: str | None = None,
) -> Plan:
    """Merge a list into the constituency, and have its campaigns assessed anew.

    `digest` is that of the plan that a person agreed to: where somebody changed the constituency
    since, nothing is done. Raises `UsageError` then, and where the list cannot be used.
    """
    constituency = Constituency.objects.select_for_update(no_key=True).get(pk=constituency.pk)
    plan = plan_import(constituency, content, name)
    if digest is not None and digest != plan.digest:
        raise UsageError("somebody changed the constituency in the meantime; look again")
    now = datetime.now(UTC)
    _save_organisations(constituency, plan.planned, now)
    _save_facts(constituency, plan.planned, now)
    merged = constituency_of(constituency)
    plan = replace(plan, notes=tuple(dict.fromkeys((*plan.notes, *merged.notes))))
    constituency.imported_at = now
    constituency.notes = list(plan.notes)
    constituency.save(update_fields=["imported_at", "notes"])
    record(
        user,
        "constituency.imported",
        f"constituency {constituency.slug}",
        detail={
            "file": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "organisations": plan.counts,
        },
    )
    assess_campaigns(constituency)
    return plan


def assess_campaigns(constituency: Constituency) -> None:
    """Have every open campaign of a constituency assessed anew."""
    for campaign in constituency.campaigns.filter(closed_at=None):
        enqueue(ASSESS, campaign.pk, campaign=campaign)


def _save_organisations(
    constituency: Constituency, planned: Iterable[Planned], now: datetime
) -> None:
    new: list[Organisation] = []
    known = {one.pk: one for one in constituency.organisations.all()}
    changed: list[Organisation] = []
    for one in planned:
        if one.pk is None:
            made = Organisation(constituency=constituency, name=one.name)
            _take_fields(made, dict(one.imported), one.imported)
            new.append(made)
            continue
        if one.verdict is Verdict.SAME:
            continue
        stored = known[one.pk]
        _take_fields(
            stored, {name: after for name, (_, after) in one.fields.items()}, one.imported
        )
        if one.verdict is Verdict.GONE:
            stored.gone_at = now
        elif one.verdict is Verdict.BACK:
            stored.gone_at = None
        changed.append(stored)
    Organisation.objects.bulk_create(new, batch_size=_CHUNK)
    Organisation.objects.bulk_update(changed, [*FIELDS, "imported", "gone_at"], batch_size=200)


def _take_fields(
    one: Organisation, fields: Mapping[str, str], imported: Mapping[str, str]
) -> None:
    for name, value in fields.items():
        setattr(one, name, value)
    one.imported = dict(imported)


def _save_facts(constituency: Constituency, planned: tuple[Planned, ...], now: datetime) -> None:
    """Claims and contacts: what came, what is back, what is gone, and new places of contacts."""
    keys = dict(constituency.organisations.values_list("name", "pk"))
    claims: list[Claim] = []
    contacts: list[Contact] = []
    for one in planned:
        for fact, place in one.added.items():
            shared = {
                "organisation_id": keys[one.name],
                "kind": fact.kind,
                "value": fact.value,
                "origin": Origin.IMPORTED,
            }
            if fact.kind in CLAIM_KINDS:
                claims.append(Claim(**shared))
            else:
                contacts.append(Contact(**shared, position=place))
    Claim.objects.bulk_create(claims, batch_size=_CHUNK)
    Contact.objects.bulk_create(contacts, batch_size=_CHUNK)
    _set_gone((one.back for one in planned), None)
    _set_gone((one.gone for one in planned), now)
    places = {pk: place for one in planned for pk, place in one.moved.items()}
    moved = [Contact(pk=pk, position=place) for pk, place in places.items()]
    Contact.objects.bulk_update(moved, ["position"], batch_size=200)


def _set_gone(found: Iterable[Mapping[Fact, int]], at: datetime | None) -> None:
    by_model: dict[type[Claim | Contact], list[int]] = {Claim: [], Contact: []}
    for facts in found:
        for fact, pk in facts.items():
            by_model[Claim if fact.kind in CLAIM_KINDS else Contact].append(pk)
    for model, keys in by_model.items():
        for start in range(0, len(keys), _CHUNK):
            model.objects.filter(pk__in=keys[start : start + _CHUNK]).update(gone_at=at)
