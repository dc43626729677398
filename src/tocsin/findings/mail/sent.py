"""One row of message tracking: a mail that a mailbox sent, or what came back for it.

Source: Microsoft, "Message tracking" (Exchange Server 2013 to 2019). The rows that count, and the
words in them, are knowledge (`mail.toml`); only the names of the columns stand here.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tocsin.findings.keys import plain_address
from tocsin.knowledge.mail import mail_knowledge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.knowledge.mail import Reading

ADDRESS_CHARACTERS = 320
"""The longest address: 64 before the sign, 255 behind it. Source: RFC 5321, 4.5.3.1."""
SUBJECT_CHARACTERS = 200
_KIND_CHARACTERS = 40
_PREFIX = re.compile(r"\s*([^\W\d_]{1,12})\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:\uff1a]\s*")
_PREFIXES = 8
"""``RE: RE: RE:`` so many times at most; behind that it is a part of the subject."""
_CONTEXT = re.compile(r"\b(MessageClass|ClientType):\s?([^,;]{0,100})")
_DIGITS = re.compile(r"\d+")
_EMPTY_PATH = "<>"
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
ITSELF = "the server itself"
"""The client of a mail that came from the server's own address."""
READ = (
    *("event-id", "source", "connector-id", "source-context", "original-client-ip"),
    *("server-ip", "original-server-ip", "sender-address", "recipient-address"),
    *("recipient-count", "return-path", "total-bytes", "message-subject"),
)
"""The columns that are looked at."""
CAME = "DELIVER"
"""The event of a mail that came to a mailbox."""
READ_OF_CAME = ("event-id", "recipient-address", "return-path", "message-subject")
"""The columns that are looked at where a mail came in: there are many such rows."""


class Subject(NamedTuple):
    """A subject as its thread has it, and as its kind has it, with every number alike."""

    thread: str
    shape: str
    is_reply: bool
    is_forward: bool


class Sent(NamedTuple):
    """A mail as a mailbox gave it to the server.

    `client` is the address of its client in canonical form, `ITSELF`, or empty where the log does
    not tell, and `kind` its ClientType. `total` is how many recipients it had; `recipients` may
    name fewer.
    """

    sender: str
    client: str
    kind: str
    subject: str
    size_bytes: int
    total: int
    recipients: tuple[str, ...]


def may_tell(fields: Mapping[str, str]) -> bool:
    """Whether a row with this event, source and connector may tell of a mail or its return."""
    match fields.get("event-id"), fields.get("source"):
        case ("RECEIVE", "SMTP"):
            return _is_client(fields.get("connector-id", ""))
        case ("RECEIVE", "STOREDRIVER") | ("FAIL" | "DELIVER", _):
            return True
        case _:
            return False


def sent_mail(fields: Mapping[str, str]) -> Sent | None:
    """The mail that this row says was submitted; None for every other row."""
    if fields.get("event-id") != "RECEIVE":
        return None
    reading = mail_knowledge().reading
    kind = _kind(fields, reading)
    if kind is None:
        return None
    sender = address_of(fields.get("sender-address", ""))
    if not sender or is_machine(sender):
        return None
    recipients = recipients_of(fields.get("recipient-address", ""))
    return Sent(
        sender=sender,
        client=_client(fields),
        kind=kind,
        subject=fields.get("message-subject", "")[:SUBJECT_CHARACTERS],
        size_bytes=number_of(fields.get("total-bytes", "")),
        total=max(number_of(fields.get("recipient-count", "")), len(recipients)),
        recipients=recipients,
    )


def came_back(fields: Mapping[str, str]) -> tuple[str, ...]:
    """The mailboxes whose mail this row says could not be delivered, or was answered by a machine.

    That is the sender of a failed delivery, and whoever gets mail with an empty return path: a
    report that one failed elsewhere, or an out-of-office note.
    """
    match fields.get("event-id"):
        case "FAIL":
            sender = address_of(fields.get("sender-address", ""))
            return (sender,) if sender and not is_machine(sender) else ()
        case "DELIVER" if fields.get("return-path") == _EMPTY_PATH:
            return recipients_of(fields.get("recipient-address", ""))
        case _:
            return ()


def heard(fields: Mapping[str, str]) -> tuple[tuple[str, ...], str] | None:
    """The mailboxes that this row says a mail came to, and its thread; None for other rows."""
    if fields.get("event-id") != CAME:
        return None
    thread = subject_of(fields.get("message-subject", "")).thread
    return (recipients_of(fields.get("recipient-address", "")), thread) if thread else None


def address_of(text: str) -> str:
    """An address in lower case; empty where it is none, or too long to be one."""
    text = text.strip().strip("<>")
    return text.lower() if "@" in text and len(text) <= ADDRESS_CHARACTERS else ""


def recipients_of(text: str) -> tuple[str, ...]:
    """The addresses in a list with semicolons, each once."""
    if ";" not in text:
        one = address_of(text)
        return (one,) if one else ()
    return tuple(dict.fromkeys(one for part in text.split(";") if (one := address_of(part))))


def number_of(text: str) -> int:
    """A number of the log; 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0


@lru_cache(maxsize=65536)
def subject_of(text: str) -> Subject:
    """What a subject says without the marks of replies and forwards before it."""
    reading = mail_knowledge().reading
    rest, is_reply, is_forward = text[:SUBJECT_CHARACTERS], False, False
    for _ in range(_PREFIXES):
        found = _PREFIX.match(rest)
        mark = found.group(1).lower() if found else ""
        if found is None or mark not in (*reading.replies, *reading.forwards):
            break
        is_reply |= mark in reading.replies
        is_forward |= mark in reading.forwards
        rest = rest[found.end() :]
    thread = " ".join(rest.lower().split())
    shape = _DIGITS.sub("#", thread)
    return Subject(thread=thread, shape=shape, is_reply=is_reply, is_forward=is_forward)


@lru_cache(maxsize=131072)
def number_for(text: str) -> int:
    """A number of 32 bits for a text, the same in every process and run; 0 for none."""
    if not text:
        return 0
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "little") or 1


@lru_cache(maxsize=65536)
def is_machine(address: str) -> bool:
    """Whether a mailbox is one of Exchange's own."""
    return address.startswith(mail_knowledge().reading.machines)


def _client(fields: Mapping[str, str]) -> str:
    said = fields.get("original-client-ip", "")[:ADDRESS_CHARACTERS]
    if not said:
        return ""
    address = plain_address(said)
    if address is None:
        return ITSELF if said.partition("%")[0] in _LOOPBACK else ""
    own = (plain_address(fields.get(name, "")) for name in ("server-ip", "original-server-ip"))
    return ITSELF if address in own else address


def _kind(fields: Mapping[str, str], reading: Reading) -> str | None:
    """The client type of a submitted mail; None where the row is no mail that a mailbox sent."""
    source = fields.get("source")
    if source == "SMTP":
        return reading.smtp if _is_client(fields.get("connector-id", "")) else None
    if source != "STOREDRIVER":
        return None
    said = dict(_CONTEXT.findall(fields.get("source-context", "")))
    message_class = said.get("MessageClass", "").strip()
    if message_class and (
        not message_class.startswith(reading.written)
        or message_class.startswith(reading.not_written)
    ):
        return None
    return str(said.get("ClientType", "")).strip()[:_KIND_CHARACTERS]


def _is_client(connector: str) -> bool:
    """Whether this connector takes mail from clients that sign in."""
    return any(one in connector for one in mail_knowledge().reading.smtp_connectors)
