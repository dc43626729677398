"""Write large logs that look like a server's: IIS and HttpProxy, mostly its own health probes.

    python -m bench.generate FOLDER [--iis 1024] [--httpproxy 1024] [--seed word]

IIS has one file for each site and day, HttpProxy one for each protocol and day, as on a server
that keeps eight days. The rows come from the same recipes as the samples, so they have the
real formats; 86 of 100 are probes, the share that a capture of a customer's server showed (the
load generator of Nico77600/ExchangeLogReport). One attack from the recipe of the compromised
server stands in the middle, so that a fast hunt which finds nothing is seen to be wrong. Rows that
generated rules must match (`bench.rulemaker`) are planted among the others, and their places told.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.vocabulary import WEB
from tocsin.samples.dice import Dice
from tocsin.samples.logs import log_files
from tocsin.samples.play import play
from tocsin.samples.recipe import read_ordinary, read_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import BinaryIO

    from bench.rulemaker import Made
    from tocsin.samples.journal import Row

MIB = 2**20
DAYS = 8
FIRST_DAY = datetime(2021, 2, 28, tzinfo=UTC)
PROBES_OF_100 = 86
POOL = 8192
"""How many different rows there are of each log, apart from their times and request ids."""
# A real row tells more of its proxying than the samples do; with this it has about 700 bytes.
SHORT = b"ProxyState-Run=None"
LONG = (
    b"ProxyState-Run=None;FEAuth=BEVersion-1942063431;Krb=UA;CT=An;NewConnection=10.20.0.11&0;"
    b"BeginGetResponse=2021-03-01T07:00:00.413Z;OnResponseReady=2021-03-01T07:00:00.435Z;"
    b"EndGetResponse=2021-03-01T07:00:00.435Z;ProxyState-Complete=ProxyResponseData;AccountForest="
)
COLUMN_OF = {"cs-user-agent": "cs(User-Agent)"}
"""Where IIS has a field that rules call otherwise."""
DEFAULTS = {
    "s-ip": "10.30.0.21",
    "cs-method": "GET",
    "cs-uri-stem": "/owa/",
    "s-port": "443",
    "c-ip": "203.0.113.9",
    "sc-status": "200",
    "sc-substatus": "0",
    "sc-win32-status": "0",
    "time-taken": "31",
    "MajorVersion": "15",
    "MinorVersion": "1",
    "BuildVersion": "2176",
    "RevisionVersion": "2",
    "Protocol": "Owa",
    "UrlHost": "mail.harbour.example",
    "UrlStem": "/owa/",
    "ClientIpAddress": "203.0.113.9",
    "ServerHostName": "MX1",
    "HttpStatus": "200",
    "Method": "GET",
}
"""The rest of a planted row."""
PROBE_MARKS = (b"AMProbe", b"HealthMailbox", b"healthcheck.htm", b"MapiHttpClient", b"MSRPC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One kind of file: what stands first, and the rows to draw from, without their times."""

    path: str
    day_format: str
    kind: str
    head: bytes
    columns: list[str]
    rows: list[bytes]
    time_format: str
    with_request_id: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """Where a row stands that the rule `slug` must match."""

    slug: str
    path: str
    line: int


@dataclass(kw_only=True)
class Written:
    """What was written: numbers of files, rows and bytes, and where the planted rows are."""

    files: list[Path] = field(default_factory=list)
    rows: int = 0
    size_bytes: int = 0
    planted: list[Planted] = field(default_factory=list)


def main() -> int:
    """Write the logs and say what was written."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--iis", type=int, default=1024, help="MiB of IIS logs (default 1024)")
    parser.add_argument("--httpproxy", type=int, default=1024, help="MiB of HttpProxy logs")
    parser.add_argument("--seed", default="bench")
    arguments = parser.parse_args()
    sizes = {"iis": arguments.iis, "httpproxy": arguments.httpproxy}
    told = generate(arguments.folder, mib=sizes, seed=arguments.seed)
    print(f"{len(told.files)} files, {told.rows} rows, {told.size_bytes} bytes")
    return 0


def generate(
    folder: Path, *, mib: Mapping[str, int], rules: Sequence[Made] = (), seed: str = "bench"
) -> Written:
    """Write so many MiB of each kind (``iis``, ``httpproxy``) below `folder`.

    `rules` are of these kinds; the row that each of them must match is planted once.
    """
    attack = attack_rows()
    kinds = [log for log in kinds_of_logs(seed) if mib.get(log.kind)]
    told = Written()
    plots = [(day, log) for day in range(DAYS) for log in kinds]
    share = {name: sum(log.kind == name for _, log in plots) for name in mib}
    wanted = {name: [rule for rule in rules if WEB[name] is rule.kind] for name in mib}
    met: Counter[str] = Counter()
    for day_number, log in plots:
        day = FIRST_DAY + timedelta(days=day_number)
        path = folder / log.path.replace("DAY", day.strftime(log.day_format))
        path.parent.mkdir(parents=True, exist_ok=True)
        here = wanted[log.kind][met[log.kind] :: share[log.kind]]
        met[log.kind] += 1
        with path.open("wb") as file:
            rows = write_log(file, log, day, mib[log.kind] * MIB // share[log.kind], here)
            told.planted += [
                Planted(slug=slug, path=path.relative_to(folder).as_posix(), line=line)
                for slug, line in rows.planted
            ]
            told.rows += rows.count
            if day_number == DAYS // 2 and "/Ecp/" in log.path:
                file.write(attack)
                told.rows += attack.count(b"\n")
        told.files.append(path)
        told.size_bytes += path.stat().st_size
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """How many rows a file got, and the rule and line of those that were planted."""

    count: int
    planted: list[tuple[str, int]]


def write_log(
    file: BinaryIO, log: Log, day: datetime, size_bytes: int, rules: Sequence[Made] = ()
) -> Rows:
    """Fill one file up to `size_bytes` with rows in the order of time."""
    pool, count = log.rows, len(log.rows)
    mean_bytes = sum(map(len, pool)) / count + len(log.time_format) + 8
    expected = max(1, round(size_bytes / mean_bytes))
    step = timedelta(days=1) / (expected + 1)
    to_plant = [(rule.slug, planted_row(log, rule)) for rule in reversed(rules)]
    every = max(1, expected // (len(to_plant) + 1))
    lines = log.head.count(b"\n")
    time, number, written = day, 0, file.write(log.head)
    block: list[bytes] = []
    planted: list[tuple[str, int]] = []
    while written < size_bytes or to_plant:
        number += 1
        row = pool[number * 7919 % count]
        if to_plant and number % every == 0:
            slug, row = to_plant.pop()
            planted.append((slug, lines + number))
        row = start_of(log, time, day, number) + row
        written += len(row)
        block.append(row)
        time = min(time + step, day + timedelta(hours=23, minutes=59, seconds=59))
        if len(block) == POOL:
            file.writelines(block)
            block.clear()
    file.writelines(block)
    return Rows(count=number, planted=planted)


def start_of(log: Log, time: datetime, day: datetime, number: int) -> bytes:
    """A row's time, and for HttpProxy its request id."""
    start = time.strftime(log.time_format).encode()
    if not log.with_request_id:
        return start
    milliseconds = time.microsecond // 1000
    return start + b"%03dZ,%08x-0000-4000-8000-%012x" % (milliseconds, day.toordinal(), number)


def planted_row(log: Log, rule: Made) -> bytes:
    """A row with the values of the event that `rule` must match, without its start."""
    values = {COLUMN_OF.get(name, name): value for name, value in rule.event.items()}
    if not log.with_request_id:
        cells = [values.get(name, DEFAULTS.get(name, "-")) for name in log.columns[2:]]
        return f" {' '.join(cells)}\r\n".encode()
    cells = [values.get(name, DEFAULTS.get(name, "")) for name in log.columns[2:]]
    return f",{','.join(quoted(cell) for cell in cells)}\r\n".encode()


def quoted(cell: str) -> str:
    """One cell of a CSV row."""
    return '"' + cell.replace('"', '""') + '"' if any(one in cell for one in ',"') else cell


def kinds_of_logs(seed: str) -> Iterator[Log]:
    """IIS's two sites and HttpProxy's protocols, each with rows to draw from."""
    recipe = read_recipe("quiet")
    by_log: dict[tuple[str, str], list[Row]] = {}
    for row in play(recipe, read_ordinary()).rows:
        if row.log in ("http_proxy", "iis_front", "iis_back"):
            by_log.setdefault((row.log, row.stream), []).append(row)
    for (log, stream), rows in sorted(by_log.items()):
        is_proxy = log == "http_proxy"
        day_format = "%Y%m%d" if is_proxy else "%y%m%d"
        file = next(iter(log_files(rows[:1], recipe.server)))
        day = rows[0].time.strftime(day_format)
        head = file.content.rpartition(rows[0].text.encode())[0]
        fields = head.rpartition(b"#Fields:")[2].decode().strip()
        yield Log(
            kind="httpproxy" if is_proxy else "iis",
            columns=fields.split("," if is_proxy else " "),
            path=file.path.replace(":", "").replace(day, "DAY"),
            day_format=day_format,
            head=head,
            rows=mix(log, rows, Dice(f"{seed}/{log}/{stream}")),
            time_format="%Y-%m-%dT%H:%M:%S." if is_proxy else "%Y-%m-%d %H:%M:%S",
            with_request_id=is_proxy,
        )


def mix(log: str, rows: list[Row], dice: Dice) -> list[bytes]:
    """Rows without their times and ids, probes and people in the share that we want."""
    cut = (
        len("2021-01-01T00:00:00.000Z,") + 36
        if log == "http_proxy"
        else len("2021-01-01 00:00:00")
    )
    texts = [row.text.encode()[cut:].replace(SHORT, LONG) + b"\r\n" for row in rows]
    probes = [text for text in texts if any(mark in text for mark in PROBE_MARKS)]
    people = [text for text in texts if not any(mark in text for mark in PROBE_MARKS)]
    return [
        dice.pick(probes or people)
        if dice.number(1, 100) <= PROBES_OF_100
        else dice.pick(people or probes)
        for _ in range(POOL)
    ]


def attack_rows() -> bytes:
    """The forged requests of the compromised sample, as they stand in HttpProxy."""
    recipe = read_recipe("compromised")
    scenes = tuple(scene for scene in recipe.scenes if "becomes administrator" in scene.title)
    only = msgspec.structs.replace(recipe, scenes=scenes, use=(), kept=())
    played = play(only, read_ordinary())
    rows = [row.text for row in played.rows if row.log == "http_proxy"]
    day = f"{FIRST_DAY + timedelta(days=DAYS // 2):%Y-%m-%d}"
    after_all_others = [f"{day}T23:59:59.{990 + n}Z" for n in range(len(rows))]
    cut = len(after_all_others[0])
    moved = [time + row[cut:] for time, row in zip(after_all_others, rows, strict=True)]
    return "".join(f"{row}\r\n" for row in moved).encode()


if __name__ == "__main__":
    sys.exit(main())
