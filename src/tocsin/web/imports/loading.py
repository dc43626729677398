"""Writes rows into the database in bulk: PostgreSQL by COPY, SQLite by one statement for many.

Django's models would take several times as long as everything else together.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from django.db import connection, transaction

from tocsin.web.imports.rows import COLUMNS, host_of, lists_of, text_in, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    import psycopg

    from tocsin.campaign.observation import Observation

_TABLE = "imports_observation"
_REMEMBERED = 2**16
_NULL = r"\N"
_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_PLAIN = ("row", "time", "port", "asn", "about_exchange")
_TEXTS = tuple(name for name in COLUMNS if name not in _PLAIN)


def converter() -> Callable[[int, Observation], Any]:
    """What makes of a file's key and a row what `Loading` takes.

    Call it as soon as the row is read: what is kept until a portion is full are texts then, and
    not the many small objects of a row, which the garbage collector would look through each time.
    """
    return _line if connection.vendor == "postgresql" else _values


class Loading:
    """Writes rows as a `converter` made them, a portion at a time, each as a whole.

    PostgreSQL stores a portion while the next one is read, which takes a quarter off the time of
    an import. Its connection is busy meanwhile: call `wait` before anything else asks for it.
    """

    def __init__(self) -> None:
        self._writer = ThreadPoolExecutor(1)
        self._busy: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let what is being stored come to its end; whether it went well, `wait` tells."""
        self._writer.shutdown()

    def put(self, rows: Sequence[Any]) -> None:
        """Write these once those before are there. It may return while they are being stored."""
        self.wait()
        if connection.vendor == "postgresql":
            connection.ensure_connection()
            self._busy = self._writer.submit(_copy, connection.connection, rows)
        elif rows:
            _insert(rows)

    def wait(self) -> None:
        """Return once all is stored. Raises what the database said against it."""
        busy, self._busy = self._busy, None
        if busy is not None:
            with connection.wrap_database_errors:
                busy.result()


def _copy(server: psycopg.Connection[Any], rows: Sequence[str]) -> None:
    columns = ", ".join(("file_id", *_PLAIN, *_TEXTS))
    # In its text format, written here: half the time of handing over values one by one. And by
    # the driver's own connection: Django's belongs to one thread.
    with (
        server.cursor() as cursor,
        cursor.copy(f"COPY {_TABLE} ({columns}) FROM STDIN") as copy,
    ):
        copy.write("".join(rows))


def _insert(rows: Sequence[Any]) -> None:
    sql = (
        f"INSERT INTO {_TABLE} (file_id, {', '.join(COLUMNS)}) "  # noqa: S608 our own names
        f"VALUES ({', '.join(['%s'] * (1 + len(COLUMNS)))})"
    )
    # In a transaction, or SQLite would end one for each row, which takes three times as long.
    with transaction.atomic(), connection.cursor() as cursor:
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
