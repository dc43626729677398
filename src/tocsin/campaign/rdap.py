"""Registration data of a network as a registry answers it: whose it is, and its abuse contact.

Source: RFC 9083 (JSON Responses for RDAP, June 2021) and RFC 7095 (jCard, January 2014).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tocsin.campaign.constituency_values import is_mail

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 4
_MOST_ENTITIES = 100
_LONGEST = 300
_FIRST_CHOICE = ("abuse", "technical", "administrative", "registrant")
"""Roles of RFC 9083, section 10.2.4, in the order in which to try them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RdapContact:
    """Somebody named in an answer, with the roles that the registry gives."""

    name: str | None
    roles: tuple[str, ...]
    mails: tuple[str, ...]
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RdapAnswer:
    """What a registry says of a network. `problem` says why nothing could be read, else None.

    `network` is CIDR or a range. `contacts` come in the order in which to try them.
    """

    handle: str | None = None
    name: str | None = None
    network: str | None = None
    country: str | None = None
    contacts: tuple[RdapContact, ...] = ()
    problem: str | None = None


def read_rdap(content: bytes) -> RdapAnswer:
    """Read one answer. Never raises on content. Pure."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        return RdapAnswer(problem=f"is no JSON: {error}"[:_LONGEST])
    if not isinstance(document, dict):
        return RdapAnswer(problem="is no JSON object")
    if "errorCode" in document:
        return RdapAnswer(
            problem=f"the registry answered with error {document['errorCode']!s:.20}"
        )
    if document.get("objectClassName") not in {"ip network", "autnum", "domain"}:
        return RdapAnswer(problem="says of no network, system or domain")
    walk = _Walk()
    walk.entities(document.get("entities"), 0)
    return RdapAnswer(
        handle=_text(document.get("handle")),
        name=_text(document.get("name")),
        network=_network(document),
        country=_text(document.get("country")),
        contacts=tuple(sorted(walk.found, key=_place)),
    )


@dataclass(slots=True)
class _Walk:
    """Goes through entities within entities, bounded."""

    found: list[RdapContact] = field(default_factory=list)

    def entities(self, entities: object, depth: int) -> None:
        if not isinstance(entities, list) or depth >= _DEEPEST:
            return
        for entity in entities:
            if len(self.found) >= _MOST_ENTITIES:
                return
            if isinstance(entity, dict):
                self.found.append(_contact(entity))
                self.entities(entity.get("entities"), depth + 1)


def _contact(entity: dict[str, Any]) -> RdapContact:
    card: dict[str, list[str]] = {}
    for name, value in _properties(entity.get("vcardArray")):
        card.setdefault(name, []).append(value)
    roles = entity.get("roles")
    return RdapContact(
        name=next(iter(card.get("fn", ())), None),
        roles=tuple(filter(None, map(_text, roles))) if isinstance(roles, list) else (),
        mails=tuple(dict.fromkeys(mail for mail in card.get("email", ()) if is_mail(mail))),
        phones=tuple(dict.fromkeys(tel.removeprefix("tel:") for tel in card.get("tel", ()))),
    )


def _properties(card: object) -> Iterator[tuple[str, str]]:
    """``["vcard", [[name, parameters, type, value], ...]]``; values of one text only."""
    if not (isinstance(card, list) and len(card) == 2 and isinstance(card[1], list)):
        return
    for one in card[1][:_MOST_ENTITIES]:
        if isinstance(one, list) and len(one) >= 4 and isinstance(one[0], str):
            value = _text(one[3])
            if value:
                yield one[0].lower(), value


def _network(document: dict[str, Any]) -> str | None:
    for one in _dicts(document.get("cidr0_cidrs")):
        prefix, length = one.get("v4prefix") or one.get("v6prefix"), one.get("length")
        if isinstance(prefix, str) and isinstance(length, int):
            return f"{prefix}/{length}"[:_LONGEST]
    first, last = _text(document.get("startAddress")), _text(document.get("endAddress"))
    return f"{first}-{last}" if first and last else None


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _text(value: object) -> str | None:
    return value.strip()[:_LONGEST] or None if isinstance(value, str) else None


def _place(contact: RdapContact) -> int:
    """Roles in the order of choice; somebody without a mail address comes last."""
    places = [at for at, role in enumerate(_FIRST_CHOICE) if role in contact.roles]
    return min(places, default=len(_FIRST_CHOICE)) + (0 if contact.mails else 10)
