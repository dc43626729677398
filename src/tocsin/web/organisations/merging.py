"""What a list would change of what is stored. Pure: no database, no clock.

The rules, in this order. What a person entered stays. What a person withdrew stays withdrawn. A
field that a person corrected stays corrected. All else follows the list: what is new in it comes,
what is back in it counts again, and what it no longer has is gone, which deletes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from tocsin.web.organisations.models import ClaimKind, ContactKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tocsin.campaign.constituency import Constituent

FIELDS = ("sector", "country", "region", "language")
"""What a list says of an organisation, and a person may correct."""
CLAIM_KINDS = frozenset(ClaimKind)
"""The other kinds are contacts."""


class Fact(NamedTuple):
    """A claim or a contact; its kind says which."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFact:
    """A fact as the database has it."""

    pk: int
    manual: bool
    withdrawn: bool
    gone: bool
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An organisation as the database has it. `fields` are what counts."""

    pk: int
    manual: bool
    gone: bool
    fields: Mapping[str, str]
    imported: Mapping[str, str]
    corrected: frozenset[str]
    facts: Mapping[Fact, StoredFact]


class Verdict(StrEnum):
    """What becomes of an organisation."""

    ADDED = "added"
    CHANGED = "changed"
    BACK = "back"
    GONE = "gone"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a list changes of one organisation.

    `fields` holds what counts before and after. `back` and `gone` name stored facts by key,
    `moved` their new places. `kept` is what a person decided and the list says otherwise, as
    sentences without what contacts hold.
    """

    name: str
    pk: int | None
    verdict: Verdict
    imported: Mapping[str, str]
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    added: Mapping[Fact, int] = field(default_factory=dict)
    back: Mapping[Fact, int] = field(default_factory=dict)
    gone: Mapping[Fact, int] = field(default_factory=dict)
    moved: Mapping[int, int] = field(default_factory=dict)
    kept: tuple[str, ...] = ()


def compare(stored: Mapping[str, Stored], listed: Iterable[Constituent]) -> tuple[Planned, ...]:
    """What becomes of each organisation, those of the list first, in its order."""
    found = [_listed(stored.get(one.organisation), one) for one in listed]
    names = {one.name for one in found}
    return (*found, *(_unlisted(name, one) for name, one in stored.items() if name not in names))


def facts_of(one: Constituent) -> dict[Fact, int]:
    """The facts of an organisation in a list, with their places; the first contact has 1."""
    found: dict[Fact, int] = {}
    for kind, values in (
        (ClaimKind.HOST, one.hosts),
        (ClaimKind.NETWORK, one.networks),
        (ClaimKind.DOMAIN, one.domains),
        (ClaimKind.ASN, one.asns),
    ):
        found |= {Fact(kind.value, str(value)): 0 for value in values}
    reached = [
        *map(contact, one.contacts),
        *(Fact(ContactKind.KEY.value, key) for key in one.keys),
    ]
    found |= {fact: place for place, fact in enumerate(dict.fromkeys(reached), start=1)}
    return found


def contact(written: str) -> Fact:
    """A contact as a list writes it: a mail address, or a URI (mailto, https, tel)."""
    scheme, colon, rest = written.partition(":")
    kind = scheme.lower() if colon else ""
    if kind == "tel":
        return Fact(ContactKind.PHONE.value, rest)
    if kind == "https":
        return Fact(ContactKind.WEB.value, written)
    return Fact(ContactKind.EMAIL.value, rest.partition("?")[0] if kind == "mailto" else written)


def _listed(known: Stored | None, one: Constituent) -> Planned:
    imported = {name: getattr(one, name) or "" for name in FIELDS}
    facts = facts_of(one)
    if known is None:
        return Planned(
            name=one.organisation, pk=None, verdict=Verdict.ADDED, imported=imported, added=facts
        )
    fields = {
        name: (known.fields[name], imported[name])
        for name in FIELDS
        if name not in known.corrected and known.fields[name] != imported[name]
    }
    added = {fact: place for fact, place in facts.items() if fact not in known.facts}
    back = {fact: held.pk for fact, held in known.facts.items() if held.gone and fact in facts}
    gone = _gone(known, facts)
    moved = {
        held.pk: facts[fact]
        for fact, held in known.facts.items()
        if not held.manual and fact in facts and held.position != facts[fact]
    }
    verdict = Verdict.SAME
    if known.gone:
        verdict = Verdict.BACK
    elif fields or added or back or gone or moved or imported != known.imported:
        verdict = Verdict.CHANGED
    return Planned(
        name=one.organisation,
        pk=known.pk,
        verdict=verdict,
        imported=imported,
        fields=fields,
        added=added,
        back=back,
        gone=gone,
        moved=moved,
        kept=tuple(_kept(known, imported, facts)),
    )


def _unlisted(name: str, known: Stored) -> Planned:
    """One that the list does not have. Whom a person entered does not go."""
    gone = _gone(known, {})
    verdict = Verdict.CHANGED if gone else Verdict.SAME
    if not known.manual and not known.gone:
        verdict = Verdict.GONE
    return Planned(name=name, pk=known.pk, verdict=verdict, imported=known.imported, gone=gone)


def _gone(known: Stored, facts: Mapping[Fact, int]) -> dict[Fact, int]:
    return {
        fact: held.pk
        for fact, held in known.facts.items()
        if not held.manual and not held.gone and fact not in facts
    }


def _kept(known: Stored, imported: Mapping[str, str], facts: Mapping[Fact, int]) -> Iterator[str]:
    for name in FIELDS:
        if name in known.corrected and imported[name] != known.fields[name]:
            yield (
                f"{name}: the list says {imported[name] or 'nothing'}, "
                f"a person corrected it to {known.fields[name] or 'nothing'}"
            )
    contacts = 0
    for fact in facts:
        held = known.facts.get(fact)
        if held is not None and held.withdrawn:
            if fact.kind in CLAIM_KINDS:
                yield f"{fact.kind} {fact.value}: a person withdrew it"
            else:
                contacts += 1
    if contacts:
        yield f"{contacts} contact{'s' * (contacts > 1)}: a person withdrew what the list names"


def sentences(one: Planned) -> list[str]:
    """What changes of an organisation, in words. Contacts are counted: they are personal data."""
    found = [
        f"{name}: {before or 'nothing'} becomes {after or 'nothing'}"
        for name, (before, after) in one.fields.items()
    ]
    for word, facts in (("new", one.added), ("back", one.back), ("gone", one.gone)):
        claims = [f"{fact.kind} {fact.value}" for fact in facts if fact.kind in CLAIM_KINDS]
        contacts = len(facts) - len(claims)
        if claims:
            found.append(f"{word}: {', '.join(claims)}")
        if contacts:
            found.append(f"{word}: {contacts} contact{'s' * (contacts > 1)}")
    if one.moved:
        found.append("another order of contacts")
    return found
