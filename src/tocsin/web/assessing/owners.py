"""Whose one host is, worked out again at once: after a person assigned it."""

from __future__ import annotations

from django.db import transaction

from tocsin.campaign.owners import Owner, Owners
from tocsin.web.assessing.facts import Whose, owner_fields
from tocsin.web.assessing.story import clues_in, owner_json, plain
from tocsin.web.assets.models import Asset
from tocsin.web.organisations.models import Organisation
from tocsin.web.organisations.queries import constituency_of


@transaction.atomic
def reassign_owner(asset: Asset) -> Owner:
    """Name the owner by what the constituency says now, and save it; nothing else changes.

    It is what the next assessment will say: the same function, asked with the same clues, which
    the story keeps. `asset` is brought up to date.
    """
    row = Asset.objects.select_for_update(no_key=True).get(pk=asset.pk)
    constituency = row.campaign.constituency
    owner = Owners(constituency_of(constituency)).of(clues_in(row.story))
    whose: dict[str, Whose] = {}
    if owner.constituent is not None:
        name = owner.constituent.organisation
        org = Organisation.objects.get(constituency=constituency, name=name)
        whose[name] = Whose(org.pk, org.sector, org.region)
    fields = owner_fields(owner, whose, row.story)
    for name, value in fields.items():
        setattr(row, name, value)
    row.story["owner"] = plain(owner_json(owner))
    row.save(update_fields=[*(name.removesuffix("_id") for name in fields), "story"])
    asset.refresh_from_db()
    return owner
