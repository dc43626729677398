"""Loads an invented country into a desk, by the same ways that people take.

The list of organisations, owners' results and all files go through the importers and the worker.
The campaign is assessed twice: before the last file and after it, so that "new since the last
import" has something to say.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.web.accounts.models import Role, User
from tocsin.web.accounts.services import create_person, give_role
from tocsin.web.campaigns.models import Campaign
from tocsin.web.campaigns.services import open_campaign
from tocsin.web.demonstration.cases import open_cases
from tocsin.web.demonstration.country import CVES, make_country
from tocsin.web.demonstration.files import write
from tocsin.web.demonstration.looks import make_files
from tocsin.web.demonstration.organisations import as_list
from tocsin.web.demonstration.words import owners_words
from tocsin.web.imports.services import import_path
from tocsin.web.organisations.models import Constituency
from tocsin.web.organisations.services import import_list
from tocsin.web.work.worker import run_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.web.demonstration.country import Size
    from tocsin.web.demonstration.looks import File

CAMPAIGN = "proxylogon"
_NAME = "ProxyLogon"
_PACK = "proxylogon"
_PEOPLE = (
    ("vera", "Vera", "Viewer", Role.VIEWER),
    ("anna", "Anna", "Analyst", Role.ANALYST),
    ("piet", "Piet", "Approver", Role.APPROVER),
    ("administrator", "Ada", "Administrator", Role.ADMINISTRATOR),
)


def is_loaded() -> bool:
    """Whether a demonstration is here already."""
    return Campaign.objects.filter(slug=CAMPAIGN, assessed_at__isnull=False).exists()


def load(seed: int, size: Size, tell: Callable[[str], None]) -> Campaign:
    """Make the country of `seed` and load it, saying with `tell` what is being done."""
    tell(f"Inventing a country from the seed {seed}")
    country = make_country(seed, size)
    files = make_files(country)
    people = _people()
    administrator, analyst = people[Role.ADMINISTRATOR], people[Role.ANALYST]
    campaign = _campaign(administrator)
    for role, user in people.items():
        give_role(user, campaign, role, by=administrator)
    tell(f"Importing {len(country.organisations):,} organisations")
    organisations = as_list(country.organisations)
    import_list(campaign.constituency, administrator, organisations, "northland.csv")
    with tempfile.TemporaryDirectory(prefix="tocsin-demonstration-") as temporary:
        folder = Path(temporary)
        for file in files[:-1]:
            _import(campaign, analyst, file, folder, tell)
        tell("Assessing what was imported, which takes longest")
        run_worker(once=True)
        tell("Reading what owners handed over, and opening cases")
        campaign.refresh_from_db()
        open_cases(campaign, people, owners_words(country, files))
        _import(campaign, analyst, files[-1], folder, tell)
    tell("Assessing what the last file changes")
    run_worker(once=True)
    campaign.refresh_from_db()
    return campaign


def administrator() -> User:
    """Ada, who gets the one-time link."""
    return User.objects.get(username=_PEOPLE[-1][0])


def _people() -> dict[Role, User]:
    """Nobody has a password: the administrator can give each of them a one-time link."""
    found = {}
    for name, first, last, role in _PEOPLE:
        user = User.objects.filter(username=name).first()
        if user is None:
            is_administrator = role is Role.ADMINISTRATOR
            user, _ = create_person(
                name, by=None, is_administrator=is_administrator, name=(first, last)
            )
        found[role] = user
    return found


def _campaign(actor: User) -> Campaign:
    constituency, _ = Constituency.objects.get_or_create(
        slug="northland", defaults={"name": "Northland"}
    )
    found = Campaign.objects.filter(slug=CAMPAIGN).first()
    return found or open_campaign(
        actor, Campaign(name=_NAME, pack=_PACK, cves=list(CVES), constituency=constituency)
    )


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
