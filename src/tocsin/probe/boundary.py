"""The boundary: whether an address may be asked, and the word for why not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tocsin.probe.addresses import Address, AddressSet, address_set, no_host_reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.probe.scope import Scope


class Refusal(StrEnum):
    """Why something is not asked. The words stand in the audit log."""

    OPTED_OUT = "opted_out"
    """On the opt-out list, by address or by name."""
    OUTSIDE = "outside"
    """In no network of the scope, and no address of the name's own."""
    NOT_PUBLIC = "not_public"
    """A name that may lead anywhere leads into somebody's inner network."""
    NO_HOST = "no_host"
    """An address that nobody can authorise: link-local, multicast and the like."""
    UNRESOLVED = "unresolved"
    """The name has no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """What the scope allows, ready to be asked for every address and every redirect."""

    networks: AddressSet
    names: Mapping[str, tuple[frozenset[Address], bool]]
    ports: frozenset[tuple[int, str]]
    """Port and scheme."""
    opt_out_networks: AddressSet
    opt_out_names: frozenset[str]

    def refusal(self, address: Address, name: str | None = None) -> Refusal | None:
        """Say why `address` is not asked under `name`; None where it may be.

        A name of the scope gives no leave to follow it anywhere: whoever runs the DNS could
        point it at a third party. Its address must be in the scope as well, or be listed with
        the name, or the scope says ``anywhere`` and the address is public.
        """
        if address in self.opt_out_networks or (name is not None and self.opted_out(name)):
            return Refusal.OPTED_OUT
        if no_host_reason(address) is not None:
            return Refusal.NO_HOST
        if address in self.networks:
            return None
        own, anywhere = (
            self.names.get(name, (frozenset(), False)) if name else (frozenset(), False)
        )
        if address in own:
            return None
        if anywhere:
            return None if address.is_global else Refusal.NOT_PUBLIC
        return Refusal.OUTSIDE

    def opted_out(self, name: str) -> bool:
        """Whether `name`, or a name above it, is on the opt-out list."""
        labels = name.split(".")
        return any(".".join(labels[start:]) in self.opt_out_names for start in range(len(labels)))


def boundary_of(scope: Scope) -> Boundary:
    """The boundary that a scope draws."""
    return Boundary(
        networks=address_set(scope.networks),
        names=scope.names,
        ports=frozenset(scope.ports),
        opt_out_networks=address_set(scope.opt_out_networks),
        opt_out_names=scope.opt_out_names,
    )
