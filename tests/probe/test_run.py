"""A run as a whole: who is refused, when it stops, and what it costs however much there is."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.probe.probing import NOW, Result, made, resolver, run, scope
from tests.probe.servers import Ask, Servers, Site, exchange, reply, serving
from tocsin.errors import UsageError
from tocsin.probe.run import probe
from tocsin.probe.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tocsin.probe.addresses import Address
    from tocsin.probe.rows import Row

pytestmark = pytest.mark.allow_hosts(["127.0.0.0/8", "::1"])

NONE: frozenset[Address] = frozenset()
LOOPBACK = ipaddress.ip_address("127.0.0.1")
ROOT = Path(__file__).resolve().parents[2]
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def test_a_name_is_asked_by_its_name_at_the_address_that_was_checked() -> None:
    with serving(site := Site(exchange())):
        asked = scope(
            "127.0.0.0/24", ports=[(site.port, "http")], names={"mail.example.org": (NONE, False)}
        )
        asked = msgspec.structs.replace(
            asked, networks=(), names={"mail.example.org": (frozenset({LOOPBACK}), False)}
        )
        [row] = run(asked, resolve=resolver(mail_example_org=["127.0.0.1"])).rows

    assert ("mail.example.org", "mail.example.org", "127.0.0.1", "15.2.792.15") == (
        row.target, row.hostname, row.ip, row.build,
    )  # fmt: skip
    assert {f"mail.example.org:{site.port}"} == {one.headers["Host"] for one in site.asked}


def test_a_name_is_asked_at_each_address_that_may_be_asked_and_no_other() -> None:
    with Servers() as servers:
        servers.start(site := Site(exchange()), host="0.0.0.0")  # noqa: S104 all of loopback, in a test
        asked = scope(
            "127.0.0.1/32",
            "127.0.0.3/32",
            ports=[(site.port, "http")],
            names={"mail.example.org": (NONE, False)},
            opt_out=["127.0.0.3"],
        )
        result = run(
            asked, resolve=resolver(mail_example_org=["127.0.0.1", "127.0.0.2", "127.0.0.3"])
        )

    assert {"127.0.0.1"} == {one.local for one in site.asked}
    assert [
        ("127.0.0.3", "127.0.0.3", "opted_out"),
        ("mail.example.org", "127.0.0.2", "outside"),
        ("mail.example.org", "127.0.0.3", "opted_out"),
    ] == sorted((one["target"], one["ip"], one["why"]) for one in result.decisions("refused"))
    assert {"outside": 1, "opted_out": 2} == result.tally.refused


def test_a_name_without_an_address_is_refused_with_a_line() -> None:
    asked = scope(ports=[(443, "https")], names={"gone.example.org": (NONE, True)})
    result = run(asked)

    assert [("gone.example.org", None, "unresolved")] == [
        (one["target"], one["ip"], one["why"]) for one in result.decisions("refused")
    ]
    assert [] == result.rows


def test_a_name_that_opted_out_is_not_even_looked_up() -> None:
    async def never(name: str) -> tuple[Address, ...]:
        raise AssertionError(name)

    asked = scope(
        ports=[(443, "https")],
        names={"mail.gone.example.org": (NONE, True)},
        opt_out_names=["gone.example.org"],
    )
    result = run(asked, resolve=never)

    assert ["opted_out"] == [one["why"] for one in result.decisions("refused")]


def test_only_the_last_row_of_a_name_with_two_addresses_says_so() -> None:
    with Servers() as servers:
        servers.start(site := Site(exchange()), host="0.0.0.0")  # noqa: S104 all of loopback, in a test
        own = frozenset(ipaddress.ip_address(f"127.0.0.{number}") for number in (1, 2))
        asked = scope(ports=[(site.port, "http")], names={"a.example.org": (own, False)})
        result = run(asked, resolve=resolver(a_example_org=["127.0.0.1", "127.0.0.2"]))

    assert [("127.0.0.1", False), ("127.0.0.2", True)] == [
        (row.ip, row.last) for row in result.rows
    ]


@pytest.mark.parametrize("now", ["2026-10-31T12:00:00+00:00", "2027-01-01T00:00:00+00:00"])
def test_outside_of_its_dates_nothing_is_sent(now: str) -> None:
    with serving(site := Site(exchange())):
        result = run(
            scope("127.0.0.1/32", ports=[(site.port, "http")]),
            now=lambda: dt.datetime.fromisoformat(now),
        )

    assert [] == site.asked
    assert result.tally.stopped is not None
    assert ["start", "end"] == [one["decision"] for one in result.audit]


def test_where_the_authorisation_ends_in_the_middle_so_does_the_run() -> None:
    asked_so_far: list[Ask] = []

    def now() -> dt.datetime:
        late = len(asked_so_far) >= 3
        return dt.datetime(2027, 1, 1, tzinfo=dt.UTC) if late else NOW

    def page(ask: Ask) -> bytes:
        asked_so_far.append(ask)
        return reply(200, X_FEServer="EX01")

    with serving(site := Site(dict.fromkeys(exchange(), page))):
        result = run(scope("127.0.0.1/32", ports=[(site.port, "http")]), now=now)

    assert 3 == len(site.asked)
    # What was cut short is not done, so that a renewed authorisation asks it again.
    assert [] == result.rows
    assert "the authorisation ended with 2026-12-31" == result.tally.stopped
    assert result.tally.stopped == result.audit[-1]["why"]


def test_a_listener_that_cannot_write_ends_the_run_and_the_log_says_why() -> None:
    class Full(Result):
        def found(self, rows: Sequence[Row]) -> None:
            raise UsageError(f"no room for {len(rows)} row", where="--output")

    result = Full()
    with serving(site := Site(exchange())):
        asked = scope("127.0.0.1/32", ports=[(site.port, "http")])
        with pytest.raises(UsageError, match="no room"):
            probe(made(asked_of := Targets(asked), asked, result))

    assert 1 == len(asked_of)
    assert "--output: no room for 1 row" == result.audit[-1]["why"]


def test_what_is_done_is_not_asked_again() -> None:
    with Servers() as servers:
        servers.start(site := Site(exchange()), host="0.0.0.0")  # noqa: S104 all of loopback, in a test
        asked = scope("127.0.0.0/30", ports=[(site.port, "http")])
        targets, result = Targets(asked), Result()
        one = made(targets, asked, result)
        for number in range(len(targets)):
            if targets[number].text != "127.0.0.2":
                one.done.add(number)
        probe(one)

    assert ["127.0.0.2"] == [row.ip for row in result.rows]
    assert 4 == one.done.count


class Kept(Result):
    """Counts instead of keeping, and looks at the memory of the process now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.builds = 0
        self.peak_bytes = 0

    def found(self, rows: Sequence[Row]) -> None:
        self.builds += sum(row.build is not None for row in rows)

    def advance(self) -> None:
        super().advance()
        if self.finished % 100 == 0:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self.peak_bytes = max(self.peak_bytes, pages * PAGE_BYTES)

    def write(self, _: bytes, /) -> None:
        pass


@pytest.fixture
def thousands() -> Iterator[int]:
    """The port of a process that serves every address of loopback, apart from our memory.

    A host of its wants to be left alone for an hour: a build, and one request.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "bench.probe_server", "--short"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield int(server.stdout.readline())
        server.stdin.close()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc to read memory from")
def test_ten_thousand_hosts_cost_no_more_memory_than_a_thousand(thousands: int) -> None:
    few = peak_of(thousands, 1_000)
    many = peak_of(thousands, 10_000)

    # Ten kilobytes for each further host would be ninety megabytes.
    assert many - few < 8 * 2**20, f"{few:,} bytes for a thousand hosts, {many:,} for ten"


def peak_of(port: int, hosts: int) -> int:
    """The most memory that the process had during a run over so many loopback addresses."""
    first = ipaddress.IPv4Address("127.1.0.0")
    last = ipaddress.IPv4Address(int(first) + hosts - 1)
    networks = [str(one) for one in ipaddress.summarize_address_range(first, last)]
    asked = scope(*networks, ports=[(port, "http")])
    result = Kept()
    probe(made(Targets(asked), asked, result))
    assert (hosts, hosts) == (result.finished, result.builds)
    return result.peak_bytes
