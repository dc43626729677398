"""Writes rows into the database in bulk: PostgreSQL by COPY, SQLite by one statement for many.

Django's models would take several times as long as everything else together.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connection

from tocsin.web.imports.rows import COLUMNS, host_of, lists_of, text_in, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from tocsin.campaign.observation import Observation

_TABLE = "imports_observation"
_REMEMBERED = 2**16
_NULL = r"\N"
_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_PLAIN = ("row", "time", "port", "asn", "about_exchange")
_TEXTS = tuple(name for name in COLUMNS if name not in _PLAIN)


def converter() -> Callable[[int, Observation], Any]:
    """What makes of a file's key and a row what `load` takes.

    Call it as soon as the row is read: what is kept until a portion is full are texts then, and
    not the many small objects of a row, which the garbage collector would look through each time.
    """
    return _line if connection.vendor == "postgresql" else _values


def load(rows: Sequence[Any]) -> None:
    """Write rows as a `converter` made them."""
    if connection.vendor == "postgresql":
        columns = ", ".join(("file_id", *_PLAIN, *_TEXTS))
        with (
            connection.cursor() as cursor,
            # In its text format, written here: half the time of handing over values one by one.
            cursor.copy(f"COPY {_TABLE} ({columns}) FROM STDIN") as copy,
        ):
            copy.write("".join(rows))
        return
    sql = (
        f"INSERT INTO {_TABLE} (file_id, {', '.join(COLUMNS)}) "  # noqa: S608 our own names
        f"VALUES ({', '.join(['%s'] * (1 + len(COLUMNS)))})"
    )
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)


def _values(file: int, row: Observation) -> tuple[Any, ...]:
    number, host, time, *rest = values_of(row)
    return (file, number, host, None if time is None else _sqlite_time(time), *rest)


def _line(file: int, row: Observation) -> str:
    time, port, asn = row.time_utc, row.port, row.asn
    texts: tuple[str, ...] = (
        host_of(row),
        row.ip or "",
        row.hostname or "",
        row.server_name or "",
        row.country or "",
        row.sector or "",
        *lists_of(row),
    )
    together = "".join(texts)
    if "\\" in together or not together.isprintable():
        texts = tuple(text_in(text).translate(_ESCAPED) for text in texts)
    when = _NULL if time is None else time.isoformat()
    about = "t" if row.about_exchange else "f"
    plain = f"{file}\t{row.row}\t{when}\t{_NULL if port is None else port}\t"
    return f"{plain}{_NULL if asn is None else asn}\t{about}\t" + "\t".join(texts) + "\n"


@lru_cache(maxsize=_REMEMBERED)
def _sqlite_time(time: datetime) -> str:
    """As Django writes it: in UTC, without saying so."""
    return str(time.replace(tzinfo=None))
