"""Rows become log files, as Exchange and IIS write them: a preamble, then a day of rows."""

from __future__ import annotations

import csv
import io
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from tocsin.samples.journal import ServerFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

    from tocsin.samples.journal import Row
    from tocsin.samples.recipe import Server

BOM = "\ufeff"


class Log(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of text log, from `logs.toml`."""

    path: str
    day: str
    head: Literal["csv", "hash", "iis"]
    fields: str
    type: str = ""
    version: str = ""


@cache
def all_logs() -> dict[str, Log]:
    """Every kind of text log, by name."""
    text = (Path(__file__).parent / "logs.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, Log])


def log_files(rows: Iterable[Row], server: Server) -> Iterator[ServerFile]:
    """One file for each log, stream and day, in the order of these."""

    def place(row: Row) -> tuple[str, str, date]:
        return row.log, row.stream, row.time.date()

    ordered = sorted(rows, key=lambda row: (*place(row), row.time))
    for (log, stream, day), group in groupby(ordered, key=place):
        yield _file(all_logs()[log], stream, day, list(group), server)


def csv_line(values: Sequence[str]) -> str:
    """Values as one line of CSV, quoted as Exchange does, without its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()


def stamp(time: datetime) -> str:
    """A time as Exchange's text logs write it: UTC with milliseconds and Z."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def _file(log: Log, stream: str, day: date, rows: list[Row], server: Server) -> ServerFile:
    lines: list[str] = []
    build = None
    for row in rows:
        # A new build means that the services were restarted, and they begin with their header.
        if (running := server.build_at(row.time)) != build:
            lines += _preamble(log, row.time, running)
            build = running
        lines.append(row.text)
    start = "" if log.head == "iis" else BOM
    path = log.path.format(install=server.install, stream=stream, day=day.strftime(log.day))
    return ServerFile(
        path=path,
        content=(start + "".join(f"{line}\r\n" for line in lines)).encode(),
        created=rows[0].time,
        modified=rows[-1].time,
    )


def _preamble(log: Log, time: datetime, build: str) -> list[str]:
    fields = log.fields.strip()
    if log.head == "iis":
        return [
            "#Software: Microsoft Internet Information Services 10.0",
            "#Version: 1.0",
            f"#Date: {time:%Y-%m-%d %H:%M:%S}",
            f"#Fields: {fields}",
        ]
    major, minor, number, revision = (int(part) for part in build.split("."))
    long = f"{major:02}.{minor:02}.{number:04}.{revision:03}"
    block = [
        "#Software: Microsoft Exchange Server",
        f"#Version: {log.version.format(long=long)}",
        f"#Log-type: {log.type}",
        f"#Date: {stamp(time)}",
        f"#Fields: {fields}",
    ]
    return [fields, *block] if log.head == "csv" else block
