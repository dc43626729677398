"""All addresses of the desk, and something real for each argument in them.

Who adds a page whose address names a thing adds the thing to `THINGS`: ``(namespace, argument)``
and a function that makes it in the campaign and returns the argument's value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.assets.models import Asset
from tocsin.web.audit.services import record
from tocsin.web.cases.models import Case
from tocsin.web.hunts.models import Hunt
from tocsin.web.imports.models import Import
from tocsin.web.lists.models import SavedView
from tocsin.web.organisations.models import Claim, Contact, Organisation
from tocsin.web.work.models import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tocsin.web.campaigns.models import Campaign


def _asset(campaign: Campaign) -> int:
    asset, _ = Asset.objects.get_or_create(
        campaign=campaign,
        key="192.0.2.1",
        defaults={"ip": "192.0.2.1", "place": b"\4" + bytes(16), "colour": "red"},
    )
    return asset.pk


def _organisation(campaign: Campaign) -> int:
    one, _ = Organisation.objects.get_or_create(
        constituency=campaign.constituency, name="Example Works"
    )
    return one.pk


def _claim(campaign: Campaign) -> int:
    claim, _ = Claim.objects.get_or_create(
        organisation_id=_organisation(campaign), kind="domain", value="works.example"
    )
    return claim.pk


def _contact(campaign: Campaign) -> int:
    contact, _ = Contact.objects.get_or_create(
        organisation_id=_organisation(campaign), kind="email", value="soc@works.example"
    )
    return contact.pk


def _somebody(_campaign: Campaign) -> int:
    return User.objects.get_or_create(username="somebody")[0].pk


def _member(campaign: Campaign) -> int:
    """Not the number of a person, which happens to be the same on an empty SQLite."""
    held, _ = Membership.objects.get_or_create(
        user=_maker(), campaign=campaign, defaults={"role": Role.VIEWER}
    )
    return held.pk


def _import(campaign: Campaign) -> int:
    Import.objects.get_or_create(
        campaign=campaign,
        number=1,
        defaults={"file_name": "scan.csv", "sha256": "0" * 64, "by": _maker()},
    )
    return 1


def _case(campaign: Campaign) -> int:
    Case.objects.get_or_create(
        campaign=campaign,
        number=1,
        defaults={"host": "192.0.2.1", "kind": "disputed", "because": "the owner says so"},
    )
    return 1


def _hunt(campaign: Campaign) -> int:
    Hunt.objects.get_or_create(
        campaign=campaign,
        number=1,
        defaults={
            "host": "192.0.2.1",
            "kind": "result",
            "state": "done",
            "by": _maker(),
            "file_name": "result.json",
            "sha256": "0" * 64,
        },
    )
    return 1


def _job(campaign: Campaign) -> int:
    job, _ = Job.objects.get_or_create(kind="nothing", subject=1, campaign=campaign)
    return job.pk


def _view(campaign: Campaign) -> int:
    view, _ = SavedView.objects.get_or_create(
        campaign=campaign,
        user=_maker(),
        listing="assets",
        name="Red",
        defaults={"query": "colour=red", "shared": True},
    )
    return view.pk


def _decision(campaign: Campaign) -> int:
    found = campaign.decisions.first() or record(None, "thing.done", "thing", campaign=campaign)
    return found.number


def _maker() -> User:
    return User.objects.get_or_create(username="maker")[0]


THINGS: dict[tuple[str, str], Callable[[Campaign], object]] = {
    ("assets", "pk"): _asset,
    ("audit", "number"): _decision,
    ("campaigns", "pk"): _member,
    ("cases", "number"): _case,
    ("cases", "pk"): _asset,
    ("constituencies", "slug"): lambda campaign: campaign.constituency.slug,
    ("dashboard", "column"): lambda _campaign: "provider",
    ("hunts", "number"): _hunt,
    ("hunts", "what"): lambda _campaign: "report",
    ("imports", "number"): _import,
    ("lists", "pk"): _view,
    ("organisations", "claim"): _claim,
    ("organisations", "contact"): _contact,
    ("organisations", "pk"): _organisation,
    ("people", "pk"): _somebody,
    ("work", "pk"): _job,
}

REFUSED_FOR_ANOTHER_REASON = {
    # What a hunt left behind are files; this one left none.
    "hunts:redacted": 404,
    "hunts:report": 404,
    "hunts:result": 404,
    # Somebody else's saved view: `tests/web/lists` tests who may change it.
    "lists:change": 403,
    "lists:delete": 403,
}
"""What pages answer to whoever may open them, since the thing made here is not what they need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address, with the view behind it and the names of its arguments."""

    name: str
    view: Any
    arguments: tuple[str, ...]

    @property
    def needs(self) -> Role | str | None:
        """The role that the view was declared with."""
        found: Role | str | None = getattr(self.view, "needs_role", None)
        return found

    def path(self, campaign: Campaign) -> str:
        """The path for something real."""
        namespace = self.name.partition(":")[0]
        values = {
            name: campaign.slug if name == "campaign" else THINGS[namespace, name](campaign)
            for name in self.arguments
        }
        return reverse(self.name, kwargs=values)


def all_addresses() -> list[Address]:
    """Every address that the resolver knows."""
    return list(_below(get_resolver().url_patterns, "", ()))


def _below(patterns: list[Any], namespace: str, arguments: tuple[str, ...]) -> Iterator[Address]:
    for one in patterns:
        names = (*arguments, *one.pattern.regex.groupindex)
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from _below(one.url_patterns, inner, names)
        elif isinstance(one, URLPattern):
            yield Address(name=f"{namespace}{one.name}", view=one.callback, arguments=tuple(names))
