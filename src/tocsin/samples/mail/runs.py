"""What honest people and machines send to many: the noise that an alarm must live with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.samples.mail.addresses import APPLICATIONS, written_at_computer, written_from
from tocsin.samples.mail.everyday import HOUR_MS, dead_of, local, reply_to, size
from tocsin.samples.mail.message import Entry, Message
from tocsin.samples.mail.organisation import MACHINES, Role
from tocsin.samples.mail.wording import subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.samples.mail.chance import Chance
    from tocsin.samples.mail.organisation import Organisation, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Messages that belong together. `times_ms` is in order; the n-th message goes to `to[n]`.

    `client` and `address` are what the person would use at that hour where they are empty.
    `subjects` has one subject for each message, or one for all.
    """

    label: str
    person: Person
    times_ms: tuple[int, ...]
    to: tuple[tuple[str, ...], ...]
    subjects: tuple[str, ...]
    size: int
    client: str = ""
    address: str = ""
    bounces: float = 0.01
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()


def message_of(organisation: Organisation, run: Run, place: int, chance: Chance) -> Message:
    """The message at this place of a run."""
    day, hour = local(organisation, run.times_ms[place])
    # Nobody sends to many from a telephone.
    many = len(run.to) > 20 or run.client
    source = written_at_computer if many else written_from
    client, address = source(organisation, run.person, day, hour, chance)
    to = run.to[place]
    return Message(
        at_ms=run.times_ms[place],
        entry=Entry.MAILBOX,
        sender=run.person.address,
        recipients=to,
        subject=run.subjects[place % len(run.subjects)],
        size=int(run.size * chance.between(0.98, 1.03)),
        address=run.address or address,
        client=run.client or client,
        lists=run.lists,
        dead=dead_of(organisation, to, run.bounces, chance),
        label=run.label,
    )


def honest_runs(organisation: Organisation, day: int, chance: Chance) -> Iterator[Run]:
    """All runs that begin on this day."""
    working = organisation.weekday(day) < 5 and day not in organisation.holidays
    for person in organisation.people:
        stay = person.stay(day)
        if day < person.first_day or (stay and not stay.travels):
            continue
        if working:
            yield from _by_role(organisation, person, day, chance)
        if person.role not in MACHINES:
            yield from _by_anybody(organisation, person, day, chance, working=working)


def _by_role(
    organisation: Organisation, person: Person, day: int, chance: Chance
) -> Iterator[Run]:
    if person.role is Role.NEWSLETTER and organisation.weekday(day) == person.number % 5:
        yield _newsletter(organisation, person, day, chance)
    if person.role is Role.ACCOUNTS and organisation.ends_month(day):
        yield _invoices(organisation, person, day, chance)
    if person.role is Role.SALES and chance.yes(0.12):
        yield _campaign(organisation, person, day, chance)
    if person.role is Role.DIRECTOR and chance.yes(1 / 25):
        yield _to_all(organisation, person, day, chance)


def _by_anybody(
    organisation: Organisation, person: Person, day: int, chance: Chance, *, working: bool
) -> Iterator[Run]:
    month = organisation.start.month
    if working and day == person.first_day > 0:
        yield _to_many(organisation, person, day, chance, "introduction", outside=0.3)
    if chance.yes(1 / 1200):
        yield _to_many(organisation, person, day, chance, "farewell or new number", outside=0.7)
    if month == 12 and 9 < day < 23 and chance.yes(1 / 90):
        yield _to_many(organisation, person, day, chance, "greetings", outside=0.8)
    if working and chance.yes(1 / 1500):
        yield _to_many(organisation, person, day, chance, "invitation", outside=0.4)
    if chance.yes(1 / 1000):
        yield _late(organisation, person, day, chance)


def _newsletter(organisation: Organisation, person: Person, day: int, chance: Chance) -> Run:
    batches = [person.outside[at : at + 25] for at in range(0, len(person.outside), 25)]
    return Run(
        label="newsletter",
        person=person,
        times_ms=_spread(organisation, day, chance.between(9, 15), len(batches), 20, chance),
        to=tuple(batches),
        subjects=(f"News of week {day // 7 + 1}",),
        size=chance.number(60_000, 400_000),
        client="WebServices",
        address=APPLICATIONS,
        bounces=0.02,
    )


def _invoices(organisation: Organisation, person: Person, day: int, chance: Chance) -> Run:
    count = chance.number(30, max(31, min(150, len(person.outside))))
    to = [(one,) for one in chance.some(person.outside, count)]
    number = chance.number(10_000, 90_000)
    by_program = person.number % 2 == 0
    return Run(
        label="invoices",
        person=person,
        times_ms=_spread(organisation, day, chance.between(8, 15), len(to), 160, chance),
        to=tuple(to),
        subjects=tuple(f"Invoice {number + place}" for place in range(len(to))),
        size=chance.number(70_000, 120_000),
        client="WebServices" if by_program else "MOMT",
        address=APPLICATIONS if by_program else "",
    )


def _campaign(organisation: Organisation, person: Person, day: int, chance: Chance) -> Run:
    """A mail merge from the desk, or from the program that sales work with."""
    to = [(one,) for one in chance.some(person.outside, chance.number(15, 80))]
    by_program = chance.yes(0.3)
    return Run(
        label="sales campaign",
        person=person,
        times_ms=_spread(organisation, day, chance.between(8, 16), len(to), 30, chance),
        to=tuple(to),
        subjects=(subject(chance),),
        size=size(person, chance),
        client="WebServices" if by_program else "MOMT",
        address=APPLICATIONS if by_program else "",
        bounces=0.03,
    )


def _to_all(organisation: Organisation, person: Person, day: int, chance: Chance) -> Run:
    """To everybody: the list, or all of them in one message."""
    whole = f"all@{organisation.domain}"
    by_list = chance.yes(0.6)
    return Run(
        label="to all",
        person=person,
        times_ms=_spread(organisation, day, chance.between(8, 18), 1, 1, chance),
        to=((whole,) if by_list else organisation.lists[whole],),
        subjects=("To all of us",),
        size=size(person, chance),
        lists=((whole, organisation.lists[whole]),) if by_list else (),
    )


def _to_many(
    organisation: Organisation,
    person: Person,
    day: int,
    chance: Chance,
    label: str,
    *,
    outside: float,
) -> Run:
    """One subject to many that one knows; at once, or to each alone; some of it in the evening."""
    colleagues = [organisation.people[one].address for one in person.inside]
    some = chance.some(person.outside, round(len(person.outside) * outside)) + colleagues
    some = chance.some(some, chance.number(15, 90))
    alone = chance.yes(0.35)
    to = [(one,) for one in some] if alone else [tuple(some)]
    hour = chance.between(18, 23) if chance.yes(0.25) else chance.between(8, 17)
    return Run(
        label=label,
        person=person,
        times_ms=_spread(organisation, day, hour, len(to), 60, chance),
        to=tuple(to),
        subjects=(f"{label.capitalize()} - {subject(chance)}",),
        size=size(person, chance),
        bounces=0.04,
    )


def _late(organisation: Organisation, person: Person, day: int, chance: Chance) -> Run:
    """A deadline: half the night at home, with answers in many threads."""
    threads = chance.some(tuple(person.threads), chance.number(6, 22))
    return Run(
        label="deadline",
        person=person,
        times_ms=_spread(organisation, day, chance.between(21, 23.9), len(threads), 180, chance),
        to=tuple(others for _, others in threads),
        subjects=tuple(reply_to(about) for about, _ in threads) or ("",),
        size=size(person, chance),
    )


def _spread(
    organisation: Organisation,
    day: int,
    hour: float,
    count: int,
    minutes: float,
    chance: Chance,
) -> tuple[int, ...]:
    begun = organisation.day_ms(day) + int(hour * HOUR_MS)
    return times_within(begun, count, minutes, chance)


def times_within(begun_ms: int, count: int, minutes: float, chance: Chance) -> tuple[int, ...]:
    """`count` times within so many minutes from `begun_ms` on, in order."""
    return tuple(sorted(begun_ms + int(chance.share() * minutes * 60_000) for _ in range(count)))
