"""Mail that the owner of a mailbox did not write: three rates, and how it is done.

Nothing of it can be sent: it is rows of logs. Subjects are harmless words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from tocsin.samples.mail.addresses import BALANCER
from tocsin.samples.mail.chance import Chance
from tocsin.samples.mail.everyday import HOUR_MS, reply_to
from tocsin.samples.mail.organisation import MACHINES
from tocsin.samples.mail.runs import Run, times_within
from tocsin.samples.mail.wording import subject, words

if TYPE_CHECKING:
    from tocsin.samples.mail.organisation import Organisation, Person


class Rate(Enum):
    """How fast."""

    LOUD = "loud"
    PATIENT = "patient"
    TEN = "ten"


class Lure(Enum):
    """What is written to whom."""

    THREADS = "answers in old threads"
    ONE_SUBJECT = "one subject to many correspondents"
    COLLEAGUES = "one subject to colleagues"


class Way(Enum):
    """Through what it is sent, and from where."""

    EWS_ATTACKER = "EWS from the attacker's address"
    OWA_HOSTING = "OWA from a rented server"
    OWA_HOME = "OWA from a line at somebody's home"
    SERVER = "EWS from the server itself"


FIRST_DAY = 8
"""No attack begins before, so that there are some days to compare it with."""
_OLD_DEAD = (0.0, 0.02, 0.08)
"""The share of recipients who are no longer there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack on one mailbox, from the first message to the last."""

    number: int
    person: Person
    rate: Rate
    lure: Lure
    way: Way
    night: bool
    day: int

    @property
    def label(self) -> str:
        """How its messages are marked in the truth."""
        return f"attack {self.number}"


def attacks_on(organisation: Organisation) -> tuple[Attack, ...]:
    """The attacks, each on another mailbox with an owner; the rates in turn."""
    settings = organisation.settings
    chance = Chance(f"attacks/{settings.seed}")
    owned = [one for one in organisation.people if one.role not in MACHINES]
    last = max(FIRST_DAY, settings.days - 2)
    return tuple(
        Attack(
            number=number,
            person=person,
            rate=tuple(Rate)[number % len(Rate)],
            lure=chance.pick(tuple(Lure)) if chance.yes(0.5) else Lure.THREADS,
            way=chance.pick(tuple(Way)),
            night=chance.yes(0.5),
            day=chance.number(FIRST_DAY, last),
        )
        for number, person in enumerate(chance.some(owned, settings.attacks))
    )


def runs_of(organisation: Organisation, attack: Attack, day: int, chance: Chance) -> list[Run]:
    """What is sent on this day; made when the day comes, since threads grow until then."""
    if not attack.day <= day <= attack.day + _days(attack) - 1:
        return []
    to, subjects = _what(organisation, attack, chance)
    if not to:
        return []
    hour = chance.between(0.5, 4.5) if attack.night else chance.between(9, 15)
    begun = organisation.day_ms(day) + int(hour * HOUR_MS)
    client, address = whence(organisation, attack)
    return [
        Run(
            label=attack.label,
            person=attack.person,
            times_ms=times_within(begun, len(to), _minutes(attack, chance), chance),
            to=tuple(to),
            subjects=tuple(subjects),
            size=chance.number(9_000, 60_000),
            client=client,
            address=address,
            bounces=chance.pick(_OLD_DEAD),
        )
    ]


def _days(attack: Attack) -> int:
    return 3 + attack.person.number % 7 if attack.rate is Rate.PATIENT else 1


def _minutes(attack: Attack, chance: Chance) -> float:
    if attack.rate is Rate.LOUD:
        return chance.between(4, 25)
    return chance.between(60, 300) if attack.rate is Rate.PATIENT else chance.between(10, 120)


def _what(
    organisation: Organisation, attack: Attack, chance: Chance
) -> tuple[list[tuple[str, ...]], list[str]]:
    """The recipients of each message, and the subjects."""
    person = attack.person
    colleagues = [organisation.people[one].address for one in person.inside]
    wanted = {
        Rate.LOUD: chance.number(120, 500),
        Rate.PATIENT: chance.number(12, 40),
        Rate.TEN: 10,
    }[attack.rate]
    if attack.lure is Lure.THREADS:
        threads = _threads(person, wanted, chance)
        return [others for _, others in threads], [reply_to(about) for about, _ in threads]
    if attack.lure is Lure.COLLEAGUES:
        every = organisation.lists[f"all@{organisation.domain}"]
        known = colleagues + chance.some(every, wanted) if attack.rate is Rate.LOUD else colleagues
    else:
        known = [*person.outside, *colleagues]
    chosen = chance.some(tuple(dict.fromkeys(known)), wanted)
    batch = chance.pick((1, 1, 10, 40)) if attack.rate is Rate.LOUD else 1
    to = [tuple(chosen[at : at + batch]) for at in range(0, len(chosen), batch)]
    return to, [chance.pick(words().lure)]


def _threads(person: Person, wanted: int, chance: Chance) -> list[tuple[str, tuple[str, ...]]]:
    """Threads of the mailbox; most began before the logs, so their subjects are not in them."""
    known = chance.some(tuple(person.threads), wanted // 2)
    older = [
        (subject(chance), (chance.pick(person.outside or ("nobody@acorn1.example",)),))
        for _ in range(wanted - len(known))
    ]
    return known + older


def whence(organisation: Organisation, attack: Attack) -> tuple[str, str]:
    """The client type and the address, the same for the whole attack."""
    chance = Chance(f"whence/{organisation.settings.seed}/{attack.number}")
    addresses = organisation.addresses
    if attack.way is Way.SERVER:
        return "WebServices", chance.pick((addresses.server, "127.0.0.1", "::1"))
    if attack.way is Way.OWA_HOME:
        client, address = "OWA", addresses.neighbour(chance)
    elif attack.way is Way.OWA_HOSTING:
        client, address = "OWA", addresses.hosting(chance)
    else:
        client, address = "WebServices", f"192.0.2.{chance.number(1, 254)}"
    return client, (BALANCER if organisation.masked else address)
