"""Write large logs that look like a server's: IIS and HttpProxy, mostly its own health probes.

    python bench/generate.py FOLDER [--mib 1024] [--seed word]

Half is IIS (one file a day), half is HttpProxy (one file for each protocol and day), as on a
server that keeps eight days. The rows come from the same recipes as the samples, so they have the
real formats; 86 of 100 are probes, the share that a capture of a customer's server showed (the
load generator of Nico77600/ExchangeLogReport). One attack from the recipe of the compromised
server stands in the middle, so that a fast hunt which finds nothing is seen to be wrong.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tocsin.samples.dice import Dice
from tocsin.samples.logs import log_files
from tocsin.samples.play import play
from tocsin.samples.recipe import read_ordinary, read_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

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
PROBE_MARKS = (b"AMProbe", b"HealthMailbox", b"healthcheck.htm", b"MapiHttpClient", b"MSRPC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One kind of file: what stands first, and the rows to draw from, without their times."""

    path: str
    day_format: str
    head: bytes
    rows: list[bytes]
    time_format: str
    with_request_id: bool


def main() -> int:
    """Write the logs and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mib", type=int, default=1024, help="total size (default 1024)")
    parser.add_argument("--seed", default="bench")
    arguments = parser.parse_args()
    files, rows = generate(arguments.folder, mib=arguments.mib, seed=arguments.seed)
    print(f"{files} files, {rows} rows, {arguments.mib} MiB in {arguments.folder}")
    return 0


def generate(folder: Path, *, mib: int, seed: str = "bench") -> tuple[int, int]:
    """Write `mib` MiB below `folder`; how many files and rows that were."""
    attack = attack_rows()
    kinds = list(kinds_of_logs(seed))
    files = rows = 0
    for day_number in range(DAYS):
        day = FIRST_DAY + timedelta(days=day_number)
        for log in kinds:
            share = sum(other.with_request_id == log.with_request_id for other in kinds)
            path = folder / log.path.replace("DAY", day.strftime(log.day_format))
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                rows += write_log(file, log, day, mib * MIB // (2 * DAYS * share))
                if day_number == DAYS // 2 and "/Ecp/" in log.path:
                    file.write(attack)
                    rows += attack.count(b"\n")
            files += 1
    return files, rows


def write_log(file: BinaryIO, log: Log, day: datetime, size_bytes: int) -> int:
    """Fill one file up to `size_bytes` with rows in the order of time; how many there are."""
    pool, count = log.rows, len(log.rows)
    mean_bytes = sum(map(len, pool)) / count + len(log.time_format) + 8
    step = timedelta(days=1) / max(1, round(size_bytes / mean_bytes) + 1)
    time, number, written = day, 0, file.write(log.head)
    block: list[bytes] = []
    while written < size_bytes:
        number += 1
        start = time.strftime(log.time_format).encode()
        if log.with_request_id:
            start += b"%03dZ,%08x-0000-4000-8000-%012x" % (
                time.microsecond // 1000,
                day.toordinal(),
                number,
            )
        row = start + pool[number * 7919 % count]
        written += len(row)
        block.append(row)
        time = min(time + step, day + timedelta(hours=23, minutes=59, seconds=59))
        if len(block) == POOL:
            file.writelines(block)
            block.clear()
    file.writelines(block)
    return number


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
        yield Log(
            path=file.path.replace(":", "").replace(day, "DAY"),
            day_format=day_format,
            head=file.content.rpartition(rows[0].text.encode())[0],
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
