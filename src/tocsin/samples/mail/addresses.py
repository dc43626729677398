"""The network addresses that clients write from.

Only ranges that belong to nobody are used: private ones for the office, 198.18.0.0/15 (set aside
for benchmarks, RFC 2544) for lines at home and hotels, and those of the documentation (RFC 5737)
for attackers and for other mail servers. Telephones have none: for AirSync, the log is silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.samples.mail.chance import Chance

if TYPE_CHECKING:
    from tocsin.samples.mail.organisation import Organisation, Person

BALANCER = "10.0.0.5"
"""What every client is called where a load balancer hides them."""
APPLICATIONS = "10.0.7.21"
"""The server on which the ticket system, the newsletter and the bookkeeping run."""


class Addresses:
    """The addresses of one organisation's people; each is the same whenever asked."""

    def __init__(self, seed: int) -> None:
        chance = Chance(f"addresses/{seed}")
        self.server = f"10.0.0.{chance.number(10, 40)}"
        self.second_server = f"10.0.1.{chance.number(10, 40)}"
        self._office = chance.number(1, 200)
        self._hosting = [f"203.0.113.{chance.number(1, 254)}" for _ in range(4)]

    def office(self, person: Person, day: int) -> str:
        """A desk; the address changes every week or so, as leases do."""
        place = person.number * 31 + (day + person.number) // 9 * 7
        return f"10.{self._office}.{place // 250 % 250}.{place % 250 + 2}"

    def home(self, person: Person, day: int) -> str:
        """The line at home: one network, another address in it every five days or so."""
        network = person.number * 17 % 256
        return f"198.18.{network}.{(person.number * 7 + day // 5 * 29) % 250 + 2}"

    def hotel(self, person: Person, day: int) -> str:
        """Wherever the person travels; another network every other day."""
        place = person.number * 13 + day // 2 * 41
        return f"198.19.{place % 256}.{place * 3 % 250 + 2}"

    def hosting(self, chance: Chance) -> str:
        """A rented server."""
        return chance.pick(self._hosting)

    def neighbour(self, chance: Chance) -> str:
        """A line at home of somebody who has nothing to do with the organisation."""
        return f"198.18.{chance.number(0, 255)}.{chance.number(2, 250)}"


def written_from(
    organisation: Organisation, person: Person, day: int, hour: float, chance: Chance
) -> tuple[str, str]:
    """The client type and the address of a message that a person writes at a local hour."""
    habits = person.habits
    if habits.phone and day >= habits.phone_since and chance.yes(habits.phone):
        return "AirSync", ""
    return written_at_computer(organisation, person, day, hour, chance)


def written_at_computer(
    organisation: Organisation, person: Person, day: int, hour: float, chance: Chance
) -> tuple[str, str]:
    """The same for a message that is not written on a telephone."""
    client, address = _at_computer(organisation.addresses, person, day, hour, chance)
    return client, (BALANCER if organisation.masked else address)


def _at_computer(
    addresses: Addresses, person: Person, day: int, hour: float, chance: Chance
) -> tuple[str, str]:
    habits, stay = person.habits, person.stay(day)
    if stay and stay.travels:
        client = "MOMT" if chance.yes(0.6) else "OWA"
        return client, addresses.hotel(person, day)
    at_desk = habits.begins - 0.5 <= hour <= habits.begins + habits.hours + 0.5
    if stay or not at_desk or day % 7 in habits.home_days:
        client = "OWA" if chance.yes(habits.webmail) else "MOMT"
        return client, addresses.home(person, day)
    return ("OWA" if chance.yes(habits.webmail / 4) else "MOMT"), addresses.office(person, day)
