"""The boundary: every address is asked about, and only what the scope holds gets through."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.probe.probing import scope
from tocsin.probe.addresses import address_set
from tocsin.probe.boundary import Refusal, boundary_of

NAMES = {
    "inside.example.org": (frozenset[ipaddress.IPv4Address | ipaddress.IPv6Address](), False),
    "own.example.org": (
        frozenset[ipaddress.IPv4Address | ipaddress.IPv6Address](
            [ipaddress.ip_address("203.0.113.4")]
        ),
        False,
    ),
    "anywhere.example.org": (
        frozenset[ipaddress.IPv4Address | ipaddress.IPv6Address](),
        True,
    ),
}
BOUNDARY = boundary_of(
    scope(
        "192.0.2.0/24",
        "2001:db8::/120",
        "10.0.0.5/32",
        ports=[(443, "https")],
        names=NAMES,
        opt_out=["192.0.2.128/25", "2001:db8::7/128"],
        opt_out_names=["gone.example.org"],
    )
)


@pytest.mark.parametrize(
    ("address", "name", "expected"),
    [
        ("192.0.2.1", None, None),
        ("192.0.2.1", "whatever.example.net", None),
        ("10.0.0.5", None, None),
        ("10.0.0.6", None, Refusal.OUTSIDE),
        ("192.0.3.1", None, Refusal.OUTSIDE),
        ("192.0.2.200", None, Refusal.OPTED_OUT),
        ("2001:db8::8", None, None),
        ("2001:db8::7", None, Refusal.OPTED_OUT),
        ("192.0.2.1", "gone.example.org", Refusal.OPTED_OUT),
        ("192.0.2.1", "mail.gone.example.org", Refusal.OPTED_OUT),
        ("192.0.2.1", "notgone.example.org", None),
        ("192.0.2.1", "inside.example.org", None),
        ("198.51.100.1", "inside.example.org", Refusal.OUTSIDE),
        ("203.0.113.4", "own.example.org", None),
        ("203.0.113.4", "inside.example.org", Refusal.OUTSIDE),
        ("203.0.113.4", None, Refusal.OUTSIDE),
        ("8.8.8.8", "anywhere.example.org", None),
        ("10.1.2.3", "anywhere.example.org", Refusal.NOT_PUBLIC),
        ("127.0.0.1", "anywhere.example.org", Refusal.NOT_PUBLIC),
        ("169.254.169.254", "anywhere.example.org", Refusal.NO_HOST),
        ("::ffff:127.0.0.1", "anywhere.example.org", Refusal.NO_HOST),
        ("64:ff9b::7f00:1", "anywhere.example.org", Refusal.NO_HOST),
        ("192.0.2.129", "anywhere.example.org", Refusal.OPTED_OUT),
    ],
)
def test_what_may_be_asked(address: str, name: str | None, expected: Refusal | None) -> None:
    assert expected == BOUNDARY.refusal(ipaddress.ip_address(address), name)


addresses = st.ip_addresses(v=4) | st.ip_addresses(v=6)


@given(st.lists(addresses, max_size=5), st.lists(st.integers(0, 32), min_size=5), addresses)
def test_a_set_holds_what_its_networks_hold(
    starts: list[ipaddress.IPv4Address | ipaddress.IPv6Address],
    lengths: list[int],
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    networks = [
        ipaddress.ip_network(f"{start}/{length}", strict=False)
        for start, length in zip(starts, lengths, strict=False)
    ]
    held = address_set(networks)
    for one in (address, *starts):
        assert any(one in network for network in networks) == (one in held)
