"""One message on its way: what the rows of the logs are made from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Entry(Enum):
    """How a message came into the organisation's transport."""

    MAILBOX = "mailbox"
    """Sent from a mailbox: the only kind that MSGTRKMS has."""
    OUTSIDE = "outside"
    """Received by SMTP from another organisation."""
    DEVICE = "device"
    """Received by SMTP from a device or an application of our own."""
    RULE = "rule"
    """Made by a mailbox itself: an automatic reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message. `at_ms` counts milliseconds from 1970 (UTC); `size` is in bytes.

    `recipients` are as the sender wrote them; `lists` gives the members of those that are lists.
    `dead` are those that bounce. `label` says in which run or attack it was sent, for the truth
    file; nothing of it is in the logs.
    """

    at_ms: int
    entry: Entry
    sender: str
    recipients: tuple[str, ...]
    subject: str
    size: int
    address: str
    client: str = ""
    message_class: str = "IPM.Note"
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()
    dead: tuple[str, ...] = ()
    label: str = ""
