"""Writes rows into the database in bulk: PostgreSQL by COPY, SQLite by one statement for many.

Django's models would take several times as long as everything else together.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connection

from tocsin.web.imports.rows import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_TABLE = "imports_observation"
_REMEMBERED = 2**16
_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_PLAIN = ("row", "time", "port", "asn", "about_exchange")
_TEXTS = tuple(name for name in COLUMNS if name not in _PLAIN)


def load(rows: Iterable[tuple[int, tuple[Any, ...]]]) -> None:
    """Write rows, each with its file's key, as `tocsin.web.imports.rows.values_of` gives them."""
    if connection.vendor == "postgresql":
        _copy(rows)
    else:
        _execute_many(rows)


def _execute_many(rows: Iterable[tuple[int, tuple[Any, ...]]]) -> None:
    sql = (
        f"INSERT INTO {_TABLE} (file_id, {', '.join(COLUMNS)}) "  # noqa: S608 our own names
        f"VALUES ({', '.join(['%s'] * (1 + len(COLUMNS)))})"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            sql,
            [
                (file, row, host, None if time is None else _sqlite_time(time), *rest)
                for file, (row, host, time, *rest) in rows
            ],
        )


def _copy(rows: Iterable[tuple[int, tuple[Any, ...]]]) -> None:
    """COPY in its text format, written here: half the time of handing over values one by one."""
    columns = ", ".join(("file_id", *_PLAIN, *_TEXTS))
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {_TABLE} ({columns}) FROM STDIN") as copy,
    ):
        copy.write("".join(_line(file, values) for file, values in rows))


def _line(file: int, values: tuple[Any, ...]) -> str:
    """No text holds a NUL, so one between them shows where they end while they are escaped."""
    row, host, time, ip, port, hostname, server_name, asn, country, sector, about, *lists = values
    texts = "\0".join((host, ip, hostname, server_name, country, sector, *lists))
    if "\\" in texts or not texts.replace("\0", "").isprintable():
        texts = texts.translate(_ESCAPED)
    return (
        f"{file}\t{row}\t{_nullable(time and time.isoformat())}\t{_nullable(port)}\t"
        f"{_nullable(asn)}\t{'t' if about else 'f'}\t" + texts.replace("\0", "\t") + "\n"
    )


def _nullable(value: int | str | None) -> int | str:
    return r"\N" if value is None else value


@lru_cache(maxsize=_REMEMBERED)
def _sqlite_time(time: datetime) -> str:
    """As Django writes it: in UTC, without saying so."""
    return str(time.replace(tzinfo=None))
