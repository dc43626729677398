"""A question about some mails of a mailbox, and the signs that answer it.

Signs are of three groups. *Volume* alone proves nothing: newsletters, invoices and invitations are
many mails too. *Who* are a new address, a new type of client, hours at which the owner never
writes: a journey shows these. *Content* is what little the log tells of the mails themselves. Only
several groups together make mail unusual.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tocsin.findings.mail.crowd import Crowd
    from tocsin.findings.mail.table import Mailbox, Places

FEW_MAILS = 3
"""Fewer mails are no burst, however many they went to."""


class Group(StrEnum):
    """What a sign is about."""

    VOLUME = "volume"
    WHO = "who"
    CONTENT = "content"


class Sign(NamedTuple):
    """One unusual thing; `text` says it with its numbers.

    `points` are its strength, up to 1, times what knowledge gives for such a sign.
    """

    name: str
    group: Group
    points: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """Some mails of a mailbox, `chosen`, beside its `others`.

    `old` tells which of all its mails take up an old thread.
    """

    mailbox: Mailbox
    chosen: Places
    others: Places
    old: NDArray[np.bool_]
    crowd: Crowd
