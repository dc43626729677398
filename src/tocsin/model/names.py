"""Whose names the evidence knows: people, machines and domains of its own organisation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a report must not carry out of the house, as the evidence spells it, in any case.

    `hosts` are short names, `domains` are DNS names (a host in them is inside), `netbios` the
    names before a backslash, `addresses` the server's own, canonical. `complete` is False where
    there were more names than are kept.
    """

    users: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    netbios: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    complete: bool = True
