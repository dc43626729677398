"""The scope: who may be asked, who authorised it, until when, and how gently.

Everything here is read and checked before the first packet. A scope that cannot be understood
whole is refused whole: there is no part of an authorisation.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import msgspec

from tocsin.errors import UsageError
from tocsin.probe.addresses import Address, Network, no_host_reason

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ORDINARY_NETWORK = 2**10
"""Addresses. A larger network needs an entry in ``targets.large``, by whoever answers for it."""
LARGEST_NETWORK = 2**24
"""Addresses: an IPv4 /8, an IPv6 /104. Nobody can authorise more in one line."""

_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_PAGE = re.compile(r"https://[\x21\x23-\x3b\x3d\x3f-\x7e]{1,500}")
"""Printable ASCII without quotes and angle brackets: it is sent in a header."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Authorisation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who authorised the probe, and when it may run: from the first day to the end of the last."""

    name: Text
    organisation: Text
    reference: Text
    first: date = msgspec.field(name="from")
    until: date

    def problem_at(self, now: datetime) -> str | None:
        """Say why the authorisation does not hold at `now`; None where it does."""
        if now < datetime.combine(self.first, time(), UTC):
            return f"the authorisation begins on {self.first}"
        if now >= datetime.combine(self.until, time(), UTC) + timedelta(days=1):
            return f"the authorisation ended with {self.until}"
        return None


class Contact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom owners can reach; both are sent with every request."""

    mail: Text
    page: Text

    def agent(self, version: str) -> str:
        """The User-Agent: which release of Tocsin asks, and where to read more."""
        return f"Tocsin/{version} (+{self.page}; {self.mail})"


class NamedHost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A host by name, where the name alone is not enough.

    It may be asked at `addresses` too, or `anywhere`: whoever authorised it answers for every
    public address that the name leads to.
    """

    name: str
    addresses: tuple[str, ...] = ()
    anywhere: bool = False


class LargeNetwork(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A network that is too large to be a slip of the pen, because somebody wrote its size too."""

    network: str
    addresses: int
    name: Text
    organisation: Text
    reference: Text


class TargetList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be asked. `ports` are asked with TLS, `plain_ports` without."""

    hosts: tuple[str | NamedHost, ...] = ()
    networks: tuple[str, ...] = ()
    large: tuple[LargeNetwork, ...] = ()
    ports: tuple[Port, ...] = (443,)
    plain_ports: tuple[Port, ...] = ()


class OptOutList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who does not want to be asked: addresses, networks, and names with all below them."""

    entries: tuple[str, ...] = ()
    file: str | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How gently. Rates are requests per second, `timeout_s` is for one request as a whole."""

    per_host: Annotated[float, msgspec.Meta(gt=0, le=5)] = 1.0
    overall: Annotated[float, msgspec.Meta(gt=0, le=500)] = 20.0
    samples: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    at_once: Annotated[int, msgspec.Meta(ge=1, le=512)] = 64
    timeout_s: Annotated[float, msgspec.Meta(ge=1, le=60)] = 15.0


class ScopeFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file, as written."""

    authorisation: Authorisation
    contact: Contact
    targets: TargetList
    opt_out: OptOutList = OptOutList()
    limits: Limits = Limits()


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The file, understood. `names` holds each named host with the addresses of its own."""

    authorisation: Authorisation
    contact: Contact
    networks: tuple[Network, ...]
    """Hosts that were given by address are networks of one."""
    names: dict[str, tuple[frozenset[Address], bool]]
    ports: tuple[tuple[int, str], ...]
    """Port and scheme."""
    opt_out_networks: tuple[Network, ...]
    opt_out_names: frozenset[str]
    limits: Limits
    sha256: str
    """Of the file, as it was read."""


def read_scope(path: Path) -> Scope:
    """Read and check the file. Raises `UsageError` with file, key, and what to write instead."""
    where = str(path)
    try:
        content = path.read_bytes()
        file = msgspec.toml.decode(content, type=ScopeFile)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=where) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{error}; see docs/reference/probe.md", where=where) from error
    _check_words(file, where)
    addresses, names = _hosts(file.targets.hosts, where)
    opt_out_networks, opt_out_names = _opt_outs(file.opt_out, path)
    return Scope(
        authorisation=file.authorisation,
        contact=file.contact,
        networks=(*_networks(file.targets, where), *addresses),
        names=names,
        ports=_ports(file.targets, where),
        opt_out_networks=opt_out_networks,
        opt_out_names=opt_out_names,
        limits=file.limits,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def plain_name(text: str) -> str | None:
    """`text` as names are compared, or None where it is no host name in ASCII with a dot."""
    name = text.lower().removesuffix(".")
    if not _NAME.fullmatch(name) or name.rpartition(".")[2].isdigit():
        return None
    return name


def _check_words(file: ScopeFile, where: str) -> None:
    """What is sent in headers must be what it claims, and the dates in order."""
    if not _MAIL.fullmatch(file.contact.mail):
        raise UsageError(
            f"{file.contact.mail!r} is no mail address", where=f"{where}: contact.mail"
        )
    if not _PAGE.fullmatch(file.contact.page) or not urlsplit(file.contact.page).hostname:
        raise UsageError(
            f"{file.contact.page!r} is no address of a page; write https://…, and publish what "
            "tocsin probe --contact-page prints there",
            where=f"{where}: contact.page",
        )
    if file.authorisation.until < file.authorisation.first:
        raise UsageError("lies before from", where=f"{where}: authorisation.until")


def _ports(targets: TargetList, where: str) -> tuple[tuple[int, str], ...]:
    both = (*targets.ports, *targets.plain_ports)
    if not both:
        raise UsageError("names no port; leave it out for 443", where=f"{where}: targets.ports")
    if len(set(both)) != len(both):
        raise UsageError("names a port twice", where=f"{where}: targets.ports")
    return (
        *((port, "https") for port in targets.ports),
        *((port, "http") for port in targets.plain_ports),
    )


def _hosts(
    hosts: Iterable[str | NamedHost], where: str
) -> tuple[list[Network], dict[str, tuple[frozenset[Address], bool]]]:
    """Hosts given by address, as networks of one, and those given by name."""
    addresses: list[Network] = []
    names: dict[str, tuple[frozenset[Address], bool]] = {}
    for number, host in enumerate(hosts):
        place = f"{where}: targets.hosts[{number}]"
        named = NamedHost(name=host) if isinstance(host, str) else host
        address = _address(named.name)
        if address is not None:
            addresses.append(ipaddress.ip_network(_checked(address, place)))
            continue
        name = plain_name(named.name)
        if name is None:
            raise UsageError(
                f"{named.name!r} is neither an address nor a host name; write networks under "
                "targets.networks, and names with other letters as xn--…",
                where=place,
            )
        own = frozenset(_own_address(text, place) for text in named.addresses)
        names[name] = (own, named.anywhere)
    return addresses, names


def _own_address(text: str, place: str) -> Address:
    address = _address(text)
    if address is None:
        raise UsageError(f"{text!r} is no address", where=f"{place}.addresses")
    return _checked(address, place)


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # An address with a zone (fe80::1%eth0) means something on one machine only.
    return None if "%" in text else address


def _checked(address: Address, place: str) -> Address:
    reason = no_host_reason(address)
    if reason:
        raise UsageError(f"{address} is {reason}", where=place)
    return address


def _networks(targets: TargetList, where: str) -> list[Network]:
    found = []
    for number, text in enumerate(targets.networks):
        place = f"{where}: targets.networks[{number}]"
        network = _network(text, place)
        if network.num_addresses > ORDINARY_NETWORK:
            raise UsageError(
                f"{network} has {network.num_addresses:,} addresses; more than "
                f"{ORDINARY_NETWORK:,} need an entry under [[targets.large]] by whoever "
                "authorised them",
                where=place,
            )
        found.append(network)
    for number, large in enumerate(targets.large):
        place = f"{where}: targets.large[{number}]"
        network = _network(large.network, place)
        if large.addresses != network.num_addresses:
            raise UsageError(
                f"{network} has {network.num_addresses:,} addresses, not {large.addresses:,}; "
                "write the number that was authorised, and the network that it fits",
                where=f"{place}.addresses",
            )
        found.append(network)
    return found


def _network(text: str, place: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise UsageError(f"{error}; write 192.0.2.0/24 or 2001:db8::/120", where=place) from error
    if network.num_addresses > LARGEST_NETWORK:
        raise UsageError(
            f"{network} is larger than anybody can authorise in one line (an IPv4 /8, an IPv6 "
            "/104); name the networks in it that were authorised",
            where=place,
        )
    for end in (network.network_address, network.broadcast_address):
        reason = no_host_reason(end)
        if reason:
            raise UsageError(f"{network} holds {end}, {reason}", where=place)
    return network


def _opt_outs(listed: OptOutList, path: Path) -> tuple[tuple[Network, ...], frozenset[str]]:
    """All opt-outs. One that cannot be understood stops the run: it may be anybody's."""
    networks: list[Network] = []
    names: set[str] = set()
    for text, place in _opt_out_texts(listed, path):
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            name = plain_name(text.removeprefix("*.").removeprefix("."))
            if name is None:
                raise UsageError(
                    f"{text!r} is no address, network or name; correct it, so that nobody is "
                    "asked who does not want to be",
                    where=place,
                ) from None
            names.add(name)
    return tuple(networks), frozenset(names)


def _opt_out_texts(listed: OptOutList, path: Path) -> Iterable[tuple[str, str]]:
    """Each entry and where it stands; a relative file lies beside the scope."""
    for number, text in enumerate(listed.entries):
        yield text.strip(), f"{path}: opt_out.entries[{number}]"
    if listed.file is None:
        return
    file = path.parent / listed.file
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file} cannot be read, so nobody is asked: {error}", where=f"{path}: opt_out.file"
        ) from error
    for line, content in enumerate(lines, start=1):
        text = content.partition("#")[0].strip()
        if text:
            yield text, f"{file}:{line}"
