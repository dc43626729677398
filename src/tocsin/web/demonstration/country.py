"""An invented country in the weeks after a fix came out: who runs what, and who sees it.

Pure: the same seed gives the same country. Nothing is read but the knowledge of builds.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import date
from enum import Enum
from random import Random
from typing import TYPE_CHECKING

from tocsin.web.demonstration.organisations import Organisation, make_organisations
from tocsin.web.demonstration.releases import Catalogue, Install, catalogue
from tocsin.web.demonstration.servers import Life, Period, absent, live

if TYPE_CHECKING:
    from collections.abc import Iterator

CVES = ("CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065")
"""What is asked; one update fixes them all, so a release is open to all of them or to none."""
_PRODUCTS = ("2013", "2016", "2019")
_START = date(2021, 3, 3)
_RENTED = ipaddress.ip_network("198.19.0.0/16")
_PROVIDERS = (("north-net.example", 64496), ("coastline.example", 64497), ("vale.test", 64498))
_UNSEEN = 0.01


class Depth(Enum):
    """How much of a build a feed shows of one host."""

    UNSEEN = "unseen"
    NOTHING = "nothing"
    THREE = "three"
    FOUR = "four"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the country is and how long it is watched."""

    organisations: int = 2000
    hosts: int = 7500
    days: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Which feeds see a host. `crawled_until` is the last day on which Shodan finds it."""

    daily: Depth = Depth.THREE
    crawled: Depth = Depth.FOUR
    scanned: Depth = Depth.UNSEEN
    crawled_until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server: what it calls itself, None where it does not tell, and what runs on it."""

    name: str | None
    life: Life


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One address and what is behind it.

    `organisation` is whose it is; `named_for` those whom its certificate or name tells, and
    `told_owner` the one whom network and names lead to, None where they lead to nobody or to
    several. `web_shell_from` is the first day on which a shell answers.
    """

    ip: str
    organisation: Organisation
    named_for: tuple[Organisation, ...]
    told_owner: Organisation | None
    hostname: str
    asn: int
    servers: tuple[Server, ...]
    sight: Sight
    web_shell_from: int | None = None
    is_decoy: bool = False

    @property
    def is_seen(self) -> bool:
        """Whether any feed ever sees it."""
        sight = self.sight
        return (sight.daily, sight.crawled, sight.scanned) != (Depth.UNSEEN,) * 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """All of it. `hosts` holds `Size.hosts` that are seen, and some that nobody sees."""

    seed: int
    size: Size
    period: Period
    organisations: tuple[Organisation, ...]
    hosts: tuple[Host, ...]


def make_country(seed: int, size: Size | None = None) -> Country:
    """The country of a seed."""
    wanted = size or Size()
    random = Random(seed)  # noqa: S311 an invented country, no secret
    period = Period(start=_START, days=wanted.days)
    known = catalogue(CVES, _PRODUCTS, period.day(wanted.days - 1))
    unseen = max(1, int(_UNSEEN * wanted.hosts))
    organisations = make_organisations(random, wanted.organisations, wanted.hosts + unseen)
    owners = [one for one in organisations for _ in range(one.hosts)]
    hidden = set(random.sample(range(len(owners)), unseen))
    addresses = _Addresses(random)
    return Country(
        seed=seed,
        size=wanted,
        period=period,
        organisations=organisations,
        hosts=tuple(
            _host(random, one, addresses, known, period, organisations, hide=at in hidden)
            for at, one in enumerate(owners)
        ),
    )


class _Addresses:
    """Gives out each address once."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._rented = iter(random.sample(range(1, _RENTED.num_addresses - 1), 20_000))
        self._own: dict[str, Iterator[int]] = {}

    def rented(self) -> str:
        """One of a provider."""
        return str(_RENTED[next(self._rented)])

    def own(self, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
        """One of an organisation's own network."""
        room = min(network.num_addresses - 1, 1000)
        fresh = iter(self._random.sample(range(1, room), room - 1))
        return str(network[next(self._own.setdefault(str(network), fresh))])


def _host(
    random: Random,
    owner: Organisation,
    addresses: _Addresses,
    known: Catalogue,
    period: Period,
    everybody: tuple[Organisation, ...],
    *,
    hide: bool,
) -> Host:
    provider, provider_asn = random.choice(_PROVIDERS)
    asn = owner.asn or provider_asn
    sight = Sight(daily=Depth.UNSEEN, crawled=Depth.UNSEEN) if hide else _sight(random)
    named_for: tuple[Organisation, ...] = (owner,)
    told: Organisation | None = owner
    if owner.network6 is not None and random.random() < 0.15:
        ip = addresses.own(owner.network6)
        # Only the crawler looks at IPv6 here.
        sight = sight if hide else Sight(daily=Depth.UNSEEN)
    elif owner.network is not None:
        ip = addresses.own(owner.network)
        if random.random() < 0.3:
            named_for = ()
    else:
        ip, asn = addresses.rented(), provider_asn
        thrown = random.random()
        if thrown < 0.06:
            named_for, told = (), None
        elif thrown < 0.12:
            other = random.choice([one for one in everybody if one is not owner])
            named_for, told = (owner, other), None
            sight = sight if hide else Sight(daily=Depth.THREE, crawled=Depth.FOUR)
    name = f"mail.{owner.domain}" if named_for == (owner,) else _made_up(ip, provider)
    servers, sight = _servers(random, known, period, sight)
    is_decoy = len(servers) == 1 and sight == Sight() and random.random() < 0.012
    if is_decoy:
        servers = (Server(name=None, life=(known.invented,) * period.days),)
    return Host(
        ip=ip,
        organisation=owner,
        named_for=named_for,
        told_owner=told,
        hostname=name,
        asn=asn,
        servers=servers,
        sight=sight,
        web_shell_from=_web_shell(random, servers, period) if _is_daily(sight) else None,
        is_decoy=is_decoy,
    )


def _made_up(ip: str, provider: str) -> str:
    """A reverse name that nobody chose."""
    return f"static-{ip.replace('.', '-').replace(':', '-')}.{provider}"


def _sight(random: Random) -> Sight:
    """Who sees a host: each feed misses some, for good or from some day on."""
    thrown = random.random()
    scanned = random.choices((Depth.UNSEEN, Depth.THREE, Depth.FOUR), (0.7, 0.15, 0.15))[0]
    if thrown < 0.64:
        return Sight(scanned=scanned)
    if thrown < 0.70:
        return Sight(daily=Depth.UNSEEN)
    if thrown < 0.75:
        return Sight(crawled_until=random.choice((0, 3)))
    if thrown < 0.78:
        return Sight(daily=Depth.NOTHING, crawled=Depth.UNSEEN)
    return Sight(crawled=Depth.UNSEEN, scanned=scanned)


def _is_daily(sight: Sight) -> bool:
    return sight.daily is not Depth.UNSEEN


def _servers(
    random: Random, known: Catalogue, period: Period, sight: Sight
) -> tuple[tuple[Server, ...], Sight]:
    """One server, or two behind one address; some are switched off, for good or for some days."""
    life = live(random, known, period)
    thrown = random.random()
    if thrown < 0.03 and sight == Sight():
        names = ("EXCH-A", "EXCH-B")
        lives = (life, live(random, known, period))
        return tuple(
            Server(name=name, life=one) for name, one in zip(names, lives, strict=True)
        ), (sight)
    steady = not _is_daily(sight) or sight.crawled_until is not None
    if not steady and period.days > 4:
        life = _switched_off(random, life, period.days)
    name = f"EXCH{random.randrange(1, 100):02}" if random.random() < 0.85 else None
    return (Server(name=name, life=life),), sight


def _switched_off(random: Random, life: Life, days: int) -> Life:
    thrown = random.random()
    if thrown < 0.04:
        return absent(life, range(random.randrange(1, days), days))
    if thrown < 0.06:
        begin = random.randrange(1, days - 3)
        return absent(life, range(begin, min(begin + random.choice((2, 3, 4)), days - 1)))
    if thrown < 0.10:
        return absent(life, range(random.randrange(1, days)))
    return life


def _web_shell(random: Random, servers: tuple[Server, ...], period: Period) -> int | None:
    """Some of those that were open had visitors."""
    first: Install | None = next((one for one in servers[0].life if one is not None), None)
    if first is None or not first.is_open or random.random() > 0.03:
        return None
    return random.randrange(period.days)
