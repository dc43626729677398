"""What people write on an ordinary day, and what reaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.samples.mail.addresses import APPLICATIONS, written_from
from tocsin.samples.mail.message import Entry, Message
from tocsin.samples.mail.organisation import MACHINES, Role
from tocsin.samples.mail.wording import stranger, subject, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.samples.mail.chance import Chance
    from tocsin.samples.mail.organisation import Organisation, Person, Stay

HOUR_MS = 3_600_000
_BACKLOG = 2.5
"""How much more somebody writes on the day after a holiday."""


def sending_times(
    organisation: Organisation, person: Person, day: int, chance: Chance
) -> Iterator[int]:
    """When the person writes on this day, in milliseconds from 1970; in no order."""
    habits, stay = person.habits, person.stay(day)
    rate = _rate(organisation, person, day, stay)
    shift = stay.shift if stay else 0
    begun = organisation.day_ms(day)
    for _ in range(chance.count(rate)):
        if person.role in MACHINES:
            hour = chance.between(0, 24)
        elif chance.yes(habits.evening):
            hour = chance.between(19, 23.5)
        else:
            hour = habits.begins + chance.share() * habits.hours
        yield begun + int((hour - shift) * HOUR_MS)


def incoming_times(
    organisation: Organisation, person: Person, day: int, chance: Chance
) -> Iterator[int]:
    """When mail from elsewhere reaches the person on this day."""
    if day < person.first_day or person.role is Role.NEWSLETTER:
        return
    working = organisation.weekday(day) < 5
    mean = person.habits.rate * (1.2 if working else 0.25) + 1.5
    begun = organisation.day_ms(day)
    for _ in range(chance.count(mean)):
        hour = chance.between(7, 19) if chance.yes(0.8) else chance.between(0, 24)
        yield begun + int(hour * HOUR_MS)


def written(organisation: Organisation, person: Person, at_ms: int, chance: Chance) -> Message:
    """One message that the person writes: an answer, a meeting, or something new."""
    day, hour = local(organisation, at_ms)
    about, others = _about(person, chance)
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()
    message_class = "IPM.Note"
    if not others:
        others, lists, message_class = _receivers(organisation, person, chance)
    if person.role is Role.TICKETS:
        client, address = "WebServices", APPLICATIONS
        about = about if "[Ticket#" in about else f"[Ticket#{at_ms % 10**7}] {about}"
    else:
        client, address = written_from(organisation, person, day, hour, chance)
    return Message(
        at_ms=at_ms,
        entry=Entry.MAILBOX,
        sender=person.address,
        recipients=others,
        subject=about,
        size=size(person, chance),
        address=address,
        client=client,
        message_class=message_class,
        lists=lists,
        dead=dead_of(organisation, others, 0.006, chance),
    )


def incoming(person: Person, at_ms: int, chance: Chance) -> Message:
    """One message from elsewhere: a correspondent, a list, or somebody unknown."""
    kind = chance.share()
    if kind < 0.5 and person.outside:
        sender = chance.first(person.outside)
    elif kind < 0.75:
        sender = f"news@{chance.pick(words().company)}1.example"
    else:
        sender = stranger(chance)
    about = subject(chance)
    if person.threads and kind < 0.3:
        about, _ = chance.pick(tuple(person.threads)[-8:])
        about = reply_to(about)
    if kind < 0.5:
        person.threads.append((about, (sender,)))
    domain = sender.partition("@")[2]
    return Message(
        at_ms=at_ms,
        entry=Entry.OUTSIDE,
        sender=sender,
        recipients=(person.address,),
        subject=about,
        size=int(chance.around(25_000, 0.9)),
        address=f"198.51.100.{sum(domain.encode()) % 250 + 2}",
    )


def dead_of(
    organisation: Organisation, recipients: tuple[str, ...], share: float, chance: Chance
) -> tuple[str, ...]:
    """The recipients elsewhere who are no longer there."""
    here = f"@{organisation.domain}"
    return tuple(one for one in recipients if not one.endswith(here) and chance.yes(share))


def local(organisation: Organisation, at_ms: int) -> tuple[int, float]:
    """The day (from 0) and the hour at the organisation."""
    passed = at_ms - organisation.day_ms(0)
    return passed // 86_400_000, passed % 86_400_000 / HOUR_MS


def reply_to(about: str) -> str:
    """The subject of an answer."""
    return about if about[:4] == "RE: " else f"RE: {about}"


def size(person: Person, chance: Chance) -> int:
    """Bytes of a message; one in seven has an attachment."""
    plain = int(chance.around(person.habits.size, 0.5)) + 3000
    return plain + (int(chance.around(350_000, 1.1)) if chance.yes(1 / 7) else 0)


def _rate(organisation: Organisation, person: Person, day: int, stay: Stay | None) -> float:
    """How many messages the person writes on this day, on average."""
    habits = person.habits
    if day < person.first_day:
        return 0.0
    if stay and not stay.travels:
        return habits.rate * 0.03
    if organisation.weekday(day) not in habits.weekdays or day in organisation.holidays:
        return habits.rate * habits.weekend
    if day and (before := person.stay(day - 1)) and not before.travels and before.last > 2:
        return habits.rate * _BACKLOG
    return habits.rate * (1.3 if organisation.weekday(day) in {0, 3} else 0.9)


def _about(person: Person, chance: Chance) -> tuple[str, tuple[str, ...]]:
    """A subject, and the correspondents where it is an answer."""
    draw = chance.share()
    if person.threads and draw < person.habits.replies:
        # Mostly the newest; now and then one from long ago.
        recent = tuple(person.threads)[-12:] if chance.yes(0.9) else tuple(person.threads)
        about, others = chance.pick(recent)
        return reply_to(about), others
    if person.threads and draw > 0.93:
        about, _ = chance.pick(tuple(person.threads))
        return f"FW: {about}", ()
    return subject(chance), ()


def _receivers(
    organisation: Organisation, person: Person, chance: Chance
) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...], str]:
    """Whom something new goes to; the lists among them; and the class of the message."""
    draw = chance.share()
    colleagues = [organisation.people[one].address for one in person.inside]
    if draw < 0.04:
        team = chance.pick([one for one in organisation.lists if one.startswith("team")])
        return (team,), ((team, organisation.lists[team]),), "IPM.Note"
    busy = person.role is Role.ASSISTANT
    if draw < (0.35 if busy else 0.09):
        guests = chance.some(colleagues, chance.number(2, 20 if busy else 8))
        return tuple(guests or colleagues[:1]), (), "IPM.Schedule.Meeting.Request"
    if draw < 0.13:
        return (stranger(chance),), (), "IPM.Note"
    known = person.outside if chance.yes(0.5) and person.outside else colleagues
    several = chance.number(2, 5) if chance.yes(0.2) else 1
    chosen = dict.fromkeys(chance.first(known or person.outside) for _ in range(several))
    return tuple(chosen), (), "IPM.Note"
