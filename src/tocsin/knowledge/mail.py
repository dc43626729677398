"""How sent mail is read, from when on it is unusual, and what those who got it are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.root import cached, data_root

if TYPE_CHECKING:
    from pathlib import Path

FILE = "mail.toml"
_FIELDS = {"sender": "", "first": "", "last": "", "subject_line": "", "signature": ""}


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file; a misspelt key is an error."""


class Reading(_Part, frozen=True, kw_only=True):
    """What a sent mail is.

    `written` and `not_written` are beginnings of message classes, `machines` of addresses, and
    `smtp_connectors` parts of connectors' names. `replies` and `forwards` stand before a colon.
    """

    written: tuple[str, ...]
    not_written: tuple[str, ...]
    smtp_connectors: tuple[str, ...]
    smtp: str
    replies: tuple[str, ...]
    forwards: tuple[str, ...]
    machines: tuple[str, ...]


class Limits(_Part, frozen=True, kw_only=True):
    """From when on something is said of a mailbox.

    Fewer other mails than `history_messages`, or on fewer days than `history_days`, are no habit.
    `told` points are unusual; `serious` ones need a person's eyes. `points` are those of each
    sign where it is strongest, and `most_volume` caps what mere amount can give, so that a
    newsletter is none.
    """

    history_messages: int
    history_days: int
    told: float
    serious: float
    most_volume: float
    points: dict[str, float]


class Joins(_Part, frozen=True, kw_only=True):
    """What ties unusual mail to other findings: rules, and how near in time.

    What the rules of `for_all` find lets somebody act in everybody's mailbox, but not through the
    types of client in `not_for_all`; those of `for_one` count where the row names the mailbox. Of
    several that find one row the first counts.
    """

    for_all: tuple[str, ...]
    not_for_all: tuple[str, ...]
    for_one: tuple[str, ...]
    days_before: int
    minutes_around: int


class Complaints(_Part, frozen=True, kw_only=True):
    """Words in the subjects of answers, in lower case."""

    words: tuple[str, ...]


class Advice(_Part, frozen=True, kw_only=True):
    """What would explain unusual mail harmlessly, and what to do about it."""

    benign_explanations: tuple[str, ...]
    next_steps: tuple[str, ...]


class Note(_Part, frozen=True, kw_only=True):
    """What whoever got such mail is told. The text has places to be filled: ``{sender}``.

    `before` is for whoever sends it, and stands above all drafts.
    """

    before: str
    subject: str
    text: str
    signature: str


class MailKnowledge(_Part, frozen=True, kw_only=True):
    """The file."""

    reading: Reading
    limits: Limits
    joins: Joins
    complaints: Complaints
    advice: Advice
    note: Note


@cached
def mail_knowledge() -> MailKnowledge:
    """The file in use."""
    return read_mail(data_root() / FILE)


def read_mail(path: Path) -> MailKnowledge:
    """Read the file. Raises `KnowledgeError` with file and key."""
    try:
        read = msgspec.toml.decode(path.read_bytes(), type=MailKnowledge)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise KnowledgeError(str(error), where=path.name) from error
    limits = read.limits
    if not 0 < limits.told <= limits.serious:
        raise KnowledgeError("told must be above 0 and no more than serious", where=path.name)
    for key, text in (("subject", read.note.subject), ("text", read.note.text)):
        try:
            text.format_map(_FIELDS)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise KnowledgeError(
                f"cannot be filled in: {error!r}", where=f"{path.name}: note.{key}"
            ) from error
    return read
