"""Reads the constituency: as the core knows it, and as pages show it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from tocsin.campaign.constituency import Constituency as CampaignConstituency
from tocsin.campaign.constituency import Constituent, overlaps
from tocsin.web.organisations.merging import FIELDS, Fact, Stored, StoredFact
from tocsin.web.organisations.models import Claim, ClaimKind, Contact, ContactKind, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tocsin.web.campaigns.models import Campaign
    from tocsin.web.organisations.models import Constituency, Organisation


class Assigned(NamedTuple):
    """A host, and the key of the organisation that a person assigned it to."""

    host: str
    organisation: int


def constituency_of(constituency: Constituency) -> CampaignConstituency:
    """The constituency as `tocsin.campaign.owners` asks it: what counts, in order of name.

    An organisation that a list no longer has is there as long as something of it counts. Where a
    person assigned a host, no list assigns it to somebody else. Three queries.
    """
    claims = _claims(constituency)
    reached = _contacts(constituency)
    found: list[Constituent] = []
    for one in constituency.organisations.order_by("name"):
        own = claims.get(one.pk, {})
        contacts, keys = reached.get(one.pk, ((), ()))
        if one.gone_at is not None and not own and not contacts:
            continue
        found.append(
            Constituent(
                organisation=one.name,
                place=f"no. {one.pk}",
                sector=one.sector or None,
                country=one.country or None,
                region=one.region or None,
                language=one.language or None,
                hosts=tuple(own.get(ClaimKind.HOST, ())),
                networks=tuple(own.get(ClaimKind.NETWORK, ())),
                domains=tuple(own.get(ClaimKind.DOMAIN, ())),
                asns=tuple(int(value) for value in own.get(ClaimKind.ASN, ())),
                contacts=contacts,
                keys=keys,
            )
        )
    return CampaignConstituency(constituents=tuple(found), notes=overlaps(found))


def _claims(constituency: Constituency) -> dict[int, dict[str, list[str]]]:
    """By organisation and kind, the claims that count."""
    counting = Claim.objects.filter(
        organisation__constituency=constituency, withdrawn_at=None, gone_at=None
    ).values_list("organisation_id", "kind", "value", "origin")
    by_hand = {
        value: organisation
        for organisation, kind, value, origin in counting
        if kind == ClaimKind.HOST and origin == Origin.MANUAL
    }
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for organisation, kind, value, _ in counting:
        if kind != ClaimKind.HOST or by_hand.get(value, organisation) == organisation:
            found[organisation][kind].append(value)
    return found


def _contacts(constituency: Constituency) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
    """By organisation the contacts that count and can be written as in a list, and the keys."""
    contacts: dict[int, list[str]] = defaultdict(list)
    keys: dict[int, list[str]] = defaultdict(list)
    counting = Contact.objects.filter(
        organisation__constituency=constituency, withdrawn_at=None, gone_at=None
    ).order_by("position", "id")
    for organisation, kind, value in counting.values_list("organisation_id", "kind", "value"):
        if kind == ContactKind.KEY:
            keys[organisation].append(value)
        elif kind == ContactKind.PHONE:
            contacts[organisation].append(f"tel:{value}")
        elif kind != ContactKind.POST:
            contacts[organisation].append(value)
    return {
        one: (tuple(contacts.get(one, ())), tuple(keys.get(one, ()))) for one in {*contacts, *keys}
    }


def assigned_hosts(constituency_pk: int, hosts: Iterable[str] | None = None) -> set[Assigned]:
    """Which hosts people assigned to whom, of those that count; of `hosts` only, if given."""
    counting = Claim.objects.filter(
        organisation__constituency=constituency_pk,
        kind=ClaimKind.HOST,
        origin=Origin.MANUAL,
        withdrawn_at=None,
        gone_at=None,
    )
    if hosts is not None:
        counting = counting.filter(value__in=list(hosts))
    return {Assigned(*one) for one in counting.values_list("value", "organisation_id")}


def stored_by_name(constituency: Constituency) -> dict[str, Stored]:
    """Every organisation by name with all its facts, as `merging` compares them. Three queries."""
    facts: dict[int, dict[Fact, StoredFact]] = defaultdict(dict)
    theirs = Q(organisation__constituency=constituency)
    claims = Claim.objects.filter(theirs).values_list(*_FACT, Value(0))
    contacts = Contact.objects.filter(theirs).values_list(*_FACT, "position")
    for pk, organisation, kind, value, origin, withdrawn, gone, position in (*claims, *contacts):
        facts[organisation][Fact(kind, value)] = StoredFact(
            pk=pk,
            manual=origin == Origin.MANUAL,
            withdrawn=withdrawn is not None,
            gone=gone is not None,
            position=position,
        )
    return {
        one.name: Stored(
            pk=one.pk,
            manual=one.origin == Origin.MANUAL,
            gone=one.gone_at is not None,
            fields={name: getattr(one, name) for name in FIELDS},
            imported=one.imported,
            corrected=frozenset(one.corrected),
            facts=facts.get(one.pk, {}),
        )
        for one in constituency.organisations.order_by("name")
    }


_FACT = ("pk", "organisation_id", "kind", "value", "origin", "withdrawn_at", "gone_at")


def reachable() -> Exists:
    """Whether a contact of an organisation counts. A key alone reaches nobody."""
    counting = Contact.objects.filter(organisation=OuterRef("pk"), withdrawn_at=None, gone_at=None)
    return Exists(counting.exclude(kind=ContactKind.KEY))


def hosts_of(organisation: Organisation, campaign: Campaign) -> QuerySet[Any]:
    """Its hosts (assets) in a campaign, the worst first; without their long stories."""
    worst = Case(
        When(compromised=True, then=Value(0)),
        When(vanished=True, then=Value(4)),
        When(colour="red", then=Value(1)),
        When(colour="yellow", then=Value(2)),
        default=Value(3),
    )
    found = campaign.assets.filter(owner=organisation).defer("story")
    return found.order_by(worst, "place", "key")


def contact_counts(organisation: Organisation) -> dict[str, int]:
    """How many contacts and keys count, and how many do not: nothing of what they hold."""
    found = organisation.contacts.values_list("kind", "withdrawn_at", "gone_at")
    counting = [kind for kind, withdrawn, gone in found if withdrawn is None and gone is None]
    keys = sum(kind == ContactKind.KEY for kind in counting)
    return {"contacts": len(counting) - keys, "keys": keys, "others": len(found) - len(counting)}
