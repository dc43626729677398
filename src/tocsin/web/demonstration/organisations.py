"""The organisations of an invented country, with what is theirs.

All names end in ``.example`` or ``.test`` (RFC 2606), addresses lie in 198.18.0.0/15 (RFC 2544)
and 2001:db8::/32 (RFC 3849), networks are private or reserved for documentation (RFC 5398, 6996),
telephone numbers are those that Ofcom keeps free for drama.
"""

from __future__ import annotations

import csv
import io
import ipaddress
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

COUNTRY = "XN"
"""A code that ISO 3166 leaves to users."""
REGIONS = ("Fenmark", "Highmoor", "Kestrel Coast", "Lakeside", "North Vale", "Oldport", "Saltmere")
_FIRST = (
    *("Alder", "Amber", "Ash", "Birch", "Bright", "Clear", "Cold", "Elder", "Fair", "Falcon"),
    *("Glen", "Green", "Hazel", "Heron", "King", "Lark", "Long", "Maple", "Mill", "North"),
    *("Oak", "Raven", "Red", "Silver", "Stone", "Thorn", "West", "White", "Willow", "Winter"),
)
_SECOND = (
    *("bridge", "brook", "bury", "cross", "dale", "field", "ford", "gate", "ham", "haven"),
    *("hill", "hurst", "leigh", "mere", "mouth", "stead", "ton", "wick", "wood", "worth"),
)
_KINDS = (
    ("Public administration", ("Town Council", "District Office", "Harbour Authority")),
    ("Health", ("Hospital", "Clinic", "Dental Group")),
    ("Education", ("School", "College", "University")),
    ("Energy", ("Power", "Gas Supply")),
    ("Water", ("Waterworks",)),
    ("Transport", ("Buses", "Freight")),
    ("Finance", ("Savings Bank", "Insurance")),
    ("Manufacturing", ("Tools", "Castings", "Paper Mill")),
    ("Retail", ("Stores", "Bakery")),
    ("Legal services", ("Solicitors", "Notaries")),
)
_LANGUAGES = ("en", "en", "en", "de", "fr", "nl")
_COLUMNS = (
    *("organisation", "sector", "country", "region", "networks", "domains", "asns", "contacts"),
    "language",
)
_OWN = ipaddress.ip_network("198.18.0.0/16")
_OWN6 = ipaddress.ip_network("2001:db8::/32")
_SMALLEST = 16
_FIRST_ASN = 64512
_FIRST_DRAMA = 960_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """One organisation; `hosts` is how many servers it really has.

    `network` and `network6` are its own, None where it rents all addresses. `asn` is its own.
    """

    name: str
    sector: str
    region: str
    language: str
    domain: str
    hosts: int
    network: ipaddress.IPv4Network | None
    network6: ipaddress.IPv6Network | None
    asn: int | None
    contacts: tuple[str, ...]


def make_organisations(random: Random, count: int, hosts: int) -> tuple[Organisation, ...]:
    """`count` of them, which have `hosts` servers together: most have few, and few have many."""
    names = _names(random, count)
    shares = _shares(random, count, hosts)
    space = int(_OWN.network_address)
    found = []
    for at, ((place, kind, sector), share) in enumerate(zip(names, shares, strict=True)):
        name = f"{place} {kind}"
        domain = f"{name.lower().replace(' ', '-')}.{random.choice(('example', 'test'))}"
        network = None
        if random.random() < 0.7:
            size = max(_SMALLEST, 1 << (share + 2).bit_length())
            space = -(-space // size) * size
            network = ipaddress.IPv4Network((space, 33 - size.bit_length()))
            space += size
        network6 = ipaddress.IPv6Network((int(_OWN6.network_address) + (at << 80), 48))
        found.append(
            Organisation(
                name=name,
                sector=sector,
                region=random.choice(REGIONS),
                language=random.choice(_LANGUAGES),
                domain=domain,
                hosts=share,
                network=network,
                network6=network6 if network is not None and at % 4 == 0 else None,
                asn=_FIRST_ASN + at // 25 if network is not None and at % 25 == 0 else None,
                contacts=_contacts(at, domain),
            )
        )
    if space > int(_OWN.broadcast_address) + 1:
        raise ValueError(f"{count} organisations do not fit into {_OWN}")
    return tuple(found)


def as_list(organisations: Iterable[Organisation]) -> bytes:
    """The list as a CSIRT keeps it: a CSV file that `tocsin.campaign.constituency` reads."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for one in organisations:
        rows.writerow(
            (
                *(one.name, one.sector, COUNTRY, one.region),
                " ".join(str(net) for net in (one.network, one.network6) if net is not None),
                one.domain,
                f"AS{one.asn}" if one.asn is not None else "",
                " ".join(one.contacts),
                one.language,
            )
        )
    return text.getvalue().encode()


def _names(random: Random, count: int) -> list[tuple[str, str, str]]:
    """Different names, spread over all sectors."""
    places = [f"{first}{second}" for first, second in product(_FIRST, _SECOND)]
    every = [
        (place, kind, sector) for sector, kinds in _KINDS for kind in kinds for place in places
    ]
    return random.sample(every, count)


def _shares(random: Random, count: int, hosts: int) -> list[int]:
    """How many servers each has: a tenth has none, as far as that works out."""
    wanted = [0.0 if random.random() < 0.1 else random.paretovariate(1.3) for _ in range(count)]
    wanted = [min(one, 12.0) for one in wanted]
    total = sum(wanted)
    shares = [int(one * hosts / total) for one in wanted]
    left = hosts - sum(shares)
    having = [at for at, one in enumerate(wanted) if one]
    for at in random.choices(having, k=left):
        shares[at] += 1
    return shares


def _contacts(at: int, domain: str) -> tuple[str, ...]:
    return tuple(_reached(at, domain))


def _reached(at: int, domain: str) -> Iterator[str]:
    yield f"security@{domain}"
    if at % 3 == 0:
        yield f"it-helpdesk@{domain}"
    if at % 5 == 0:
        yield f"tel:+441632{_FIRST_DRAMA + at % 1000}"
