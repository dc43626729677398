"""How fast the probe itself is, on loopback and without the limits that a scope must have.

    python -m bench.probe [--hosts 10000]

Each host is an address of 127.0.0.0/8, served by a process of its own (`bench.probe_server`).
Hosts and requests per second, CPU time and peak memory are those of the probe. In the field the
limits of the scope decide the speed, and not this.
"""

from __future__ import annotations

import argparse
import datetime as dt
import ipaddress
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.self_signed import self_signed
from bench.settings import ROOT
from tocsin.probe.journal import Done
from tocsin.probe.run import Run, probe
from tocsin.probe.scope import Authorisation, Contact, Limits, Scope
from tocsin.probe.targets import Targets
from tocsin.report import jsontext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.probe.rows import Row

FIRST = ipaddress.IPv4Address("127.1.0.0")
NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
PARTS = {
    "one GET a host, without TLS": ("http", 1, True),
    "five GETs a host, without TLS": ("http", 1, False),
    "nine GETs and five TLS handshakes a host": ("https", 5, False),
}
SHARES = {"https": 10}
"""Handshakes cost the server, too: so many times fewer hosts."""


@dataclass(slots=True)
class Counter:
    """Takes rows and lines as the command line does, and keeps their number alone."""

    hosts: int = 0
    builds: int = 0
    requests: int = 0

    def found(self, rows: Sequence[Row]) -> None:
        self.builds += sum(row.build is not None for row in rows)
        self.requests += sum(row.answers for row in rows)
        for row in rows:
            jsontext.line(row)

    def advance(self) -> None:
        self.hosts += 1

    def write(self, _: bytes, /) -> None:
        """The audit log."""


def main() -> int:
    """Run each part in a process of its own, so that its memory is its own; 1 if one was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        return one_part(arguments.part, arguments.hosts)
    codes = []
    for part, (scheme, _, _) in PARTS.items():
        hosts = arguments.hosts // SHARES.get(scheme, 1)
        command = [sys.executable, "-m", "bench.probe", "--part", part, "--hosts", str(hosts)]
        codes.append(subprocess.run(command, check=False, cwd=ROOT).returncode)
    return max(codes)


def one_part(part: str, hosts: int) -> int:
    """Serve, probe, and print a line."""
    scheme, samples, short = PARTS[part]
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "bench.probe_server"]
        words += ["--short"] if short else []
        words += (
            ["--tls", str(self_signed(Path(folder), "mail.example.org"))]
            if scheme == "https"
            else []
        )
        with subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as server:
            if server.stdout is None or server.stdin is None:
                raise TypeError("pipes were asked for")
            counter = Counter()
            run = run_over(hosts, (int(server.stdout.readline()), scheme), samples, counter)
            started_s, started_cpu_s = time.perf_counter(), time.process_time()
            probe(run)
            took_s = time.perf_counter() - started_s
            cpu_s = time.process_time() - started_cpu_s
            server.stdin.close()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{part}: {counter.hosts:,} hosts in {took_s:.1f} s, "
        f"{counter.hosts / took_s:,.0f} hosts/s, {counter.requests / took_s:,.0f} GETs/s, "
        f"CPU {cpu_s:.1f} s ({1000 * cpu_s / counter.hosts:.1f} ms a host), "
        f"peak {peak_mib:.0f} MiB",
        flush=True,
    )
    if counter.builds != hosts:
        print(f"WRONG: {counter.builds:,} builds of {hosts:,}", flush=True)
    return int(counter.builds != hosts)


def run_over(hosts: int, port: tuple[int, str], samples: int, counter: Counter) -> Run:
    """A run over the first `hosts` addresses, as fast as it can."""
    last = ipaddress.IPv4Address(int(FIRST) + hosts - 1)
    scope = Scope(
        authorisation=Authorisation(
            name="bench",
            organisation="bench",
            reference="loopback",
            first=NOW.date(),
            until=NOW.date(),
        ),
        contact=Contact(mail="bench@example.org", page="https://example.org/scanning"),
        networks=tuple(ipaddress.summarize_address_range(FIRST, last)),
        names={},
        ports=(port,),
        opt_out_networks=(),
        opt_out_names=frozenset(),
        limits=Limits(per_host=1e9, overall=1e9, samples=samples, at_once=64, timeout_s=60),
        sha256="",
    )
    targets = Targets(scope)
    return Run(
        scope=scope,
        targets=targets,
        done=Done(len(targets)),
        seed=1,
        version="bench",
        audit=counter,
        listener=counter,
        now=lambda: NOW,
    )


if __name__ == "__main__":
    sys.exit(main())
