"""Loads an invented country into a desk, by the same ways that people take.

The list of organisations and all files go through the importers. The campaign is assessed twice:
before the last file and after it, so that "new since the last import" has something to say.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction

from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.audit.services import record
from tocsin.web.campaigns.models import Campaign
from tocsin.web.demonstration.country import CVES, make_country
from tocsin.web.demonstration.files import write
from tocsin.web.demonstration.looks import make_files
from tocsin.web.demonstration.organisations import as_list
from tocsin.web.imports.services import import_path
from tocsin.web.organisations.models import Constituency
from tocsin.web.organisations.services import import_list
from tocsin.web.work.worker import run_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.web.demonstration.country import Size
    from tocsin.web.demonstration.looks import File

CAMPAIGN = "proxylogon-northland"
_PACK = "proxylogon"
_PEOPLE = (
    ("vera", "Vera", "Viewer", Role.VIEWER),
    ("anna", "Anna", "Analyst", Role.ANALYST),
    ("piet", "Piet", "Approver", Role.APPROVER),
    ("administrator", "Ada", "Administrator", Role.ADMINISTRATOR),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What stands in the desk."""

    campaign: Campaign
    administrator: User
    files: tuple[File, ...]


def is_loaded() -> bool:
    """Whether a demonstration is here already."""
    return Campaign.objects.filter(slug=CAMPAIGN, assessed_at__isnull=False).exists()


def load(seed: int, size: Size, tell: Callable[[str], None]) -> Loaded:
    """Make the country of `seed` and load it, saying with `tell` what is being done."""
    tell(f"Inventing a country from the seed {seed}")
    country = make_country(seed, size)
    files = make_files(country)
    people = _people()
    administrator, analyst = people[Role.ADMINISTRATOR], people[Role.ANALYST]
    with transaction.atomic():
        campaign = _campaign(administrator)
        for role, user in people.items():
            Membership.objects.get_or_create(user=user, campaign=campaign, defaults={"role": role})
    tell(f"Importing {len(country.organisations):,} organisations")
    import_list(
        campaign.constituency, administrator, as_list(country.organisations), "northland.csv"
    )
    with tempfile.TemporaryDirectory(prefix="tocsin-demonstration-") as folder:
        for file in files[:-1]:
            _import(campaign, analyst, file, Path(folder), tell)
        tell("Assessing what was imported")
        run_worker(once=True)
        _import(campaign, analyst, files[-1], Path(folder), tell)
    tell("Assessing what the last file changes")
    run_worker(once=True)
    campaign.refresh_from_db()
    return Loaded(campaign=campaign, administrator=administrator, files=files)


def administrator() -> User:
    """Ada, who gets the one-time link."""
    return User.objects.get(username=_PEOPLE[-1][0])


def _people() -> dict[Role, User]:
    """Nobody has a password: who wants to be one of them is let in by the administrator."""
    found = {}
    for name, first, last, role in _PEOPLE:
        user, new = User.objects.get_or_create(
            username=name,
            defaults={
                "first_name": first,
                "last_name": last,
                "is_administrator": role is Role.ADMINISTRATOR,
            },
        )
        if new:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        found[role] = user
    return found


def _campaign(actor: User) -> Campaign:
    constituency, _ = Constituency.objects.get_or_create(
        slug="northland", defaults={"name": "Northland"}
    )
    campaign, new = Campaign.objects.get_or_create(
        slug=CAMPAIGN,
        defaults={
            "name": "ProxyLogon in Northland",
            "pack": _PACK,
            "cves": list(CVES),
            "constituency": constituency,
        },
    )
    if new:
        record(
            actor,
            "campaign.opened",
            f"campaign {CAMPAIGN}",
            campaign=campaign,
            detail={"demo": True},
        )
    return campaign


def _import(
    campaign: Campaign, user: User, file: File, folder: Path, tell: Callable[[str], None]
) -> None:
    path = folder / file.name
    path.write_bytes(write(file))
    one = import_path(campaign, user, path)
    tell(
        f"Imported {file.name}: {one.observations:,} rows, {one.rejected:,} that could not be read"
    )
    path.unlink()
