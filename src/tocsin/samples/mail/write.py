"""The organisation's logs as files, written as its days pass, and the truth beside them.

Rows are kept only until no earlier one can come, so memory does not grow with the days.
"""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from tocsin.samples.logs import BOM, all_logs
from tocsin.samples.mail.mailflow import LATEST_MS, Mailflow
from tocsin.samples.mail.organisation import MACHINES, found
from tocsin.samples.mail.rows import RowMaker, stamp

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.samples.mail.attacks import Attack
    from tocsin.samples.mail.message import Message
    from tocsin.samples.mail.organisation import Settings

BUILD = "15.01.2106.002"
FOLDER = "Program Files/Microsoft/Exchange Server/V15/TransportRoles/Logs/MessageTracking"


class Sent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An attack or an honest run as it went: times in milliseconds from 1970 (UTC).

    `rate`, `lure` and `way` are empty for honest runs. `messages` are message ids, sent at
    `times_ms`; those of honest runs are counted only.
    """

    label: str
    sender: str
    first_ms: int
    last_ms: int
    count: int
    recipients: int
    bounced: int
    rate: str = ""
    lure: str = ""
    way: str = ""
    night: bool = False
    messages: tuple[str, ...] = ()
    times_ms: tuple[int, ...] = ()


class Truth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What really happened: never shown to the hunt."""

    seed: int
    reporting: bool
    domain: str
    mailboxes: int
    owned: int
    days: int
    masked: bool
    silent: bool
    moved: bool
    rows: int
    messages: int
    senders: dict[str, int]
    attacks: tuple[Sent, ...]
    runs: tuple[Sent, ...]


def write_organisation(settings: Settings, folder: Path) -> Truth:
    """Write the logs below `folder` (as they lie on drive C) and return the truth.

    The truth is not written: `truth_file` does, to a place outside of the logs.
    """
    organisation = found(settings)
    flow = Mailflow(organisation)
    maker = RowMaker(organisation, BUILD)
    logs = _Logs(folder / FOLDER)
    notes = _Notes()
    for message in flow.messages():
        message_id, rows = maker.rows(message)
        notes.take(message, message_id)
        logs.forget(message.at_ms - LATEST_MS)
        for log, at_ms, text in rows:
            logs.add(log, at_ms, text)
    logs.close()
    return Truth(
        seed=settings.seed,
        reporting=settings.reporting,
        domain=organisation.domain,
        mailboxes=len(organisation.people),
        owned=sum(one.role not in MACHINES for one in organisation.people),
        days=settings.days,
        masked=organisation.masked,
        silent=organisation.silent,
        moved=organisation.moved is not None,
        rows=logs.written,
        messages=notes.count,
        senders=dict(notes.senders),
        attacks=tuple(notes.attack(one) for one in flow.attacks if one.label in notes.by_label),
        runs=notes.runs(),
    )


def truth_file(truth: Truth, path: Path) -> None:
    """Write the truth where the hunt will not look."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(truth)))


class _Logs:
    """The open files of all logs, each with the rows that may still be overtaken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[str, list[tuple[int, int, str]]] = {}
        self._open: dict[str, tuple[str, BinaryIO]] = {}
        self.written = 0
        self._order = 0
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, log: str, at_ms: int, text: str) -> None:
        """Keep a row until its turn comes."""
        self._order += 1
        heappush(self._waiting.setdefault(log, []), (at_ms, self._order, text))

    def forget(self, before_ms: int) -> None:
        """Write all rows that are older."""
        for log, waiting in self._waiting.items():
            while waiting and waiting[0][0] < before_ms:
                at_ms, _, text = heappop(waiting)
                self._write(log, at_ms, text)

    def close(self) -> None:
        """Write what is left."""
        self.forget(1 << 62)
        for _, file in self._open.values():
            file.close()

    def _write(self, log: str, at_ms: int, text: str) -> None:
        time = stamp(at_ms)
        hour = time[:13]
        name, file = self._open.get(log, ("", None))
        if name != hour or file is None:
            file = self._next(log, hour, time, file)
        file.write(text.encode() + b"\r\n")
        self.written += 1

    def _next(self, log: str, hour: str, time: str, before: BinaryIO | None) -> BinaryIO:
        """Close the hour's file and begin that of another one, with its preamble."""
        if before is not None:
            before.close()
        compact = hour.replace("-", "").replace("T", "")
        file = (self._folder / f"MSGTRK{log}{compact}-1.LOG").open("wb")
        kind = all_logs()["message_tracking"]
        lines = (
            "#Software: Microsoft Exchange Server",
            f"#Version: {BUILD}",
            f"#Log-type: {kind.type}",
            f"#Date: {time}",
            f"#Fields: {kind.fields.strip()}",
        )
        file.write((BOM + "".join(f"{line}\r\n" for line in lines)).encode())
        self._open[log] = hour, file
        return file


class _Notes:
    """What was sent under which label."""

    def __init__(self) -> None:
        self.count = 0
        self.senders: Counter[str] = Counter()
        self.by_label: dict[str, list[tuple[Message, str]]] = {}
        self._runs: dict[tuple[str, str, int], list[int]] = {}

    def take(self, message: Message, message_id: str) -> None:
        """Count a message, and keep it where it is part of an attack."""
        self.count += 1
        if message.client:
            self.senders[message.sender] += 1
        if message.label.startswith("attack"):
            self.by_label.setdefault(message.label, []).append((message, message_id))
        elif message.label:
            key = (message.label, message.sender, message.at_ms // 86_400_000)
            seen = self._runs.setdefault(key, [message.at_ms, message.at_ms, 0, 0, 0])
            seen[1] = max(seen[1], message.at_ms)
            seen[2] += 1
            seen[3] += len(message.recipients)
            seen[4] += len(message.dead)

    def attack(self, attack: Attack) -> Sent:
        """How an attack went."""
        sent = self.by_label[attack.label]
        return Sent(
            label=attack.label,
            sender=attack.person.address,
            first_ms=sent[0][0].at_ms,
            last_ms=sent[-1][0].at_ms,
            count=len(sent),
            recipients=len({one for message, _ in sent for one in message.recipients}),
            bounced=sum(len(message.dead) for message, _ in sent),
            rate=attack.rate.value,
            lure=attack.lure.value,
            way=attack.way.value,
            night=attack.night,
            messages=tuple(message_id for _, message_id in sent),
            times_ms=tuple(message.at_ms for message, _ in sent),
        )

    def runs(self) -> tuple[Sent, ...]:
        """How the honest runs went."""
        return tuple(
            Sent(
                label=label,
                sender=sender,
                first_ms=first,
                last_ms=last,
                count=count,
                recipients=recipients,
                bounced=bounced,
            )
            for (label, sender, _), (first, last, count, recipients, bounced) in sorted(
                self._runs.items()
            )
        )
