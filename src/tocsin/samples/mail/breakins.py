"""The other logs of a server whose mail is simulated: how somebody got in, and an honest month.

Each attack is tied to these logs in one way, or in none: a stolen password leaves nothing there.
Around it is what looks like a tie and is none: rights and rules that administrators give, scanners
that ask for what the intruder asked for and are refused, and somebody who breaks in and sends no
mail. Nothing of it works: it is rows of logs.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tocsin.samples.event_files import event_files
from tocsin.samples.logs import log_files
from tocsin.samples.mail.addresses import BALANCER
from tocsin.samples.mail.attacks import Way, attacks_on, whence
from tocsin.samples.mail.chance import Chance
from tocsin.samples.mail.everyday import HOUR_MS
from tocsin.samples.mail.organisation import DAY_MS, MACHINES, found
from tocsin.samples.mail.rows import stamp
from tocsin.samples.play import play
from tocsin.samples.recipe import Build, Macro, Recipe, Scene, Server, Use, read_ordinary

if TYPE_CHECKING:
    from tocsin.samples.mail.attacks import Attack
    from tocsin.samples.mail.organisation import Organisation, Person, Settings
    from tocsin.samples.mail.write import Sent, Truth

_HOUR_OF_WORK = (8.0, 17.0)


class Tie(Enum):
    """What ties an attack to the other logs."""

    ADDRESS = "its address broke in before"
    SESSION = "forged requests in the same minutes"
    RIGHT = "a right to act as everybody"
    RULE = "a rule in that mailbox"
    NONE = "nothing in other logs"


_TIES: dict[Way, tuple[Tie, ...]] = {
    Way.EWS_ATTACKER: (Tie.ADDRESS, Tie.RIGHT, Tie.NONE),
    Way.OWA_HOSTING: (Tie.ADDRESS, Tie.RULE, Tie.NONE),
    Way.OWA_HOME: (Tie.ADDRESS, Tie.RULE, Tie.NONE),
    Way.SERVER: (Tie.SESSION, Tie.SESSION, Tie.NONE),
}
"""What can be behind each way of sending: a right is used through EWS only, and so on."""


class _Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`breakins.toml`."""

    about: str
    build: str
    install: str
    tool: str
    scripts: tuple[str, ...]
    browser: str
    macros: dict[str, Macro]
    parts: dict[str, str]


class Background(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the other logs hold: the tie of each attack by its label, and what else there is.

    `quiet` says whether somebody broke in who sent no mail, and `shared` names the honest mailbox
    that writes from the very address of that one, as behind a rented line; empty for none.
    """

    ties: dict[str, str]
    quiet: bool
    shared: str
    changes: int
    scans: int


@cache
def _texts() -> _Texts:
    text = (Path(__file__).parent / "breakins.toml").read_bytes()
    return msgspec.toml.decode(text, type=_Texts)


def write_background(settings: Settings, truth: Truth, folder: Path) -> Background:
    """Write the other logs below `folder`, beside those that `write_organisation` wrote there."""
    organisation = found(settings)
    story = _Story(organisation, Chance(f"background/{settings.seed}"))
    sent = {one.label: one for one in truth.attacks}
    ties = {}
    for attack in attacks_on(organisation):
        if attack.label in sent:
            ties[attack.label] = story.attacked(attack, sent[attack.label]).value
    shared = story.somebody_else()
    story.honest()
    recipe = story.recipe()
    journal = play(recipe, read_ordinary())
    files = [
        *log_files(journal.rows, recipe.server),
        *event_files(journal.records, recipe.server),
    ]
    for file in files:
        path = folder / file.path.partition("/")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    return Background(
        ties=ties,
        quiet=story.quiet,
        shared=shared,
        changes=story.changes,
        scans=story.scans,
    )


class _Story:
    """The scenes of one server, as they come together."""

    def __init__(self, organisation: Organisation, chance: Chance) -> None:
        self._organisation, self._chance = organisation, chance
        self._lines: list[str] = []
        self._owned = [one for one in organisation.people if one.role not in MACHINES]
        self.changes = self.scans = 0
        self.quiet = False

    def attacked(self, attack: Attack, sent: Sent) -> Tie:
        """How whoever sent these mails got in, as far as the logs show it."""
        chance = self._chance
        tie = chance.pick(_TIES[attack.way])
        _, address = whence(self._organisation, attack)
        before_ms = sent.first_ms - int(chance.between(0.2, 60) * HOUR_MS)
        mailbox = attack.person.address
        if tie is Tie.ADDRESS:
            self._session(before_ms, address)
        elif tie is Tie.SESSION:
            where = self._seen_as(f"192.0.2.{chance.number(1, 254)}")
            self._session(sent.first_ms - 240_000, where)
            for at_ms in sent.times_ms:
                self._line(at_ms - 300, f"forged to=/EWS/Exchange.asmx? {self._of(where)}")
        elif tie is Tie.RIGHT:
            self._part("right", before_ms, who="adm.team", account="svc-sync")
        elif tie is Tie.RULE:
            who = mailbox.partition("@")[0]
            self._part("rule", before_ms, who=who, mailbox=mailbox)
        if attack.way is not Way.SERVER:
            self._through_front_door(attack, sent, address)
        return tie

    def somebody_else(self) -> str:
        """Perhaps a break-in by somebody who sends no mail; whose address that is, too, if any."""
        chance, organisation = self._chance, self._organisation
        self.quiet = chance.yes(0.5)
        address = f"203.0.113.{chance.number(1, 254)}"
        day = chance.number(3, organisation.settings.days - 2)
        travellers = [
            (person, stay)
            for person in self._owned
            for stay in person.stays
            if stay.travels and 0 < stay.first < organisation.settings.days - 1
        ]
        shared = ""
        if chance.yes(0.3) and travellers and not organisation.masked:
            person, stay = chance.pick(travellers)
            day, shared = stay.first, person.address
            address = organisation.addresses.hotel(person, day)
        if not self.quiet:
            return ""
        hour = chance.between(*_HOUR_OF_WORK)
        self._session(organisation.day_ms(day) + int(hour * HOUR_MS), self._seen_as(address))
        return shared

    def honest(self) -> None:
        """What administrators and people change, and what scanners ask for."""
        many = len(self._owned)
        for part, of, who in (
            ("access", 15, "helpdesk"),
            ("holiday", 12, ""),
            ("one_place", 40, ""),
            ("leaving", 30, "helpdesk"),
        ):
            for _ in range(self._chance.count(many / of)):
                self._change(part, who)
        for part, often in (("right", 0.7), ("archive", 0.3)):
            if self._chance.yes(often):
                self._change(part, "helpdesk")
        for day in range(self._organisation.settings.days):
            for _ in range(self._chance.count(1.5)):
                at_ms = self._organisation.day_ms(day) + int(self._chance.share() * DAY_MS)
                self._scan(at_ms)

    def recipe(self) -> Recipe:
        """All of it, on the server of the organisation, with what such a server does all day."""
        organisation, texts = self._organisation, _texts()
        begun, days = organisation.start, organisation.settings.days
        ended = begun + timedelta(days=days)
        label = organisation.domain.partition(".")[0]
        names: dict[str, str | tuple[str, ...]] = {
            "user": tuple(one.address.partition("@")[0] for one in self._owned),
        }
        if organisation.masked:
            names |= {"workstation": BALANCER, "roaming": BALANCER}
        return Recipe(
            about=texts.about,
            collected=ended,
            layout="plain",
            server=Server(
                name="MAIL01",
                domain=organisation.domain,
                netbios=label.replace("-", "").upper()[:15],
                address=organisation.addresses.server,
                url_host=f"mail.{organisation.domain}",
                install=texts.install,
                builds=(Build(since=begun, number=texts.build),),
            ),
            names=names,
            macros=texts.macros,
            use=tuple(
                Use(routine=name, since=begun, until=ended, every_minutes=minutes)
                for name, minutes in (("probes", 240), ("people", 60), ("housekeeping", 480))
            ),
            scenes=(Scene(title="background", lines="\n".join(self._lines)),),
        )

    def _session(self, at_ms: int, address: str) -> None:
        chance = self._chance
        canary = "".join(chance.pick("abcdefghkmnpqrstuvwxyz23456789") for _ in range(72)) + "."
        self._part("session", at_ms, of=self._of(address), canary=canary)

    def _scan(self, at_ms: int) -> None:
        self.scans += 1
        address = self._seen_as(f"198.51.100.{self._chance.number(1, 254)}")
        self._line(at_ms, f"refused {self._of(address)}")

    def _change(self, part: str, who: str) -> None:
        """An honest change on some working day, of some mailbox."""
        chance, organisation = self._chance, self._organisation
        person: Person = chance.pick(self._owned)
        day = chance.number(0, organisation.settings.days - 1)
        at_ms = organisation.day_ms(day) + int(chance.between(*_HOUR_OF_WORK) * HOUR_MS)
        self.changes += 1
        self._part(
            part,
            at_ms,
            who=who or person.address.partition("@")[0],
            mailbox=person.address,
            account=chance.pick(self._owned).address if part != "right" else "svc-backup",
        )

    def _through_front_door(self, attack: Attack, sent: Sent, address: str) -> None:
        """The requests that the mails came by: signed in, as the owner's own are."""
        name = attack.person.address.partition("@")[0]
        where = f'client={address} who={name} agent="{_texts().browser}"'
        for at_ms in sent.times_ms:
            if attack.way is Way.EWS_ATTACKER:
                self._line(at_ms - 200, f"written {where}")
                soap = f'user={attack.person.address} agent="{_texts().tool}" client={address}'
                self._line(at_ms - 150, f"ews soap=CreateItem {soap}")
            else:
                self._line(at_ms - 200, f"read action=CreateItem {where}")
        last = sent.times_ms[-1] + 60_000
        if attack.number % 2 and attack.way is not Way.EWS_ATTACKER:
            self._line(last, f"read action=DeleteItem {where}")

    def _part(self, name: str, at_ms: int, of: str = "", **words: str) -> None:
        """The lines of a part, each so many seconds after `at_ms`."""
        text = _texts().parts[name].strip().replace("\n    ", " ")
        for line in text.splitlines():
            seconds, _, rest = line.partition(" ")
            is_request = rest.startswith("forged")
            filled = rest
            for word, value in words.items():
                filled = filled.replace("{" + word + "}", value)
            if rest.startswith("command"):
                filled += f" who={words['who']}"
            self._line(at_ms + 1000 * int(seconds), f"{filled} {of if is_request else ''}")

    def _line(self, at_ms: int, text: str) -> None:
        self._lines.append(f"{stamp(at_ms)} {text}".rstrip())

    def _of(self, address: str) -> str:
        """Who asks, with what; and for a page that need not be there."""
        chance = self._chance
        lure = "".join(chance.pick("bcdfghklmnprstvz") for _ in range(4)) + ".js"
        return f'client={address} agent="{chance.pick(_texts().scripts)}" lure={lure}'

    def _seen_as(self, address: str) -> str:
        return BALANCER if self._organisation.masked else address
