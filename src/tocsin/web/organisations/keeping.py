"""What people change of organisations, one by one: each change is a decision.

Nothing is deleted: what is withdrawn stays, so that no list brings it back.
`tocsin.web.organisations.reaching` does the same for contacts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet

from tocsin.campaign import constituency_values as values
from tocsin.campaign.constituency_values import BadValueError
from tocsin.errors import UsageError
from tocsin.report.visible import visible
from tocsin.web.audit.services import one_after_the_other, record
from tocsin.web.organisations.merging import FIELDS
from tocsin.web.organisations.models import (
    Claim,
    ClaimKind,
    Constituency,
    Organisation,
    Origin,
)
from tocsin.web.organisations.reading import longest
from tocsin.web.organisations.services import assess_campaigns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign

_READ = {
    ClaimKind.NETWORK: values.networks,
    ClaimKind.DOMAIN: values.domains,
    ClaimKind.ASN: values.asns,
    ClaimKind.HOST: values.hosts,
}
_KIND_WORDS = {
    ClaimKind.NETWORK: "network, such as 192.0.2.0/24",
    ClaimKind.DOMAIN: "domain, such as example.org",
    ClaimKind.ASN: "autonomous system, such as AS64496",
    ClaimKind.HOST: "host, such as 192.0.2.10",
}
_FIELD_READ = {"country": values.country, "language": values.language}


@transaction.atomic
def add_constituency(name: str, slug: str, actor: User) -> Constituency:
    """Begin a constituency; its organisations come with a list."""
    one_after_the_other()
    if Constituency.objects.filter(slug=slug).exists():
        raise UsageError(f"there is a constituency {slug} already")
    made = Constituency.objects.create(name=name, slug=slug)
    record(actor, "constituency.added", f"constituency {slug}", detail={"name": name})
    return made


@transaction.atomic
def add_organisation(
    campaign: Campaign, name: str, fields: Mapping[str, str], actor: User
) -> Organisation:
    """Enter an organisation that no list has, or whose list comes later."""
    constituency = Constituency.objects.select_for_update(no_key=True).get(
        pk=campaign.constituency_id
    )
    name = one_line(name, longest(Organisation, "name"))
    if not name:
        raise UsageError("give the organisation's name")
    if constituency.organisations.filter(name=name).exists():
        raise UsageError(f"there is an organisation {name} already")
    given = {field: _field(field, value) for field, value in fields.items() if field in FIELDS}
    made = Organisation.objects.create(
        constituency=constituency,
        name=name,
        origin=Origin.MANUAL,
        corrected=[field for field in FIELDS if given.get(field)],
        **given,
    )
    record(actor, "organisation.added", subject_of(made), campaign=campaign, detail=given)
    return made


@transaction.atomic
def correct(
    organisation: Organisation, fields: Mapping[str, str], actor: User, campaign: Campaign
) -> None:
    """Set fields; those that change count from now on, whatever lists say."""
    one = locked(organisation)
    changed = {}
    for field in FIELDS:
        value = _field(field, fields[field]) if field in fields else getattr(one, field)
        if value != getattr(one, field):
            changed[field] = [getattr(one, field), value]
            setattr(one, field, value)
    if not changed:
        return
    one.corrected = [field for field in FIELDS if field in changed or field in one.corrected]
    one.save(update_fields=[*FIELDS, "corrected"])
    record(actor, "organisation.corrected", subject_of(one), campaign=campaign, detail=changed)
    assess_campaigns(one.constituency)


@transaction.atomic
def follow_list(organisation: Organisation, field: str, actor: User, campaign: Campaign) -> None:
    """Take a correction back: what the list says counts again."""
    one = locked(organisation)
    if field not in FIELDS or field not in one.corrected:
        return
    detail = {field: [getattr(one, field), one.imported.get(field, "")]}
    setattr(one, field, one.imported.get(field, ""))
    one.corrected = [name for name in one.corrected if name != field]
    one.save(update_fields=[field, "corrected"])
    record(actor, "organisation.uncorrected", subject_of(one), campaign=campaign, detail=detail)
    assess_campaigns(one.constituency)


@transaction.atomic
def add_claims(
    organisation: Organisation,
    kind: ClaimKind,
    text: str,
    reason: str,
    actor: User,
    campaign: Campaign,
) -> list[Claim]:
    """Add networks, domains, autonomous systems or hosts, several at once."""
    one = locked(organisation)
    found = _values(kind, text)
    if not found:
        raise UsageError(f"give a {_KIND_WORDS[kind]}")
    made = [_claim(one, kind, value, reason, actor, campaign) for value in found]
    assess_campaigns(one.constituency)
    return made


@transaction.atomic
def assign_host(
    organisation: Organisation, host: str, reason: str, actor: User, campaign: Campaign
) -> Claim:
    """Say that a host is theirs. Whoever calls has the ladder asked again for this host."""
    one = locked(organisation)
    found = _values(ClaimKind.HOST, host)
    if len(found) != 1:
        raise UsageError(f"{host!r} is not one host")
    return _claim(one, ClaimKind.HOST, found[0], reason, actor, campaign)


@transaction.atomic
def unassign_host(campaign: Campaign, host: str, actor: User) -> bool:
    """Withdraw what people said of whose a host is; whether there was something."""
    Constituency.objects.select_for_update(no_key=True).get(pk=campaign.constituency_id)
    found = _by_hand(campaign.constituency_id, host)
    return sum(_withdrawn(one, actor, campaign) for one in found) > 0


@transaction.atomic
def withdraw_claim(claim: Claim, actor: User, campaign: Campaign) -> None:
    """Take a claim out of use; a list that still has it does not bring it back."""
    constituency = locked(claim.organisation).constituency
    if _withdrawn(claim, actor, campaign):
        assess_campaigns(constituency)


@transaction.atomic
def restore_claim(claim: Claim, actor: User, campaign: Campaign) -> None:
    """Let a claim count again that a person withdrew."""
    constituency = locked(claim.organisation).constituency
    one = Claim.objects.select_related("organisation").get(pk=claim.pk)
    if one.withdrawn_at is None:
        return
    if one.kind == ClaimKind.HOST and one.origin == Origin.MANUAL:
        _take_from_others(one.organisation, one.value, actor, campaign)
    one.withdrawn_at = None
    one.save(update_fields=["withdrawn_at"])
    detail = {"kind": one.kind, "value": one.value}
    subject = subject_of(one.organisation)
    record(actor, "claim.restored", subject, campaign=campaign, detail=detail)
    assess_campaigns(constituency)


def subject_of(organisation: Organisation) -> str:
    """How decisions name an organisation."""
    return f"organisation {organisation.pk}: {organisation.name}"


def locked(organisation: Organisation) -> Organisation:
    """One after the other with imports of the list, which lock the constituency as well."""
    Constituency.objects.select_for_update(no_key=True).get(pk=organisation.constituency_id)
    return Organisation.objects.select_related("constituency").get(pk=organisation.pk)


def one_line(text: str, most: int) -> str:
    """Text of one line that shows all that it holds."""
    plain = " ".join(text.split())
    if len(plain) > most:
        raise UsageError(f"shorten it; it has more than {most} characters")
    return seen(plain)


def seen(text: str) -> str:
    """The text, if all that it holds can be seen."""
    if visible(text, keep="\n\r\t") != text:
        raise UsageError(f"{visible(text)} holds characters that cannot be seen; remove them")
    return text


def _claim(
    one: Organisation, kind: ClaimKind, value: str, reason: str, actor: User, campaign: Campaign
) -> Claim:
    """Of hosts a person says why; one that was assigned to somebody else is taken from them."""
    reason = one_line(reason, longest(Claim, "reason"))
    if kind is ClaimKind.HOST:
        if not reason:
            raise UsageError("say why it is theirs")
        _take_from_others(one, value, actor, campaign)
    claim, _ = Claim.objects.update_or_create(
        organisation=one,
        kind=kind,
        value=value,
        defaults={
            "origin": Origin.MANUAL,
            "withdrawn_at": None,
            "gone_at": None,
            "reason": reason,
            "by": actor,
        },
    )
    detail = {"kind": str(kind), "value": value, "reason": reason}
    record(actor, "claim.added", subject_of(one), campaign=campaign, detail=detail)
    return claim


def _withdrawn(claim: Claim, actor: User, campaign: Campaign) -> bool:
    one = Claim.objects.select_related("organisation").get(pk=claim.pk)
    if one.withdrawn_at is not None:
        return False
    one.withdrawn_at = datetime.now(UTC)
    one.save(update_fields=["withdrawn_at"])
    detail = {"kind": one.kind, "value": one.value}
    subject = subject_of(one.organisation)
    record(actor, "claim.withdrawn", subject, campaign=campaign, detail=detail)
    return True


def _take_from_others(
    organisation: Organisation, host: str, actor: User, campaign: Campaign
) -> None:
    """A host belongs to one organisation by hand."""
    others = _by_hand(organisation.constituency_id, host).exclude(organisation=organisation)
    for other in others:
        _withdrawn(other, actor, campaign)


def _by_hand(constituency: int, host: str) -> QuerySet[Claim]:
    """What people said of whose a host is."""
    return Claim.objects.filter(
        organisation__constituency=constituency,
        kind=ClaimKind.HOST,
        value=host,
        origin=Origin.MANUAL,
        withdrawn_at=None,
    )


def _values(kind: ClaimKind, text: str) -> tuple[str, ...]:
    try:
        return tuple(map(str, _READ[kind](seen(text))))
    except BadValueError as error:
        raise UsageError(str(error)) from error


def _field(name: str, value: str) -> str:
    plain = one_line(value, longest(Organisation, name))
    read = _FIELD_READ.get(name)
    if read is None:
        return plain
    try:
        return read(plain) or ""
    except BadValueError as error:
        raise UsageError(str(error)) from error
