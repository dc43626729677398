from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from tests.web.demonstration.conftest import SMALL, play
from tocsin.campaign.constituency import read_constituency
from tocsin.web.demonstration.files import write
from tocsin.web.demonstration.organisations import as_list
from tocsin.web.demonstration.servers import still_open

if TYPE_CHECKING:
    from tests.web.demonstration.conftest import Played

_BENCHMARKS = ipaddress.ip_network("198.18.0.0/15")
_DOCUMENTATION = ipaddress.ip_network("2001:db8::/32")


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = play(5, SMALL), play(5, SMALL)
    assert as_list(first.country.organisations) == as_list(second.country.organisations)
    assert [write(one) for one in first.files] == [write(one) for one in second.files]


def test_another_seed_gives_another_country() -> None:
    first, second = play(5, SMALL), play(6, SMALL)
    assert [write(one) for one in first.files] != [write(one) for one in second.files]


def test_as_many_hosts_are_seen_as_were_asked_for_and_some_never_are(small: Played) -> None:
    seen = [host for host in small.country.hosts if host.is_seen]
    assert SMALL.hosts == len(seen) == len(small.truth.known)
    assert len(small.country.hosts) > SMALL.hosts


def test_names_and_addresses_are_nobodys(small: Played) -> None:
    for host in small.country.hosts:
        ip = ipaddress.ip_address(host.ip)
        assert ip in (_BENCHMARKS if ip.version == 4 else _DOCUMENTATION)
        assert host.hostname.endswith((".example", ".test"))
    for one in small.country.organisations:
        assert one.domain.endswith((".example", ".test"))


def test_the_list_of_organisations_is_one_that_is_read(small: Played) -> None:
    found = read_constituency(as_list(small.country.organisations), "organisations.csv")
    assert SMALL.organisations == len(found.constituents)


def test_the_curve_passes_what_was_counted_in_march_2021() -> None:
    assert abs(still_open(7) - 100 / 400) < 0.03
    assert abs(still_open(10) - 82 / 400) < 0.03
