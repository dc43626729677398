"""Targets: each once, numbered, in an order that the seed decides, and never in a list."""

from __future__ import annotations

import ipaddress
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.probe.probing import scope
from tocsin.probe.targets import Target, Targets

NONE: frozenset[ipaddress.IPv4Address | ipaddress.IPv6Address] = frozenset()


def made(*networks: str, names: tuple[str, ...] = (), ports: tuple[int, ...] = (443,)) -> Targets:
    return Targets(
        scope(
            *networks,
            names=dict.fromkeys(names, (NONE, False)),
            ports=[(port, "https") for port in ports],
        )
    )


def test_overlapping_networks_and_hosts_are_asked_once() -> None:
    targets = made("192.0.2.0/30", "192.0.2.2/31", "192.0.2.1/32", "2001:db8::/127")

    assert [
        "192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::", "2001:db8::1",
    ] == [targets[number].text for number in range(len(targets))]  # fmt: skip


def test_every_port_and_every_name_is_a_target() -> None:
    targets = made("192.0.2.1/32", names=("b.example.org", "a.example.org"), ports=(443, 8443))

    assert {
        (host, port)
        for host in ("192.0.2.1", "a.example.org", "b.example.org")
        for port in (443, 8443)
    } == {(one.text, one.port) for _, one in targets.in_order(1)}
    assert (3, 6) == (targets.hosts, len(targets))


@given(
    networks=st.lists(
        st.sampled_from(
            ["192.0.2.0/28", "192.0.2.8/29", "10.0.0.0/30", "2001:db8::/125", "2001:db8::4/126"]
        ),
        max_size=4,
    ),
    names=st.lists(st.sampled_from(["a.example.org", "b.example.org"]), max_size=2, unique=True),
    ports=st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True),
    seed=st.integers(0, 2**64),
)
def test_each_comes_once_and_knows_its_number(
    networks: list[str], names: list[str], ports: list[int], seed: int
) -> None:
    targets = made(*networks, names=tuple(names), ports=tuple(ports))
    order = list(targets.in_order(seed))

    assert sorted(number for number, _ in order) == list(range(len(targets)))
    assert [number for number, _ in order] == [targets.number(one) for _, one in order]


def test_the_same_seed_gives_the_same_order_and_another_gives_another() -> None:
    targets = made("192.0.2.0/24")

    first = [number for number, _ in targets.in_order(1)]
    assert first == [number for number, _ in targets.in_order(1)]
    assert first != [number for number, _ in targets.in_order(2)]
    assert first != sorted(first)


@pytest.mark.parametrize(
    "target",
    [
        Target(host=ipaddress.ip_address("192.0.3.1"), port=443, scheme="https"),
        Target(host=ipaddress.ip_address("10.0.0.1"), port=443, scheme="https"),
        Target(host=ipaddress.ip_address("::1"), port=443, scheme="https"),
        Target(host=ipaddress.ip_address("192.0.2.1"), port=443, scheme="http"),
        Target(host=ipaddress.ip_address("192.0.2.1"), port=80, scheme="https"),
        Target(host="other.example.org", port=443, scheme="https"),
    ],
)
def test_what_is_not_in_the_scope_has_no_number(target: Target) -> None:
    assert made("192.0.2.0/24", names=("a.example.org",)).number(target) is None


def test_sixteen_million_addresses_are_begun_with_at_once() -> None:
    targets = made("10.0.0.0/8")

    assert 2**24 == len(targets)
    assert 3 == len({one.text for _, one in islice(targets.in_order(7), 3)})


def test_an_empty_scope_has_nothing_to_ask() -> None:
    assert [] == list(made().in_order(1))
