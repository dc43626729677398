"""What people change of contacts. Decisions name a contact by its key, and never what it holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max

from tocsin.campaign import constituency_values as values
from tocsin.campaign.constituency_values import BadValueError
from tocsin.errors import UsageError
from tocsin.web.audit.services import record
from tocsin.web.organisations.keeping import locked, one_line, subject_of
from tocsin.web.organisations.merging import contact as contact_fact
from tocsin.web.organisations.models import Contact, ContactKind, Origin
from tocsin.web.organisations.reading import longest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign
    from tocsin.web.organisations.models import Organisation

BESIDE = ("name", "language", "note")
"""What people write beside a contact, and no list knows."""


@transaction.atomic
def add_contact(
    organisation: Organisation,
    kind: ContactKind,
    value: str,
    beside: Mapping[str, str],
    actor: User,
    campaign: Campaign,
    *,
    first: bool = False,
) -> Contact:
    """Enter a contact, or let one count again that is there. `first` puts it before all others."""
    one = locked(organisation)
    value = contact_value(kind, value)
    place = 0 if first else 1 + (one.contacts.aggregate(last=Max("position"))["last"] or 0)
    made = _entered(one, kind, value, place, _beside(beside))
    _tell(made, "contact.added", actor, campaign)
    return made


@transaction.atomic
def describe_contact(
    contact: Contact, beside: Mapping[str, str], actor: User, campaign: Campaign
) -> None:
    """Say whose contact it is, in which language to write, and what else to know."""
    one = _kept(contact)
    given = _beside(beside)
    if all(getattr(one, name) == value for name, value in given.items()):
        return
    for name, value in given.items():
        setattr(one, name, value)
    one.save(update_fields=list(given))
    _tell(one, "contact.described", actor, campaign)


@transaction.atomic
def replace_contact(contact: Contact, value: str, actor: User, campaign: Campaign) -> Contact:
    """Put a corrected contact into the place of a wrong one, which is withdrawn."""
    one = _kept(contact)
    kind = ContactKind(one.kind)
    value = contact_value(kind, value)
    if value == one.value:
        return one
    beside = {name: getattr(one, name) for name in BESIDE}
    made = _entered(one.organisation, kind, value, one.position, beside)
    one.withdrawn_at = one.withdrawn_at or datetime.now(UTC)
    one.save(update_fields=["withdrawn_at"])
    _tell(made, "contact.corrected", actor, campaign, instead_of=one.pk)
    return made


@transaction.atomic
def withdraw_contact(contact: Contact, actor: User, campaign: Campaign) -> None:
    """Take a contact out of use; a list that still has it does not bring it back."""
    one = _kept(contact)
    if one.withdrawn_at is None:
        one.withdrawn_at = datetime.now(UTC)
        one.save(update_fields=["withdrawn_at"])
        _tell(one, "contact.withdrawn", actor, campaign)


@transaction.atomic
def restore_contact(contact: Contact, actor: User, campaign: Campaign) -> None:
    """Let a contact count again that a person withdrew."""
    one = _kept(contact)
    if one.withdrawn_at is not None:
        one.withdrawn_at = None
        one.save(update_fields=["withdrawn_at"])
        _tell(one, "contact.restored", actor, campaign)


def contact_value(kind: ContactKind, value: str) -> str:
    """A contact as it is kept, or `UsageError` with what to write."""
    plain = one_line(value, longest(Contact, "value"))
    if not plain:
        raise UsageError("give the contact")
    try:
        if kind is ContactKind.KEY:
            [found] = values.keys([plain])
            return found
        if kind in {ContactKind.EMAIL, ContactKind.WEB}:
            [written] = values.contacts([plain])
            fact = contact_fact(written)
            if fact.kind != kind:
                raise UsageError(f"{plain} is not of the kind {kind.label.lower()}")
            return fact.value
    except BadValueError as error:
        raise UsageError(str(error)) from error
    return plain.removeprefix("tel:") if kind is ContactKind.PHONE else plain


def _entered(
    organisation: Organisation, kind: ContactKind, value: str, place: int, beside: dict[str, str]
) -> Contact:
    """The contact as a person entered it; one that was withdrawn or gone counts again."""
    made, _ = Contact.objects.update_or_create(
        organisation=organisation,
        kind=kind,
        value=value,
        defaults={
            **beside,
            "origin": Origin.MANUAL,
            "withdrawn_at": None,
            "gone_at": None,
            "position": place,
        },
    )
    return made


def _beside(beside: Mapping[str, str]) -> dict[str, str]:
    """Checked, and only what is known."""
    given = {
        name: one_line(beside[name], longest(Contact, name)) for name in BESIDE if name in beside
    }
    try:
        if given.get("language"):
            given["language"] = values.language(given["language"]) or ""
    except BadValueError as error:
        raise UsageError(str(error)) from error
    return given


def _kept(contact: Contact) -> Contact:
    """The contact as it is now, one after the other with everybody else."""
    locked(contact.organisation)
    return Contact.objects.select_related("organisation").get(pk=contact.pk)


def _tell(one: Contact, action: str, actor: User, campaign: Campaign, **more: object) -> None:
    detail = {"contact": one.pk, "kind": one.kind, **more}
    record(actor, action, subject_of(one.organisation), campaign=campaign, detail=detail)
