"""A message becomes the rows that Exchange writes about it, in the logs of three services.

MSGTRKMS is the log of what mailboxes submit, MSGTRK that of the transport service, MSGTRKMD that
of deliveries to mailboxes; MSGTRKMA (approvals) is not written, as it mostly stays empty.

Source: names of logs, events, sources and fields from Microsoft, "Message tracking" (2021); the
shape of NOTIFYMAPI and RECEIVE in MSGTRKMS from the rows in Qazeer's DFIR notes (logs of 2022) and
in Velociraptor's tests (2021), where `ClientType` says through what was written (MOMT is Outlook)
and original-client-ip is the client's address, but empty for AirSync. That EWS is called
WebServices, that SUBMIT and DELIVER have no original-client-ip, and how automatic replies look are
assumptions.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from tocsin.samples.mail.message import Entry, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tocsin.samples.mail.organisation import Organisation

SUBMISSION, TRANSPORT, DELIVERY = "MS", "", "MD"
"""The logs, by what follows MSGTRK in their names."""
_MASK = (1 << 128) - 1
_ODD = 0x9E3779B97F4A7C15F39CC0605CEDC835
"""A large odd number: multiplied with it, counting numbers look drawn and never meet."""
_REFUSED = "[{LED=550 5.1.1 User unknown};{MSG=};{FQDN=};{IP=};{LRT=}]"

Placed = tuple[str, int, str]
"""The log, when (milliseconds from 1970), and the row's text without its end."""


class RowMaker:
    """Makes the rows of one organisation's messages; counts the messages to name them."""

    def __init__(self, organisation: Organisation, build: str) -> None:
        self.organisation = organisation
        self.build = build
        self.here = f"@{organisation.domain}"
        self._count = 0

    def rows(self, message: Message) -> tuple[str, list[Placed]]:
        """The message's id, and its rows."""
        self._count += 1
        subject = "" if self.organisation.silent else message.subject
        line = _Line(self, message, self._count, subject)
        return line.message_id, list(_all(self, message, line))

    def server_at(self, at_ms: int) -> tuple[str, str]:
        """The name and the address of the server that has the mailboxes at this time."""
        organisation = self.organisation
        moved = organisation.moved is not None and at_ms >= organisation.day_ms(organisation.moved)
        addresses = organisation.addresses
        return ("MAIL02", addresses.second_server) if moved else ("MAIL01", addresses.server)


def stamp(at_ms: int) -> str:
    """A time as Exchange's logs write it: UTC with milliseconds and Z."""
    return f"{_to_the_second(at_ms // 1000)}.{at_ms % 1000:03}Z"


@lru_cache(maxsize=256)
def _to_the_second(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"


def _all(maker: RowMaker, message: Message, line: _Line) -> Iterator[Placed]:
    at_ms = message.at_ms
    if message.entry is Entry.MAILBOX:
        yield SUBMISSION, at_ms, line.notify(at_ms)
        yield SUBMISSION, at_ms + 110, line.row(at_ms + 110, "RECEIVE", line.to, submits=True)
        yield SUBMISSION, at_ms + 400, line.row(at_ms + 400, "SUBMIT", line.to, submits=True)
        at_ms += 600
    yield from _transported(maker, message, line, at_ms)
    inside = [one for one in _expanded(message) if one.endswith(maker.here)]
    if inside:
        at_ms += 900
        yield DELIVERY, at_ms, line.row(at_ms, "DELIVER", inside, source="STOREDRIVER")


def _transported(maker: RowMaker, message: Message, line: _Line, at_ms: int) -> Iterator[Placed]:
    source = "MAILBOXRULE" if message.entry is Entry.RULE else "SMTP"
    yield TRANSPORT, at_ms, line.row(at_ms, "RECEIVE", line.to, source=source)
    for name, members in message.lists:
        at_ms += 20
        row = line.row(at_ms, "EXPAND", members, source="ROUTING", related=name)
        yield TRANSPORT, at_ms, row
    at_ms += 80
    yield TRANSPORT, at_ms, line.row(at_ms, "AGENTINFO", line.to, source="AGENT")
    everybody = _expanded(message)
    inside = [one for one in everybody if one.endswith(maker.here)]
    if inside:
        at_ms += 120
        yield TRANSPORT, at_ms, line.row(at_ms, "SEND", inside, status="250 2.1.5 Recipient OK")
    alive = [one for one in everybody if not one.endswith(maker.here) and one not in message.dead]
    for _, group in groupby(sorted(alive, key=_domain), key=_domain):
        at_ms += 30
        row = line.row(at_ms, "SENDEXTERNAL", list(group), status="250 2.0.0 Ok: queued")
        yield TRANSPORT, at_ms, row
    for one in message.dead:
        at_ms += 40
        yield from _bounced(line, one, at_ms)


def _bounced(line: _Line, recipient: str, at_ms: int) -> Iterator[Placed]:
    """The failure, the notification that our server makes, and its delivery to the sender."""
    failed = line.row(at_ms, "FAIL", [recipient], status=_REFUSED)
    yield TRANSPORT, at_ms, failed
    about = line.notification(recipient)
    sender = [line.message.sender]
    yield TRANSPORT, at_ms + 30, about.row(at_ms + 30, "DSN", sender, source="DSN")
    delivered = about.row(at_ms + 500, "DELIVER", sender, source="STOREDRIVER")
    yield DELIVERY, at_ms + 500, delivered


class _Line:
    """What the rows of one message share."""

    def __init__(
        self, maker: RowMaker, message: Message, number: int, subject: str, reference: str = ""
    ) -> None:
        guid = _guid(maker.organisation.settings.seed, number)
        self.maker, self.message, self._number = maker, message, number
        self.message_id = f"<{guid.replace('-', '')}@{_domain(message.sender)}>"
        self.to = message.recipients
        self._server, self._server_ip = maker.server_at(message.at_ms)
        own = message.entry is not Entry.OUTSIDE
        self._direction = "Originating" if own else "Incoming"
        back = message.sender if message.entry is not Entry.RULE else "<>"
        self._ids = f"{number + 7_000_000},{self.message_id},{guid}"
        self._about = f"{_cell(subject)},{message.sender},{back}"
        self._reference = reference
        self._guid = guid

    def notify(self, at_ms: int) -> str:
        """The row that says that something lies in the outbox: it names the sender only."""
        return (
            f"{stamp(at_ms)},{self._server_ip},{self._server},,,{self._context()},,STOREDRIVER,"
            f"NOTIFYMAPI,,,,,,,,,,,{self.message.sender},,{stamp(at_ms)};LSRV={self._server}:"
            f"TOTAL-SUB=0.128|SA=0.128,,,,,S:ItemEntryId=00-{self._guid[:8]},,{self._guid},"
            f"{self.maker.build}"
        )

    def row(
        self,
        at_ms: int,
        event: str,
        to: Iterable[str],
        *,
        source: str = "SMTP",
        status: str = "",
        related: str = "",
        submits: bool = False,
    ) -> str:
        """One row. `submits` is for the log of the submission service."""
        recipients = list(to)
        message = self.message
        context = client = ""
        if submits:
            source, context = "STOREDRIVER", self._context()
        if event == "RECEIVE":
            client = message.address
        peer = message.address if message.entry in _BY_SMTP else self._server_ip
        name = "" if message.entry in _BY_SMTP else f"{self._server}{self.maker.here}"
        return (
            f"{stamp(at_ms)},{peer},{name.replace('@', '.')},{self._server_ip},{self._server},"
            f"{context},,{source},{event},{self._ids},{';'.join(recipients)},"
            f"{_cell(';'.join([status] * len(recipients)) if status else '')},{message.size},"
            f"{len(recipients)},{related},{related or self._reference},{self._about},"
            f"{'04I: ' if submits else ''},{self._direction},,{client},{self._server_ip},"
            f"S:DeliveryPriority=Normal,Email,{self._guid},{self.maker.build}"
        )

    def notification(self, recipient: str) -> _Line:
        """The line of the notification that this message did not reach the recipient."""
        message = self.message
        answer = Message(
            at_ms=message.at_ms,
            entry=Entry.RULE,
            sender=f"postmaster{self.maker.here}",
            recipients=(message.sender,),
            subject="",
            size=9_000 + len(recipient),
            address="",
        )
        place = message.dead.index(recipient) + 1
        subject = "" if self.maker.organisation.silent else f"Undeliverable: {message.subject}"
        number = self._number + (place << 40)
        return _Line(self.maker, answer, number, subject, self.message_id)

    def _context(self) -> str:
        message = self.message
        mailbox = _guid(1, sum(message.sender.encode()) * 65_537 + len(message.sender))
        return (
            f'"MDB:{_guid(2, len(self._server_ip))}, Mailbox:{mailbox}, Event:{self._number},'
            f" MessageClass:{message.message_class}, CreationTime:{stamp(message.at_ms - 128)},"
            f" ClientType:{message.client}, SubmissionAssistant:"
            'MailboxTransportSubmissionEmailAssistant"'
        )


_BY_SMTP = (Entry.OUTSIDE, Entry.DEVICE)


def _expanded(message: Message) -> list[str]:
    """Everybody whom the message reaches, the members of lists in place of the lists."""
    if not message.lists:
        return list(message.recipients)
    lists = dict(message.lists)
    found = (one for name in message.recipients for one in lists.get(name, (name,)))
    return list(dict.fromkeys(found))


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _cell(text: str) -> str:
    """A cell of CSV, quoted where it must be."""
    if "," in text or '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def _guid(family: int, number: int) -> str:
    text = f"{((family << 64) + number) * _ODD & _MASK:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
