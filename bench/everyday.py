"""Millions of rows of days on which nobody attacks, of every format that packs read most.

`bench/everyday.toml` says in readable lines what happens, and what it lacks. Each line is played
many times with other values; the rows that come out are the pool, and the files repeat it with new
times (and new request ids where these come second). So a format has as many *different* rows as
its pool, and the rest are repetitions; the pool's size is told. All days have the same rows with
another date. Event logs are copies of a few files with new names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tocsin.samples.dice import Dice
from tocsin.samples.event_files import event_files
from tocsin.samples.happening import Happening
from tocsin.samples.journal import Record, Row
from tocsin.samples.logs import log_files
from tocsin.samples.play import VERBS, moment_names
from tocsin.samples.recipe import Build, Ordinary, Server, read_ordinary
from tocsin.samples.script import expand, fill, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LINES = Path(__file__).parent / "everyday.toml"
SERVER = Server(
    name="MX9",
    domain="meadow.example",
    netbios="MEADOW",
    address="10.20.0.19",
    url_host="mail.meadow.example",
    install="C:/Program Files/Microsoft/Exchange Server/V15",
    builds=(Build(since=datetime(2021, 3, 20, tzinfo=UTC), number="15.1.2242.4"),),
)
"""A build of March 2021, which most packs apply to."""
FIRST_DAY = datetime(2022, 11, 20, tzinfo=UTC)
"""A week in which most campaigns were under way."""
DAYS = 8
PLAYED = 300
"""How often each line is played."""
FORMATS = {
    "iis": ("iis_front", "iis_back"),
    "httpproxy": ("http_proxy",),
    "ecp_server": ("ecp_server",),
    "ecp_activity": ("ecp_activity",),
    "oab_generator": ("oab_generator",),
    "ews": ("ews",),
    "message_tracking": ("message_tracking",),
    "rps_cmdlet": ("rps_cmdlet",),
    "rps_http": ("rps_http",),
}
"""The logs of each text format, by their name in `samples/logs.toml`."""
EVTX = "evtx"
_ID_SECOND = ("http_proxy", "ews")
_STAMP = len("2021-01-01T00:00:00.000Z")
_IIS_STAMP = len("2021-01-01 00:00:00")
_GUID = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What lies in a folder: rows in all, and those that differ in more than their times."""

    rows: int
    different: int


def write_text_logs(folder: Path, name: str, rows: int) -> Written:
    """Write at least `rows` rows of the text format `name`, over all its logs and days."""
    pools = _pools(FORMATS[name])
    share = -(-rows // (len(pools) * DAYS))
    for pool in pools:
        _write_days(folder, pool, share)
    different = sum(len({row.text[_STAMP:] for row in pool}) for pool in pools)
    return Written(rows=share * len(pools) * DAYS, different=different)


def write_event_logs(folder: Path, rows: int) -> Written:
    """Write at least `rows` records as event logs below `folder`: the pool's files, copied."""
    records = [entry for entry in _played() if isinstance(entry, Record)]
    files = list(event_files(records, SERVER))
    copies = -(-rows // len(records))
    for number in range(copies):
        for file in files:
            path = folder / file.path.replace(":", "").replace(".evtx", f"-{number:05}.evtx")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
    return Written(rows=copies * len(records), different=len(records))


def _pools(logs: Sequence[str]) -> list[list[Row]]:
    """The rows of each log and stream, in the order of their names."""
    found: dict[tuple[str, str], list[Row]] = {}
    for entry in _played():
        if isinstance(entry, Row) and entry.log in logs:
            found.setdefault((entry.log, entry.stream), []).append(entry)
    return [found[key] for key in sorted(found)]


@cache
def _played() -> tuple[Row | Record, ...]:
    """Every line of `everyday.toml`, played `PLAYED` times at seconds of the first day."""
    ordinary = read_ordinary()
    everyday = msgspec.toml.decode(LINES.read_bytes(), type=Ordinary)
    macros = ordinary.macros | everyday.macros
    names = ordinary.names | everyday.names | moment_names(SERVER, FIRST_DAY)
    entries: list[Row | Record] = []
    for title, routine in everyday.routines.items():
        for place, written in enumerate(read_lines(routine.lines, where=title)):
            line = expand(written, macros)
            for time in range(PLAYED):
                dice = Dice(f"{title}/{place}/{time}")
                moment = FIRST_DAY + timedelta(seconds=dice.number(0, 86_399))
                filled = fill(replace(line, time=moment), names, dice)
                it = Happening(
                    verb=line.verb, time=moment, server=SERVER, dice=dice, values=filled.values
                )
                entries += [one for one in VERBS[line.verb](it) if isinstance(one, Row | Record)]
                it.finish()
    return tuple(entries)


def _write_days(folder: Path, pool: Sequence[Row], rows: int) -> None:
    """The first day's file, and the same with the date of each other day.

    A file has the preamble, then the pool's rows again and again, in the order of time.
    """
    dated = replace(pool[0], time=FIRST_DAY)
    file = next(iter(log_files([dated], SERVER)))
    head = file.content[: file.content.rindex(pool[0].text.encode())]
    step = timedelta(days=1) / (rows + 1)
    starts = enumerate(_starts(pool[0].log, step, rows))
    tails = [_tail(row) for row in pool]
    content = head + b"".join(
        start + tails[number * 7919 % len(tails)] for number, start in starts
    )
    first = f"{FIRST_DAY:%Y-%m-%d}".encode()
    for number in range(DAYS):
        day = FIRST_DAY + timedelta(days=number)
        place = next(iter(log_files([replace(pool[0], time=day)], SERVER))).path
        path = folder / place.replace(":", "")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.replace(first, f"{day:%Y-%m-%d}".encode()))


def _starts(log: str, step: timedelta, rows: int) -> Iterator[bytes]:
    """The time of each row of the first day, and its request id where that comes second."""
    for number in range(rows):
        time = FIRST_DAY + step * number
        if log.startswith("iis"):
            yield b"%d-%02d-%02d %02d:%02d:%02d" % (*time.timetuple()[:6],)
            continue
        start = b"%d-%02d-%02dT%02d:%02d:%02d" % (*time.timetuple()[:6],)
        start += b".%03dZ" % (time.microsecond // 1000)
        if log in _ID_SECOND:
            start += b",%08x-0000-4000-8000-%012x" % (rows, number)
        yield start


def _tail(row: Row) -> bytes:
    """A row without what `_starts` gives, with its end."""
    if row.log.startswith("iis"):
        cut = _IIS_STAMP
    else:
        cut = _STAMP + (1 + _GUID if row.log in _ID_SECOND else 0)
    return row.text[cut:].encode() + b"\r\n"
