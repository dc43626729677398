"""Signs that what is known of a host speaks of somebody else: a provider, a front end, a decoy.

They come from lists with their sources (`tocsin.knowledge.providers`), and decide nothing.
"""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tocsin.campaign.prefixes import Prefixes
from tocsin.knowledge.providers import (
    Kind,
    Provider,
    all_providers,
    decoy_tags,
    providers_by_asn,
    providers_by_domain,
    reverse_name_words,
)
from tocsin.knowledge.root import cached

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tocsin.campaign.observation import Observation

T = TypeVar("T")

_TOKENS = re.compile(r"[a-z]+|[0-9]+", re.ASCII)
_REMEMBERED = 2**14
_OCTETS_IN_NAME = 3
"""Of an address's four numbers so many in a name were put there by a machine."""


class SignKind(StrEnum):
    """What a sign speaks of."""

    PROVIDER_NAME = "provider_name"
    """A reverse name that nobody chose: it names an access provider."""
    CLOUD = "cloud"
    """The address or name is rented from a cloud or a host."""
    CDN = "cdn"
    """The address belongs to a front end that many share."""
    DECOY = "decoy"
    """A feed takes it for a decoy."""


class Sign(NamedTuple):
    """A sign, and by what, as a part of a sentence; `provider` is whom it names, if anybody."""

    kind: SignKind
    what: str
    provider: str | None = None


_KINDS = {
    Kind.ACCESS: SignKind.PROVIDER_NAME,
    Kind.CLOUD: SignKind.CLOUD,
    Kind.HOSTING: SignKind.CLOUD,
    Kind.CDN: SignKind.CDN,
}
_NEAREST_FIRST = (SignKind.CDN, SignKind.CLOUD, SignKind.PROVIDER_NAME)


def signs_of(
    ip: str | None, hostnames: Sequence[str], asns: Sequence[int], tags: Sequence[str]
) -> tuple[Sign, ...]:
    """The signs of one host, each kind with the first reason for it. Pure."""
    found: dict[SignKind, Sign] = {}
    for asn in asns:
        provider = providers_by_asn().get(asn)
        if provider is not None:
            sign = _of(provider, f"AS{asn} is {provider.name}")
            found.setdefault(sign.kind, sign)
    if ip is not None:
        for network, providers in _networks().holding(ip)[:1]:
            sign = _of(providers[0], f"{network} is {providers[0].name}")
            found.setdefault(sign.kind, sign)
    for name in hostnames:
        named = _of_name(name, ip)
        if named is not None:
            found.setdefault(named.kind, named)
    decoy = decoy_tags().intersection(tag.lower() for tag in tags) if tags else None
    if decoy:
        found[SignKind.DECOY] = Sign(SignKind.DECOY, f"a feed's tag says {min(decoy)}")
    return tuple(found[kind] for kind in SignKind if kind in found)


def provider_in(signs: Sequence[Sign]) -> str | None:
    """Whom signs name: who stands in front of it, else who rents it out, else who connects it."""
    named = {sign.kind: sign.provider for sign in signs if sign.provider is not None}
    return next((named[kind] for kind in _NEAREST_FIRST if kind in named), None)


def _of(provider: Provider, what: str) -> Sign:
    return Sign(_KINDS[provider.kind], what, provider.name)


def _of_name(name: str, ip: str | None) -> Sign | None:
    provider = by_domain(providers_by_domain(), name)
    if provider is not None:
        return _of(provider, f"{name} is a name of {provider.name}")
    if made_by_machine(name, ip):
        return Sign(SignKind.PROVIDER_NAME, f"{name} was made from an address")
    return None


def by_domain(table: Mapping[str, T], name: str) -> T | None:
    """What a table has for the longest domain at the end of a name; None where it has none."""
    while name:
        found = table.get(name)
        if found is not None:
            return found
        name = name.partition(".")[2]
    return None


def tags_of(observation: Observation) -> tuple[str, ...]:
    """A row's tags, and what else of it speaks of a decoy: Censys has a column ``truncated``."""
    if not observation.extra:
        return observation.tags
    said = [
        word
        for name, value in observation.extra
        if (word := name.rpartition(".")[2].lower()) in decoy_tags() and value.lower() == "true"
    ]
    return (*observation.tags, *said) if said else observation.tags


def made_by_machine(name: str, ip: str | None) -> bool:
    """Whether nobody chose a name: it holds the address, or a word of providers and a number."""
    tokens = _TOKENS.findall(name)
    numbers = [token for token in tokens if token[0].isdigit()]
    if ip is not None and _holds(name, numbers, ip):
        return True
    return bool(numbers) and not reverse_name_words().isdisjoint(tokens)


def _holds(name: str, numbers: Sequence[str], ip: str) -> bool:
    octets, in_hex, run = _written(ip)
    if octets:
        shown = {number.lstrip("0") or "0" for number in numbers}
        if len(numbers) >= _OCTETS_IN_NAME and len(octets & shown) >= min(
            _OCTETS_IN_NAME, len(octets)
        ):
            return True
        return in_hex in name or run in name
    return in_hex in name.replace("-", "").replace(".", "")


@lru_cache(maxsize=_REMEMBERED)
def _written(ip: str) -> tuple[frozenset[str], str, str]:
    """An address as names hold it: its numbers, in hexadecimal, and as twelve digits.

    Of IPv6 the half that names the host stands for the whole.
    """
    address = ipaddress.ip_address(ip)
    if isinstance(address, ipaddress.IPv4Address):
        octets = str(address).split(".")
        return (
            frozenset(octets),
            f"{int(address):08x}",
            "".join(octet.rjust(3, "0") for octet in octets),
        )
    return frozenset(), f"{int(address):032x}"[16:], ""


@cached
def _networks() -> Prefixes[Provider]:
    return Prefixes(
        (network, provider) for provider in all_providers() for network in provider.networks
    )
