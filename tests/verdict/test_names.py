"""Names are taken from typed columns; whose they are is said by the rows together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.events.format import all_formats
from tocsin.model.event import Event
from tocsin.verdict import names as module
from tocsin.verdict.names import NameCollector

if TYPE_CHECKING:
    from tocsin.model.artefact import Artefact
    from tocsin.model.names import Names

ARTEFACT: Artefact = None  # type: ignore[assignment]  # a name does not depend on its file


def taken(*rows: tuple[str, dict[str, str]]) -> Names:
    collector = NameCollector()
    for form, fields in rows:
        event = Event(time=None, place=1, fields=fields, text="")
        collector.row(ARTEFACT, all_formats()[form], form, event)
    return collector.taken()


def user(value: str) -> Names:
    return taken(("httpproxy", {"AuthenticatedUser": value}))


@pytest.mark.parametrize(
    ("value", "users", "netbios", "hosts", "domains"),
    [
        (r"NORDLYS\anna", {"anna"}, {"NORDLYS"}, set(), set()),
        (r"nordlys.example\anna", {"anna"}, set(), set(), {"nordlys.example"}),
        ("anna@nordlys.example", {"anna"}, set(), set(), {"nordlys.example"}),
        ("anna", {"anna"}, set(), set(), set()),
        (r"NORDLYS\EX01$", set(), {"NORDLYS"}, {"ex01"}, set()),
        ("nordlys.example/Users/Anna Berg", {"Anna Berg"}, set(), set(), {"nordlys.example"}),
        (r"NT AUTHORITY\SYSTEM", set(), set(), set(), set()),
        ("S-1-5-21-1-2-3-500", set(), set(), set(), set()),
        ("", set(), set(), set(), set()),
    ],
)
def test_an_account_is_taken_apart(
    value: str, users: set[str], netbios: set[str], hosts: set[str], domains: set[str]
) -> None:
    found = user(value)
    assert (users, netbios, hosts, domains) == (
        set(found.users),
        set(found.netbios),
        set(found.hosts),
        set(found.domains),
    )


def test_a_hosts_full_name_tells_its_domain_and_the_one_above() -> None:
    found = taken(("evtx", {"Computer": "EX01.ad.nordlys.example"}))
    assert {"ex01"} == found.hosts
    assert {"ad.nordlys.example", "nordlys.example"} == found.domains


@pytest.mark.parametrize(
    ("host", "domains"),
    [
        ("ex01.firm.co.test", {"firm.co.test"}),
        ("ex01.local", {"local"}),
        ("ex01.test", set()),
        ("localhost", set()),
        ("10.0.0.1", set()),
    ],
)
def test_no_whole_top_level_is_taken_for_an_organisations(host: str, domains: set[str]) -> None:
    assert domains == taken(("evtx", {"Computer": host})).domains


def test_a_domain_of_many_recipients_is_ours_and_one_of_few_is_not() -> None:
    rows = [
        ("message_tracking", {"recipient-address": f"user{n}@ours.test;x{n}@ours.test"})
        for n in range(30)
    ]
    found = taken(*rows, ("message_tracking", {"recipient-address": "intruder@theirs.test"}))
    assert {"ours.test"} == found.domains
    assert "user7" in found.users
    assert "intruder" not in found.users


def test_what_most_clients_ask_for_is_the_servers_name_or_address_outside() -> None:
    asked = [("httpproxy", {"UrlHost": "mail.firm.test"})] * 50
    asked += [("httpproxy", {"UrlHost": "198.51.100.4"})] * 20
    found = taken(*asked, ("httpproxy", {"UrlHost": "forged.elsewhere.test"}))
    assert {"firm.test"} == found.domains
    assert {"198.51.100.4"} == found.addresses


def test_the_servers_address_is_that_of_its_web_server() -> None:
    found = taken(
        ("iis", {"s-ip": "198.51.100.25"}),
        ("iis", {"s-ip": "::1"}),
        ("message_tracking", {"server-ip": "203.0.113.9"}),
    )
    assert {"198.51.100.25"} == found.addresses


def test_workstations_and_domains_of_windows_events_are_taken() -> None:
    found = taken(
        (
            "evtx",
            {
                "WorkstationName": "WS-ANNA",
                "TargetDomainName": "NORDLYS",
                "TargetUserName": "anna",
            },
        )
    )
    assert {"ws-anna"} == found.hosts
    assert {"NORDLYS"} == found.netbios
    assert {"anna"} == found.users


def test_memory_is_bounded_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_NAMES_KEPT", 3)
    few = [("httpproxy", {"AuthenticatedUser": f"user{n}"}) for n in range(3)]
    assert taken(*few, *few).complete
    assert not taken(*few, ("httpproxy", {"AuthenticatedUser": "one.more"})).complete
    long = taken(("httpproxy", {"AuthenticatedUser": "x" * 100_000}))
    assert {256} == {len(name) for name in long.users}
