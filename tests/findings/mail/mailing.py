"""Rows of message tracking as a server writes them, for people who write every working day."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING
from zlib import crc32

from tocsin.findings.mail.habits import Habits
from tocsin.findings.mail.suspects import judged
from tocsin.knowledge.mail import mail_knowledge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tocsin.findings.mail.suspects import Judged

COLUMNS = [
    "date-time",
    "client-ip",
    "client-hostname",
    "server-ip",
    "server-hostname",
    "source-context",
    "connector-id",
    "source",
    "event-id",
    "internal-message-id",
    "message-id",
    "network-message-id",
    "recipient-address",
    "recipient-status",
    "total-bytes",
    "recipient-count",
    "related-recipient-address",
    "reference",
    "message-subject",
    "sender-address",
    "return-path",
    "message-info",
    "directionality",
    "tenant-id",
    "original-client-ip",
    "original-server-ip",
    "custom-data",
    "transport-traffic-type",
    "log-id",
    "schema-version",
]
FOLDER = "Exchange Server/V15/TransportRoles/Logs/MessageTracking"
START = datetime(2021, 2, 1, tzinfo=UTC)
SERVER = "10.20.0.11"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its fields, those that are empty left out."""

    time: datetime
    fields: dict[str, str]


@dataclass(kw_only=True)
class Mail:
    """A mail that a mailbox sends, as its rows."""

    time: datetime
    sender: str
    to: list[str]
    subject: str
    client: str = "10.20.8.4"
    kind: str = "MOMT"
    size: int = 24_000
    message_class: str = "IPM.Note"

    def rows(self) -> Iterable[Row]:
        """The submission, what the transport makes of it, and its delivery."""
        stamp = self.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        number = crc32("".join((stamp, self.sender, self.subject, *self.to)).encode())
        name = f"<{number:08x}@mail.example.org>"
        shared = {
            "client-ip": SERVER,
            "server-ip": SERVER,
            "server-hostname": "EX01",
            "message-id": name,
            "recipient-address": ";".join(self.to),
            "total-bytes": str(self.size),
            "recipient-count": str(len(self.to)),
            "message-subject": self.subject,
            "sender-address": self.sender,
            "return-path": self.sender,
            "directionality": "Originating",
            "original-client-ip": self.client,
            "schema-version": "15.01.2106.002",
        }
        context = (
            f"MDB:1b2c, Mailbox:3d4e, Event:77, MessageClass:{self.message_class}, "
            f"CreationTime:{stamp}, ClientType:{self.kind}, SubmissionAssistant:Email"
        )
        submitted = {"source-context": context, "source": "STOREDRIVER"}
        for seconds, event in enumerate(
            (
                {**submitted, "event-id": "RECEIVE"},
                {**submitted, "event-id": "SUBMIT"},
                {"source": "SMTP", "event-id": "RECEIVE", "connector-id": "EX01\\Default EX01"},
                {"source": "SMTP", "event-id": "SENDEXTERNAL"},
            )
        ):
            time = self.time + timedelta(milliseconds=250 * seconds)
            yield Row(time=time, fields={**shared, **event})


@dataclass(kw_only=True)
class Office:
    """People who write to their own correspondents on working days, from seven to fifteen UTC."""

    people: int = 8
    days: int = 28
    seed: int = 7
    mails: list[Mail] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let everybody write."""
        for number in range(self.people):
            self._habit(number)

    def _habit(self, number: int) -> None:
        dice = Random(self.seed * 1000 + number)
        for day in range(self.days):
            morning = START + timedelta(days=day)
            if morning.weekday() >= 5:
                continue
            for _ in range(dice.randint(3, 12)):
                topic = dice.randint(1, 60)
                self.mails.append(
                    Mail(
                        time=morning + timedelta(hours=7 + 8 * dice.random()),
                        sender=person(number),
                        to=dice.sample(contacts(number), dice.choice((1, 1, 1, 2, 3))),
                        subject=f"{dice.choice(('', 'RE: '))}{words(topic)}",
                        client=f"10.20.8.{number + 4}",
                        size=dice.randint(6_000, 60_000),
                    )
                )

    def habits(self) -> Habits:
        """What somebody learns who reads all rows."""
        return learnt(row for mail in self.mails for row in mail.rows())

    def judged(self) -> Judged:
        """The judgement over everybody."""
        return judged(self.habits().taken(), mail_knowledge().limits)


def person(number: int) -> str:
    return f"p{number}.muster@example.org"


def contacts(number: int) -> list[str]:
    return [f"k{number}.{one}@partner.example" for one in range(40)]


def words(topic: int) -> str:
    return " ".join(
        ("plan", "offer", "visit", "report", "order")[int(c) % 5] for c in f"{topic:03}"
    )


def at(day: int, hour: float, second: float = 0) -> datetime:
    return START + timedelta(days=day, hours=hour, seconds=second)


def learnt(rows: Iterable[Row]) -> Habits:
    habits = Habits()
    for row in rows:
        habits.take(row.fields, int(row.time.timestamp()))
    return habits


def line(fields: Mapping[str, str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([fields.get(name, "") for name in COLUMNS])
    return text.getvalue()


def write_logs(rows: Iterable[Row], folder: Path) -> None:
    """The rows as files of an hour, as Exchange names them."""
    folder.mkdir(parents=True, exist_ok=True)
    by_hour: dict[str, list[Row]] = {}
    for row in rows:
        by_hour.setdefault(f"{row.time:%Y%m%d%H}", []).append(row)
    for hour, of_hour in by_hour.items():
        head = [
            "#Software: Microsoft Exchange Server",
            "#Version: 15.01.2106.002",
            "#Log-type: Message Tracking Log",
            f"#Date: {of_hour[0].time.isoformat()}",
            f"#Fields: {','.join(COLUMNS)}",
        ]
        lines = [
            line({**row.fields, "date-time": stamp(row.time)})
            for row in sorted(of_hour, key=lambda one: one.time)
        ]
        text = "\ufeff" + "".join(f"{one}\r\n" for one in (*head, *lines))
        (folder / f"MSGTRKMS{hour}-1.LOG").write_bytes(text.encode())


def stamp(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
