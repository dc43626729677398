"""Who works at an organisation that never was, and what is usual for each of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

from tocsin.samples.mail.addresses import Addresses
from tocsin.samples.mail.chance import Chance
from tocsin.samples.mail.wording import local_part, stranger, words

STARTS = (
    datetime(2021, 2, 8, tzinfo=UTC),
    datetime(2021, 1, 18, tzinfo=UTC),
    datetime(2020, 12, 1, tzinfo=UTC),
    datetime(2022, 9, 12, tzinfo=UTC),
)
"""The first days of the logs. December is there for its greetings and its holidays."""
KEPT_DAYS = 30
"""How long Exchange keeps message-tracking logs unless told otherwise.

Source: Microsoft, "Configure message tracking", MessageTrackingLogMaxAge, 2021.
"""
DAY_MS = 86_400_000
THREADS = 60
"""How many threads a person remembers."""


class Role(Enum):
    """What somebody, or something, writes mail for."""

    EMPLOYEE = "employee"
    PART_TIME = "part time"
    ASSISTANT = "assistant"
    SALES = "sales"
    DIRECTOR = "writes to all"
    ACCOUNTS = "accounts"
    SHARED = "shared mailbox"
    NEWSLETTER = "newsletter"
    TICKETS = "ticket system"


MACHINES = (Role.NEWSLETTER, Role.TICKETS)
"""Mailboxes behind which no one sits."""
OFFICES = (
    (Role.DIRECTOR, 150),
    (Role.ACCOUNTS, 60),
    (Role.SHARED, 25),
    (Role.NEWSLETTER, 150),
    (Role.TICKETS, 150),
    (Role.ASSISTANT, 20),
    (Role.SALES, 12),
    (Role.PART_TIME, 9),
)
"""One mailbox of so many has this role, and at least one where there are 30 mailboxes or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which organisation: the same settings give the same bytes.

    `silent` says whether subjects are logged, where that shall not be left to chance: nothing
    else changes with it.
    """

    seed: int
    mailboxes: int = 120
    days: int = KEPT_DAYS
    attacks: int = 6
    silent: bool | None = None

    @property
    def reporting(self) -> bool:
        """Whether it belongs to the half that thresholds must never be chosen from."""
        return self.seed % 2 == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Days (first and last, both counted) away from the office. `shift` is in hours."""

    first: int
    last: int
    travels: bool
    shift: int = 0
    announced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What is usual for one mailbox. Hours are local; `rate` is messages on a working day."""

    begins: float
    hours: float
    weekdays: frozenset[int]
    rate: float
    replies: float
    evening: float
    weekend: float
    home_days: frozenset[int]
    phone: float
    phone_since: int
    webmail: float
    size: int


@dataclass(slots=True, kw_only=True)
class Person:
    """One mailbox with its owner. `threads` and `told` change as mail goes back and forth."""

    number: int
    address: str
    role: Role
    habits: Habits
    inside: tuple[int, ...]
    outside: tuple[str, ...]
    first_day: int
    stays: tuple[Stay, ...]
    threads: deque[tuple[str, tuple[str, ...]]] = field(
        default_factory=lambda: deque(maxlen=THREADS)
    )
    told: set[tuple[int, str]] = field(default_factory=set)

    def stay(self, day: int) -> Stay | None:
        """Where the person is on this day, if not at work."""
        return next((one for one in self.stays if one.first <= day <= one.last), None)


@dataclass(slots=True, kw_only=True)
class Organisation:
    """An organisation. `masked`: a load balancer hides all clients' addresses.

    `silent`: subjects are not logged. On the day `moved` (if any) all mailboxes moved to another
    server. `offset` is local time minus UTC, in hours.
    """

    settings: Settings
    domain: str
    start: datetime
    offset: int
    people: list[Person]
    lists: dict[str, tuple[str, ...]]
    addresses: Addresses
    masked: bool
    silent: bool
    moved: int | None
    holidays: frozenset[int]

    def day_ms(self, day: int) -> int:
        """When the day begins at the organisation, in milliseconds from 1970 (UTC)."""
        begun = int(self.start.timestamp()) * 1000
        return begun + day * DAY_MS - self.offset * 3_600_000

    def weekday(self, day: int) -> int:
        """0 is a Monday."""
        return (self.start + timedelta(days=day)).weekday()

    def ends_month(self, day: int) -> bool:
        """Whether the day is the last weekday of a month, or the one before it."""
        month = (self.start + timedelta(days=day)).month
        left = [
            later
            for later in range(day + 1, day + 4)
            if self.weekday(later) < 5 and (self.start + timedelta(days=later)).month == month
        ]
        return self.weekday(day) < 5 and len(left) <= 1


def found(settings: Settings) -> Organisation:
    """Draw an organisation from its seed."""
    chance = Chance(f"organisation/{settings.seed}")
    domain = f"{chance.pick(words().company)}-{settings.seed}.example"
    start = STARTS[settings.seed // 2 % len(STARTS)]
    roles = _roles(settings.mailboxes, chance)
    people = [_person(number, role, domain, settings, chance) for number, role in enumerate(roles)]
    every = tuple(one.address for one in people if one.role not in MACHINES)
    teams = range(1, 2 + settings.mailboxes // 15)
    lists = {f"team{team}@{domain}": tuple(chance.some(every, 12)) for team in teams}
    offset = chance.pick((0, 1, 1, 2, -5, 8))
    masked, silent = chance.yes(0.15), chance.yes(0.1)
    return Organisation(
        settings=settings,
        domain=domain,
        start=start,
        offset=offset,
        people=people,
        lists=lists | {f"all@{domain}": every},
        addresses=Addresses(settings.seed),
        masked=masked,
        silent=silent if settings.silent is None else settings.silent,
        moved=chance.number(4, settings.days - 1) if chance.yes(0.3) else None,
        holidays=_holidays(start, settings.days, chance),
    )


def _roles(mailboxes: int, chance: Chance) -> list[Role]:
    roles = [Role.EMPLOYEE] * mailboxes
    places = chance.some(range(mailboxes), mailboxes)
    for role, of in OFFICES:
        least = 1 if mailboxes >= 30 else 0
        for _ in range(max(least, round(mailboxes / of))):
            roles[places.pop()] = role
    return roles


def _person(number: int, role: Role, domain: str, settings: Settings, chance: Chance) -> Person:
    name = local_part(number)
    if role in {Role.ACCOUNTS, Role.SHARED, *MACHINES}:
        name = f"{role.value.split(' ')[0]}{number}"
    wide = 3 if role in {Role.SALES, Role.ACCOUNTS, Role.SHARED, Role.ASSISTANT} else 1
    colleagues = chance.some(range(settings.mailboxes), chance.number(6, 35))
    customers = chance.number(150, 700) if role is Role.NEWSLETTER else 0
    return Person(
        number=number,
        address=f"{name}@{domain}",
        role=role,
        habits=_habits(role, settings.days, chance),
        inside=tuple(one for one in colleagues if one != number),
        outside=tuple(stranger(chance) for _ in range(customers or chance.number(6, 50) * wide)),
        # One in forty is new here, and begins within the logs.
        first_day=chance.number(1, settings.days - 1) if chance.yes(1 / 40) else 0,
        stays=() if role in MACHINES else _stays(settings.days, chance),
    )


def _habits(role: Role, days: int, chance: Chance) -> Habits:
    usual = {Role.SHARED: 25.0, Role.TICKETS: 45.0, Role.NEWSLETTER: 0.0, Role.SALES: 13.0}
    rate = usual[role] if role in usual else min(60.0, chance.around(7.0, 0.75))
    weekdays = list(range(5))
    if role is Role.PART_TIME:
        weekdays = chance.some(weekdays, chance.number(2, 3))
        rate *= 0.7
    return Habits(
        begins=chance.between(6.5, 9.5),
        hours=chance.between(4, 6) if role is Role.PART_TIME else chance.between(7.5, 10),
        weekdays=frozenset(range(7) if role is Role.TICKETS else weekdays),
        rate=rate,
        replies=chance.between(0.35, 0.7),
        evening=chance.between(0.05, 0.3) if chance.yes(0.25) else 0.01,
        weekend=chance.between(0.05, 0.4) if chance.yes(0.15) else 0.01,
        home_days=frozenset(chance.some(range(5), chance.pick((0, 0, 0, 1, 2, 5)))),
        phone=chance.between(0.05, 0.4) if chance.yes(0.5) else 0.0,
        phone_since=chance.number(0, days - 1) if chance.yes(0.1) else 0,
        webmail=chance.between(0.05, 0.6) if chance.yes(0.35) else 0.02,
        size=int(chance.around(30_000, 0.7)),
    )


def _stays(days: int, chance: Chance) -> tuple[Stay, ...]:
    """Holidays, sick days and journeys; no more than two, so that they seldom meet."""
    stays = []
    for _ in range(chance.count(0.55)):
        travels = chance.yes(0.35)
        first = chance.number(0, days - 1)
        length = chance.number(1, 5) if travels else chance.pick((1, 1, 2, 3, 5, 7, 12, 14))
        shift = chance.pick((0, 0, 0, 1, -1, -6, 7)) if travels else 0
        announced = not travels and chance.yes(0.7)
        stays.append(
            Stay(
                first=first,
                last=first + length - 1,
                travels=travels,
                shift=shift,
                announced=announced,
            )
        )
    return tuple(stays[:2])


def _holidays(start: datetime, days: int, chance: Chance) -> frozenset[int]:
    """Days on which the organisation is closed: at the end of December, else one at most."""
    closed = {
        day
        for day in range(days)
        if (on := start + timedelta(days=day)).month == 12 and on.day in {24, 25, 26, 31}
    }
    if not closed and chance.yes(0.5):
        closed = {chance.number(0, days - 1)}
    return frozenset(closed)
