"""How long it takes to name owners, to judge rows and to merge hosts.

    .venv/bin/python -m bench.owners                    a million rows, 50,000 networks
    .venv/bin/python -m bench.owners --rows 100000      less of it

The list and the rows are invented, with a seed. Every answer whose truth is known by how its row
was made is checked: the exit code is 1 where one is wrong. Seconds are of one processor, and
making the rows is not counted.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import random
import resource
import sys
import time
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from tocsin.campaign.constituency import read_constituency
from tocsin.campaign.exposure import exploited_cves, judge
from tocsin.campaign.gathering import Hosts
from tocsin.campaign.merge import merged
from tocsin.campaign.observation import Method, Observation
from tocsin.campaign.owners import Owners, clues_of
from tocsin.campaign.totals import Totals
from tocsin.knowledge.builds import all_builds

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 7
START = datetime(2026, 11, 1, tzinfo=UTC)
BATCH = 10_000
NETWORKS, DOMAINS, ORGANISATIONS = 50_000, 20_000, 10_000


def main() -> int:
    """Measure each step, print it, and check what is known."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--hosts", type=int, default=100_000)
    asked = parser.parse_args()
    began = time.process_time()
    owners = Owners(read_constituency(listed(), "list.json"))
    seconds = time.process_time() - began
    print(f"list of {NETWORKS:,} networks and {DOMAINS:,} domains: {seconds:.1f} s")
    wrong = measure_owners(owners, asked.rows, asked.hosts)
    measure_judging(asked.rows, asked.hosts)
    measure_merging(asked.rows, asked.hosts)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"largest memory of this process: {peak:,.0f} MiB")
    return 1 if wrong else 0


def listed() -> bytes:
    """Organisations, each with networks and domains of its own; every tenth inside another's."""
    items = []
    for at in range(ORGANISATIONS):
        networks = [network(5 * at + part) for part in range(NETWORKS // ORGANISATIONS)]
        if at % 10 == 0:
            inside = ipaddress.ip_network(network(5 * (at + 1)))
            networks.append(f"{inside.network_address + 64}/28")
        domains = [f"org{at}-{part}.example" for part in range(DOMAINS // ORGANISATIONS)]
        items.append({"organisation": f"Org {at}", "networks": networks, "domains": domains})
    return json.dumps(items).encode()


def network(at: int) -> str:
    """Four of five are IPv4."""
    if at % 5 == 4:
        return f"2001:db8:{at:x}::/48"
    return f"{ipaddress.ip_address(0x0A000000 + at * 256)}/24"


def rows(count: int, hosts: int) -> Iterator[tuple[Observation, str | None]]:
    """Rows in the manner of Shadowserver, and who owns each where that is known."""
    dice = random.Random(SEED)
    builds = [".".join(one.text.split(".")[:3]) for one in all_builds() if one.number[0] == 15]
    made: list[tuple[str, str | None, str | None]] = [host(dice, at) for at in range(hosts)]
    for number in range(count):
        ip, name, owner = made[number % hosts]
        build = builds[number % hosts % len(builds)]
        yield (
            Observation(
                feed="shadowserver",
                file=f"day-{number // hosts}",
                file_sha256=f"day-{number // hosts}",
                row=number % hosts + 1,
                time_utc=START + timedelta(days=number // hosts, seconds=number % hosts // 10),
                ip=ip,
                port=443,
                hostname=name,
                server_name=f"EX{number % hosts}",
                asn=64496 + number % 16,
                country="NL",
                builds=((build, Method.FEED_VERSION),),
                tags=("exchange",),
            ),
            owner,
        )


def host(dice: random.Random, at: int) -> tuple[str, str | None, str | None]:
    """In somebody's network, known by a domain, under a provider's name, or nobody's."""
    kind = at % 4
    org = dice.randrange(1, ORGANISATIONS)
    if kind == 0 and org % 10 not in {0, 1}:  # not where another one's network lies inside
        inside = ipaddress.ip_network(network(5 * org + dice.randrange(5)))
        return str(inside.network_address + dice.randrange(1, 250)), None, f"Org {org}"
    ip = str(ipaddress.ip_address(0xC6120000 + dice.randrange(2**17)))
    if kind == 1:
        return ip, f"mail.dept.org{org}-1.example", f"Org {org}"
    if kind == 2:
        return ip, f"host-{ip.replace('.', '-')}.dsl.provider.example", ""
    return ip, None, ""


def measure_owners(owners: Owners, count: int, hosts: int) -> int:
    """Name the owner of each row, and count the wrong answers."""
    seconds, wrong = 0.0, 0
    for batch in batches(count, hosts):
        clues = [clues_of(row) for row, _ in batch]
        began = time.process_time()
        found = [owners.of(one).constituent for one in clues]
        seconds += time.process_time() - began
        for one, (_, expected) in zip(found, batch, strict=True):
            name = one.organisation if one is not None else ""
            wrong += expected is not None and name != expected
    rate("owners", count, seconds)
    print(f"  wrong: {wrong:,}")
    return wrong


def measure_judging(count: int, hosts: int) -> None:
    """Judge each row by what is known to be exploited."""
    cves, seconds = exploited_cves(), 0.0
    for batch in batches(count, hosts):
        began = time.process_time()
        for row, _ in batch:
            judge(row, cves)
        seconds += time.process_time() - began
    rate(f"status of {len(cves)} CVEs", count, seconds)


def measure_merging(count: int, hosts: int) -> None:
    """Gather rows by host, then merge each host and count it."""
    kept, seconds = Hosts(), 0.0
    for batch in batches(count, hosts):
        began = time.process_time()
        for row, _ in batch:
            kept.add(row)
        seconds += time.process_time() - began
    rate("gathering by host", count, seconds)
    cves = exploited_cves()
    totals = Totals(cves)
    began = time.process_time()
    for one in merged(kept, cves, on=date(2026, 11, 24)):
        totals.take(one)
    rate("merging and counting", len(kept), time.process_time() - began, "hosts")
    found = totals.together
    print(f"  red {found.red:,}, yellow {found.yellow:,}, green {found.green:,}")


def batches(count: int, hosts: int) -> Iterator[list[tuple[Observation, str | None]]]:
    """The rows, some at a time: never all of them in memory."""
    every = rows(count, hosts)
    while batch := list(islice(every, BATCH)):
        yield batch


def rate(what: str, count: int, seconds: float, unit: str = "rows") -> None:
    """Print a line."""
    print(f"{what}: {seconds:.1f} s, {count / seconds:,.0f} {unit}/s")


if __name__ == "__main__":
    sys.exit(main())
