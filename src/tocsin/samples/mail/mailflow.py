"""The story: an organisation's messages, one after another, in about the order of time."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from tocsin.samples.mail.attacks import attacks_on, runs_of
from tocsin.samples.mail.chance import Chance
from tocsin.samples.mail.everyday import (
    HOUR_MS,
    incoming,
    incoming_times,
    local,
    reply_to,
    sending_times,
    written,
)
from tocsin.samples.mail.message import Entry, Message
from tocsin.samples.mail.organisation import MACHINES
from tocsin.samples.mail.runs import Run, honest_runs, message_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.samples.mail.organisation import Organisation, Person

LATEST_MS = 30_000
"""No message is earlier by more than this than one that came before it."""


class Mailflow:
    """All messages of an organisation. What is to come today is kept, and nothing that was.

    Memory: one small tuple for each message of one day, and what each person remembers.
    """

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.attacks = attacks_on(organisation)
        self._chance = Chance(f"mailflow/{organisation.settings.seed}")
        self._by_address = {one.address: one for one in organisation.people}
        self._order = count()
        self._agenda: list[tuple[int, int, Person | Run | Message, int]] = []

    def messages(self) -> Iterator[Message]:
        """The messages of all days."""
        for day in range(self.organisation.settings.days):
            self._plan(day)
            until = self.organisation.day_ms(day + 1)
            while self._agenda and self._agenda[0][0] < until:
                at_ms, _, what, place = heappop(self._agenda)
                yield from self._happen(at_ms, what, place)

    def _plan(self, day: int) -> None:
        """Put the day's messages into the agenda: what they say is decided when they come."""
        chance, organisation = self._chance, self.organisation
        for person in organisation.people:
            for at_ms in sending_times(organisation, person, day, chance):
                self._agenda.append((at_ms, next(self._order), person, 0))
            for at_ms in incoming_times(organisation, person, day, chance):
                self._agenda.append((at_ms, next(self._order), person, 1))
        runs = list(honest_runs(organisation, day, chance))
        for attack in self.attacks:
            runs += runs_of(organisation, attack, day, chance)
        for run in runs:
            for place, at_ms in enumerate(run.times_ms):
                self._agenda.append((at_ms, next(self._order), run, place))
        for at_ms in _device_times(organisation, day, chance):
            device = _scan(organisation, at_ms, chance)
            self._agenda.append((at_ms, next(self._order), device, 0))
        heapify(self._agenda)

    def _happen(self, at_ms: int, what: Person | Run | Message, place: int) -> Iterator[Message]:
        """A message of the agenda, and what it brings about at once."""
        chance, organisation = self._chance, self.organisation
        if isinstance(what, Message):
            message = what
        elif isinstance(what, Run):
            message = message_of(organisation, what, place, chance)
            self._answers(message)
        elif place:
            message = incoming(what, at_ms, chance)
        else:
            message = written(organisation, what, at_ms, chance)
        yield message
        if message.entry is not Entry.RULE:
            yield from self._received(message)

    def _received(self, message: Message) -> Iterator[Message]:
        """Remember the thread with everybody here that it reached; those away answer by rule."""
        members = [one for _, every in message.lists for one in every]
        many = len(message.recipients) + len(members) > 30
        day, _ = local(self.organisation, message.at_ms)
        author = self._by_address.get(message.sender)
        # Who broke in deletes what he sent, so the owner does not come back to it.
        if author and message.entry is Entry.MAILBOX and not message.label.startswith("attack"):
            author.threads.append((message.subject, message.recipients[:6]))
        for address in (*message.recipients, *members):
            person = self._by_address.get(address)
            if person is None or person.role in MACHINES:
                continue
            if not many and message.entry is Entry.MAILBOX:
                person.threads.append((message.subject, (message.sender,)))
            stay = person.stay(day)
            if stay and stay.announced and (stay.first, message.sender) not in person.told:
                person.told.add((stay.first, message.sender))
                yield _automatic(person, message)

    def _answers(self, message: Message) -> None:
        """Some of many recipients outside answer: by themselves within seconds, or in hours."""
        chance = self._chance
        here = f"@{self.organisation.domain}"
        for address in message.recipients:
            if address.endswith(here):
                continue
            draw = chance.share()
            if draw > 0.07:
                continue
            automatic = draw < 0.04
            wait = chance.number(2_000, 20_000) if automatic else chance.number(1, 6 * HOUR_MS)
            about = message.subject
            self._later(
                Message(
                    at_ms=message.at_ms + wait,
                    entry=Entry.OUTSIDE,
                    sender=address,
                    recipients=(message.sender,),
                    subject=f"Automatic reply: {about}" if automatic else reply_to(about),
                    size=chance.number(6_000, 30_000),
                    address=f"198.51.100.{len(address) + 2}",
                )
            )

    def _later(self, message: Message) -> None:
        heappush(self._agenda, (message.at_ms, next(self._order), message, 0))


def _automatic(person: Person, message: Message) -> Message:
    return Message(
        at_ms=message.at_ms + 4_000,
        entry=Entry.RULE,
        sender=person.address,
        recipients=(message.sender,),
        subject=f"Automatic reply: {message.subject}",
        size=7_000,
        address="",
        message_class="IPM.Note.Rules.OofTemplate.Microsoft",
    )


def _device_times(organisation: Organisation, day: int, chance: Chance) -> Iterator[int]:
    """When the scanners and the monitoring send."""
    working = organisation.weekday(day) < 5 and day not in organisation.holidays
    begun = organisation.day_ms(day)
    scans = chance.count(len(organisation.people) * (0.25 if working else 0.0))
    for _ in range(scans):
        yield begun + int(chance.between(7, 18) * HOUR_MS)
    for _ in range(chance.count(6)):
        yield begun + int(chance.between(0, 24) * HOUR_MS)


def _scan(organisation: Organisation, at_ms: int, chance: Chance) -> Message:
    """From a device by SMTP: under its own name, or under that of who stands before it."""
    person = chance.pick(organisation.people)
    _, hour = local(organisation, at_ms)
    watch = not 7 <= hour <= 18
    device = chance.number(1, 1 + len(organisation.people) // 60)
    own = person.address if chance.yes(0.3) else f"scanner{device}@{organisation.domain}"
    return Message(
        at_ms=at_ms,
        entry=Entry.DEVICE,
        sender=f"monitoring@{organisation.domain}" if watch else own,
        recipients=(person.address,),
        subject="Disk space is low" if watch else f"Scan {chance.number(1000, 9999)}",
        size=int(chance.around(9_000 if watch else 600_000, 0.5)),
        address=f"10.0.9.{device + 1}",
    )
