"""Addresses that stand for many clients."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.events.format import all_formats
from tocsin.findings.addresses import Addresses
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath

FORM = all_formats()["iis"]
FILE = Artefact(path=EvidencePath.plain("u_ex.log"), format="iis", size_bytes=1)


def shown(rows: list[tuple[str, str]], kind: str = "iis:frontend") -> Addresses:
    addresses = Addresses()
    for client, agent in rows:
        fields = {"c-ip": client, "cs(User-Agent)": agent}
        event = Event(time=None, place=1, fields=fields, text="")
        addresses.row(FILE, FORM, kind, event)
    return addresses


def seen(rows: list[tuple[str, str]], kind: str = "iis:frontend") -> frozenset[str]:
    return shown(rows, kind).shared()


def test_an_address_with_many_user_agents_stands_for_many() -> None:
    rows = [("10.0.0.5", f"agent {n}") for n in range(20)]
    assert frozenset({"10.0.0.5"}) == seen(rows)


def test_an_address_that_brings_most_requests_stands_for_many() -> None:
    rows = [("10.0.0.5", "probe")] * 300 + [("192.0.2.7", "browser")] * 50
    assert frozenset({"10.0.0.5"}) == seen(rows)


def test_a_busy_client_from_outside_stands_for_itself() -> None:
    assert frozenset() == seen([("198.51.100.7", "scanner")] * 300)


def test_clients_that_come_by_themselves_stand_for_themselves() -> None:
    rows = [(f"192.0.2.{n}", "browser") for n in range(1, 200)] * 2
    assert frozenset() == seen(rows)


def test_a_few_rows_prove_nothing() -> None:
    assert frozenset() == seen([("192.0.2.7", "python-requests")] * 8)


def test_whoever_asks_the_back_end_is_a_front_end() -> None:
    assert frozenset({"10.0.0.9"}) == seen([("10.0.0.9", "browser")], kind="iis:backend")


def test_this_machine_is_no_load_balancer() -> None:
    assert frozenset() == seen([("::1", "AMProbe")] * 500)


@given(
    first=st.sets(st.integers(0, 25), min_size=1), second=st.sets(st.integers(0, 25), min_size=1)
)
@example(first=set(range(11)), second={*range(11), 12})
def test_user_agents_of_two_files_count_once_and_all_of_them(
    first: set[int], second: set[int]
) -> None:
    """Those that both files have must not take the places of those that are new."""
    parts = [[("10.0.0.5", f"agent {n}") for n in sorted(part)] for part in (first, second)]
    together = Addresses()
    for part in parts:
        together.absorb(shown(part))
    assert seen(parts[0] + parts[1]) == together.shared()
