"""Run the same rules with other engines. Started by the benchmark inside its own environment.

    build/bench-venv/bin/python bench/rivals.py duckdb|sqlite LOG --rules FOLDER --limit S FILE...
    build/bench-venv/bin/python bench/rivals.py jsonl evtx --out FILE FILE...

LOG is ``iis``, ``httpproxy`` or ``evtx``. Both engines are used as their users do: load the events
into one table, turn each rule into SQL with pySigma's backend, and ask one rule after the other
(Zircolite's way with SQLite). The last line printed is a JSON object: rules asked, refused, with a
hit, and the seconds for each part. The libraries are those of the benchmark's environment, so they
are imported by name. Rules that do not fit into the time limit are not asked.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sqlite3
import sys
import time
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

IIS_COLUMNS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-user-agent"
    " cs-referer sc-status sc-substatus sc-win32-status time-taken"
)
BATCH = 5000


def main() -> int:
    """Do what was asked for, and say what it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("engine", choices=("duckdb", "sqlite", "jsonl"))
    parser.add_argument("log", choices=("iis", "httpproxy", "evtx"))
    parser.add_argument("files", nargs="+")
    parser.add_argument("--rules", type=Path)
    parser.add_argument("--first", type=int, default=100_000, help="ask only so many rules")
    parser.add_argument("--where", type=Path, help="JSON: the channel and event id of each rule")
    parser.add_argument("--limit", type=float, default=300, help="seconds for everything")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.engine == "jsonl":
        write_jsonl(arguments.files, arguments.out)
        return 0
    started = time.monotonic()
    engine = Duck() if arguments.engine == "duckdb" else Lite()
    engine.load(arguments.log, arguments.files)
    loaded = time.monotonic()
    told: dict[str, Any] = {"asked": 0, "refused": 0, "found": [], "load_s": loaded - started}
    convert_s = 0.0
    where = json.loads(arguments.where.read_text()) if arguments.where else {}
    for path in islice(sorted(arguments.rules.rglob("*.yml")), arguments.first):
        if time.monotonic() - started > arguments.limit:
            break
        before = time.monotonic()
        try:
            query = engine.convert(path.read_text(encoding="utf-8"), where.get(path.stem))
            convert_s += time.monotonic() - before
            hits = engine.ask(query)
        except Exception:  # noqa: BLE001 whatever another engine raises: it is counted, not ours
            told["refused"] += 1
            continue
        told["asked"] += 1
        if hits:
            told["found"].append(path.stem)
    told["convert_s"] = convert_s
    told["ask_s"] = time.monotonic() - loaded - convert_s
    print(json.dumps(told))
    return 0


def columns_of(log: str, files: list[str]) -> list[str]:
    """The names of a log's columns, as rules call them."""
    if log == "iis":
        return IIS_COLUMNS.split()
    with Path(files[0]).open(encoding="utf-8-sig") as file:
        return file.readline().strip().split(",")


class Duck:
    """DuckDB: a table of texts in memory, filled by its own CSV reader."""

    def __init__(self) -> None:
        self.connection: Any = import_module("duckdb").connect()

    def load(self, log: str, files: list[str]) -> None:
        """Read the logs."""
        quotes = '"' if log == "httpproxy" else ""
        self.connection.execute(
            "CREATE TABLE logs AS SELECT * FROM read_csv(?, delim=?, columns=?, header=false,"
            " comment='#', quote=?, escape=?, null_padding=true, ignore_errors=true,"
            " auto_detect=false)",
            [
                files,
                "," if log == "httpproxy" else " ",
                dict.fromkeys(columns_of(log, files), "VARCHAR"),
                quotes,
                quotes,
            ],
        )

    def convert(self, text: str, _: list[str] | None) -> str:
        """A rule as SQL over the table."""
        rules = import_module("sigma.collection").SigmaCollection.from_yaml(text)
        query = str(import_module("sigma_backend_duckdb").DuckDBBackend().convert(rules)[0])
        return re.sub(r"FROM\s+\S+", "FROM logs", query, count=1)

    def ask(self, query: str) -> int:
        """How many rows one rule has."""
        counted = self.connection.execute(f"SELECT count(*) FROM ({query})")  # noqa: S608 the query is the backend's
        return int(counted.fetchone()[0])


class Lite:
    """SQLite: one table of texts without case, as Zircolite makes it."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.connection.create_function(
            "REGEXP", 2, lambda pattern, text: bool(re.search(pattern, text or ""))
        )

    def load(self, log: str, files: list[str]) -> None:
        """Read the logs; event logs are flattened first, so all columns are known."""
        if log == "evtx":
            rows = [row for path in files for row in flat_events(path)]
            # Columns have no case in SQL: of `ProcessID` and `ProcessId` the first one counts.
            known = {name.lower(): name for row in rows for name in reversed(row)}
            names = list(known.values())
            table: Iterator[list[str | None]] = ([row.get(name) for name in names] for row in rows)
        else:
            names = columns_of(log, files)
            table = text_rows(log, files, len(names))
        columns = ", ".join(f"{quote(name)} TEXT COLLATE NOCASE" for name in names)
        self.connection.execute(f"CREATE TABLE logs ({columns})")
        marks = ", ".join("?" * len(names))
        while batch := list(islice(table, BATCH)):
            self.connection.executemany(f"INSERT INTO logs VALUES ({marks})", batch)  # noqa: S608 only marks
        if log == "evtx":
            self.connection.execute("CREATE INDEX by_id ON logs (EventID)")

    def convert(self, text: str, where: list[str] | None) -> str:
        """A rule as SQL over the table; a Windows rule asks for its channel and event id too."""
        rules = import_module("sigma.collection").SigmaCollection.from_yaml(text)
        query = str(import_module("sigma.backends.sqlite").sqliteBackend().convert(rules)[0])
        if where is None:
            return query
        channel, event_id = where
        head, _, rest = query.partition(" WHERE ")
        return f"{head} WHERE EventID = '{event_id}' AND Channel = '{channel}' AND ({rest})"

    def ask(self, query: str) -> int:
        """How many rows one rule has."""
        counted = self.connection.execute(f"SELECT count(*) FROM ({query})")  # noqa: S608 the query is the backend's
        return int(counted.fetchone()[0])


def text_rows(log: str, files: list[str], width: int) -> Iterator[list[str | None]]:
    """Rows of text logs, cut or filled to the width of the table."""
    for path in files:
        with Path(path).open(encoding="utf-8-sig", errors="replace", newline="") as file:
            lines = (line for line in file if not line.startswith("#"))
            rows = csv.reader(lines) if log == "httpproxy" else (one.split() for one in lines)
            for row in rows:
                yield [*row[:width], *[None] * (width - len(row))]


def flat_events(path: str) -> Iterator[dict[str, str]]:
    """The events of an event log, each as one level of texts."""
    orjson, evtx = import_module("orjson"), import_module("evtx")

    for record in evtx.PyEvtxParser(path).records_json():
        event = orjson.loads(record["data"])["Event"]
        system, data = event["System"], event.get("EventData") or {}
        event_id = system["EventID"]
        flat = {name: value for name, value in data.items() if name != "#attributes"}
        flat["EventID"] = event_id["#text"] if isinstance(event_id, dict) else event_id
        flat["Channel"] = system.get("Channel")
        flat["Provider_Name"] = (system.get("Provider") or {}).get("#attributes", {}).get("Name")
        flat["Computer"] = system.get("Computer")
        yield {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in flat.items()
            if value is not None
        }


def quote(name: str) -> str:
    """A column's name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def write_jsonl(files: list[str], out: Path) -> None:
    """Flat events as JSON lines, for engines that cannot read event logs."""
    orjson = import_module("orjson")

    with out.open("wb") as target:
        for path in files:
            for row in flat_events(path):
                target.write(orjson.dumps(row) + b"\n")


if __name__ == "__main__":
    sys.exit(main())
