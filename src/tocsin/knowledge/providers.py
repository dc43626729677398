"""Who lends addresses and names to others, and how names made by machine and decoys look.

What is found here says little of whose server it is; it lowers confidence and decides nothing.
"""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.root import BUILTIN, cached, data_root

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROVIDERS = "owners/providers.toml"
_NAMES = "owners/names.toml"

T = TypeVar("T")


class Kind(StrEnum):
    """What a provider lends."""

    CLOUD = "cloud"
    HOSTING = "hosting"
    CDN = "cdn"
    ACCESS = "access"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a file; a misspelt key is an error."""


class Provider(_Part, frozen=True, kw_only=True):
    """One provider; `domains` are what its automatic names end with, in lower case."""

    name: str
    kind: Kind
    asns: tuple[int, ...]
    domains: tuple[str, ...]
    source: str
    networks: tuple[str, ...] = ()


class _Providers(_Part, frozen=True, kw_only=True):
    provider: tuple[Provider, ...]


class _Words(_Part, frozen=True, kw_only=True):
    words: tuple[str, ...]
    source: str


class _Tags(_Part, frozen=True, kw_only=True):
    tags: tuple[str, ...]
    source: str


class _Names(_Part, frozen=True, kw_only=True):
    reverse: _Words
    decoy: _Tags


@cached
def all_providers() -> tuple[Provider, ...]:
    """Every provider, in the file's order. Raises `KnowledgeError` with the file."""
    found = _read(_PROVIDERS, _Providers).provider
    for provider in found:
        for network in provider.networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise KnowledgeError(f"{provider.name}: {error}", where=_PROVIDERS) from error
        if any(domain != domain.lower().strip(".") for domain in provider.domains):
            raise KnowledgeError(f"{provider.name}: write domains small", where=_PROVIDERS)
    return found


@cached
def providers_by_domain() -> Mapping[str, Provider]:
    """By the ends of names."""
    return MappingProxyType(
        {domain: provider for provider in all_providers() for domain in provider.domains}
    )


@cached
def providers_by_asn() -> Mapping[int, Provider]:
    """By autonomous system."""
    return MappingProxyType(
        {asn: provider for provider in all_providers() for asn in provider.asns}
    )


@cached
def reverse_name_words() -> frozenset[str]:
    """Words of reverse names that nobody chose."""
    return frozenset(_read(_NAMES, _Names).reverse.words)


@cached
def decoy_tags() -> frozenset[str]:
    """Tags of feeds that speak of a decoy."""
    return frozenset(_read(_NAMES, _Names).decoy.tags)


def _read(name: str, kind: type[T]) -> T:
    """The list in use; knowledge that was installed before there were lists has none."""
    path = data_root() / name
    try:
        return msgspec.toml.decode(
            (path if path.exists() else BUILTIN / name).read_bytes(), type=kind
        )
    except msgspec.DecodeError as error:
        raise KnowledgeError(str(error), where=name) from error
