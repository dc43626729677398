"""Whose host it is: the ladder by hand, and the longest prefix against a naive search."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.campaign.seen import hosts_of, row
from tocsin.campaign.constituency import Constituency, Constituent
from tocsin.campaign.owners import Clues, Owner, Owners, Step, clues_of, clues_of_host
from tocsin.campaign.prefixes import Prefixes
from tocsin.campaign.signs import Sign, SignKind, made_by_machine, provider_in, signs_of
from tocsin.knowledge.providers import all_providers
from tocsin.knowledge.root import using

if TYPE_CHECKING:
    from pathlib import Path

IP = "192.0.2.10"


def constituent(name: str, **more: tuple[str, ...] | tuple[int, ...]) -> Constituent:
    return Constituent(organisation=name, place="line 2", **more)  # type: ignore[arg-type]  # the fields have different types


LADDER = Owners(
    Constituency(
        constituents=(
            constituent("Hand", hosts=("192.0.2.1", "hand.example.com")),
            constituent("Wide", networks=("192.0.2.0/24",)),
            constituent("Long", networks=("192.0.2.0/28", "2001:db8:1::/48")),
            constituent("Cert", domains=("cert.example", "example.net")),
            constituent("Domain", domains=("example.org",)),
            constituent("Deep", domains=("deep.example.org",)),
            constituent("System", asns=(64496,)),
            constituent("Shared1", networks=("198.51.100.0/24",), domains=("one.example",)),
            constituent("Shared2", networks=("198.51.100.0/24",), domains=("two.example",)),
        )
    )
)
ELSEWHERE = "203.0.113.5"


def name_of(owner: Owner) -> str | None:
    return owner.constituent.organisation if owner.constituent else None


@pytest.mark.parametrize(
    ("clues", "organisation", "step", "confidence"),
    [
        (Clues("192.0.2.1", ("mail.example.org",)), "Hand", "manual", "high"),
        (Clues(ELSEWHERE, ("hand.example.com",)), "Hand", "manual", "high"),
        (Clues("192.0.2.9", ("mail.example.org",)), "Long", "network", "high"),
        (Clues("192.0.2.99", (), ("mail.cert.example",)), "Wide", "network", "high"),
        (Clues("2001:db8:1::5"), "Long", "network", "high"),
        (Clues("::ffff:192.0.2.9"), "Long", "network", "high"),
        (Clues(ELSEWHERE, ("mail.example.org",), ("*.cert.example",)), "Cert", "certificate", "medium"),
        (Clues(ELSEWHERE, (), (), ("ex1.cert.example",)), "Cert", "server_name", "medium"),
        (Clues(ELSEWHERE, ("mail.example.org",), (), (), (64496,)), "Domain", "domain", "medium"),
        (Clues(ELSEWHERE, ("mail.deep.example.org",)), "Deep", "domain", "medium"),
        (Clues(ELSEWHERE, ("notexample.org",)), None, "nobody", "low"),
        (Clues(ELSEWHERE, (), (), (), (64496,)), "System", "asn", "low"),
        (Clues(ELSEWHERE), None, "nobody", "low"),
        (Clues(None, ("mail.example.org",)), "Domain", "domain", "medium"),
        # Two claim the network: a name chooses, or nobody is named.
        (Clues("198.51.100.7"), None, "nobody", "low"),
        (Clues("198.51.100.7", ("mail.two.example",)), "Shared2", "network", "high"),
        (Clues("198.51.100.7", ("mail.example.org",)), None, "nobody", "low"),
        # A certificate with names of two: the host name chooses.
        (Clues(ELSEWHERE, (), ("a.one.example", "b.two.example")), None, "nobody", "low"),
        (Clues(ELSEWHERE, ("x.one.example",), ("a.one.example", "b.two.example")), "Shared1", "certificate", "medium"),
        # Signs lower the confidence, and decide nothing.
        (Clues(ELSEWHERE, ("host-203-0-113-5.example.org",)), "Domain", "domain", "low"),
        (Clues("192.0.2.9", (), (), (), (16509,)), "Long", "network", "medium"),
        (Clues("192.0.2.1", (), (), (), (16509,)), "Hand", "manual", "high"),
        (Clues("104.16.0.9", (), ("mail.cert.example",)), "Cert", "certificate", "low"),
    ],
)  # fmt: skip
def test_the_ladder_decides_as_worked_out_by_hand(
    clues: Clues, organisation: str | None, step: str, confidence: str
) -> None:
    owner = LADDER.of(clues)
    assert (organisation, step, confidence) == (name_of(owner), owner.step, owner.confidence)


def test_the_answer_says_what_decided_and_what_else_spoke_for_whom() -> None:
    owner = LADDER.of(Clues("192.0.2.9", ("mail.example.org",), (), (), (64496,)))
    assert "192.0.2.9 lies in 192.0.2.0/28" == owner.reason
    assert [
        (Step.DOMAIN, "Domain", "the host name mail.example.org"),
        (Step.ASN, "System", "AS64496"),
        (Step.NETWORK, "Wide", "192.0.2.9 lies in 192.0.2.0/24, a wider network"),
    ] == [tuple(one) for one in owner.others]


def test_who_shares_a_network_is_told_where_nothing_chooses() -> None:
    owner = LADDER.of(Clues("198.51.100.7"))
    assert "Shared1 and Shared2 claim alike" in owner.reason
    assert ["Shared1", "Shared2"] == [one.organisation for one in owner.others]


def test_the_clues_of_a_host_are_those_of_all_its_rows() -> None:
    rows = [row(hostname="MAIL.example.org.", server="EX1"), row(hostname="owa.example.org")]
    host = hosts_of(rows)["192.0.2.1"]
    assert Clues("192.0.2.1", ("mail.example.org", "owa.example.org"), (), ("ex1",)) == (
        clues_of_host(host.gathered)
    )
    assert Clues("192.0.2.1", ("mail.example.org",), (), ("ex1",)) == clues_of(rows[0])


@pytest.mark.parametrize(
    ("name", "ip", "expected"),
    [
        ("mail.example.org", "192.0.2.10", False),
        ("mail2.example.org", "192.0.2.10", False),
        ("ex01-192.example.org", "192.0.2.10", False),
        ("192-0-2-10.example.net", "192.0.2.10", True),
        ("10.2.0.192.example.net", "192.0.2.10", True),
        ("c000020a.example.net", "192.0.2.10", True),
        ("h192000002010.example.net", "192.0.2.10", True),
        ("pool-17.example.net", "192.0.2.10", True),
        ("p17.dip3.example.net", "192.0.2.10", True),
        ("pool.example.net", "192.0.2.10", False),
        ("static-45.example.net", None, True),
        ("h-1234567890abcdef.example.net", "2001:db8::1234:5678:90ab:cdef", True),
        ("mail.example.org", "2001:db8::1234:5678:90ab:cdef", False),
    ],
)
def test_a_name_that_nobody_chose_is_recognised(name: str, ip: str | None, expected: bool) -> None:
    assert expected is made_by_machine(name, ip)


def test_signs_come_from_the_lists() -> None:
    cdn = next(one for one in all_providers() if one.networks)
    address = str(ipaddress.ip_network(cdn.networks[0])[9])
    found = signs_of(
        address, ("rrcs-98-153-x-x.west.biz.rr.com",), (16509,), ("eol-product", "Honeypot")
    )
    assert [SignKind.PROVIDER_NAME, SignKind.CLOUD, SignKind.CDN, SignKind.DECOY] == [
        one.kind for one in found
    ]


def test_a_column_of_censys_speaks_of_a_decoy() -> None:
    seen = replace(row(), extra=(("truncated", "True"),))
    assert [SignKind.DECOY] == [one.kind for one in LADDER.of(clues_of(seen)).signs]
    host = hosts_of([seen])["192.0.2.1"]
    assert [SignKind.DECOY] == [one.kind for one in LADDER.of(clues_of_host(host.gathered)).signs]


def test_every_provider_names_its_source_and_nothing_twice() -> None:
    domains = [domain for one in all_providers() for domain in one.domains]
    asns = [asn for one in all_providers() for asn in one.asns]
    assert (len(domains), len(asns)) == (len(set(domains)), len(set(asns)))
    assert all(one.source for one in all_providers())


def networks_of(version: int) -> st.SearchStrategy[str]:
    """Crowded into few bits, so that they nest and meet."""
    bits, base = (32, 0xC0000000) if version == 4 else (128, 0x20010DB8 << 96)

    def network(low: int, length: int) -> str:
        address = ipaddress.ip_address(base | low << (bits - 16))
        return str(ipaddress.ip_network((address, length), strict=False))

    return st.builds(network, st.integers(0, 2**8 - 1), st.integers(bits - 24, bits - 8))


@given(
    st.lists(st.one_of(networks_of(4), networks_of(6)), max_size=12),
    st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=20),
)
def test_the_longest_prefix_equals_a_naive_search(networks: list[str], low: list[int]) -> None:
    table = Prefixes((network, at) for at, network in enumerate(networks))
    addresses = [
        address
        for one in low
        for address in (
            ipaddress.ip_address(0xC0000000 | one << 8),
            ipaddress.ip_address((0x20010DB8 << 96) | one << 104),
        )
    ]
    for address in addresses:
        naive = sorted(
            {
                ipaddress.ip_network(one)
                for one in networks
                if ipaddress.ip_address(address) in ipaddress.ip_network(one)
            },
            key=lambda one: -one.prefixlen,
        )
        found = table.holding(str(address))
        assert [str(one) for one in naive] == [held.network for held in found]
        assert all(networks[at] == held.network for held in found for at in held.values)


def test_text_that_is_no_address_lies_nowhere() -> None:
    assert () == Prefixes([("192.0.2.0/24", 1)]).holding("mail.example.org")


def test_knowledge_from_before_these_lists_takes_those_of_this_release(tmp_path: Path) -> None:
    with using(tmp_path):
        assert all_providers()


def test_the_provider_is_who_stands_in_front_else_who_rents_it_out_else_who_connects_it() -> None:
    access = Sign(SignKind.PROVIDER_NAME, "AS64496 is Access", "Access")
    cloud = Sign(SignKind.CLOUD, "192.0.2.0/24 is Cloud", "Cloud")
    front = Sign(SignKind.CDN, "192.0.2.0/24 is Front", "Front")
    by_hand = Sign(SignKind.PROVIDER_NAME, "192-0-2-1.example was made from an address")

    assert provider_in([access, cloud, front]) == "Front"
    assert provider_in([access, cloud]) == "Cloud"
    assert provider_in([access]) == "Access"
    assert provider_in([by_hand]) is None
