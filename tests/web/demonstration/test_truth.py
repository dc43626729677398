"""Two ways to the same numbers: what the generator knows, and what `tocsin.campaign` concludes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.demonstration.test_files import rows_of
from tocsin.campaign.constituency import read_constituency
from tocsin.campaign.gathering import Hosts
from tocsin.campaign.merge import colour_of, merged
from tocsin.campaign.nodes import Rules
from tocsin.campaign.owners import Owners, clues_of_host
from tocsin.campaign.standing import Standing
from tocsin.web.demonstration.country import CVES
from tocsin.web.demonstration.organisations import as_list
from tocsin.web.demonstration.truth import Known, owners_of

if TYPE_CHECKING:
    from tests.web.demonstration.conftest import Played
    from tocsin.campaign.merge import Host


def concluded(played: Played) -> list[Host]:
    hosts = Hosts()
    for file in played.files:
        for row in rows_of(file):
            hosts.add(row)
    period = played.country.period
    return list(merged(hosts, CVES, on=period.day(period.days - 1)))


def compare(played: Played) -> None:
    hosts = concluded(played)
    assert sorted(played.truth.known) == sorted(one.gathered.key for one in hosts)
    start = played.country.period.start
    for host in hosts:
        known = played.truth.known[host.gathered.key]
        assert known.colour == colour_of(host, CVES), known
        assert known.vanished is (host.vanished is not None), known
        assert known.web_shell is bool(host.evidence), known
        for cve in CVES:
            assert events_of(known) == sorted(
                (one.change, (one.before.date() - start).days)
                for one in host.transitions
                if one.cve in {None, cve}
            )


def events_of(known: Known) -> list[tuple[str, int]]:
    return sorted((one.change, one.day) for one in known.events)


def test_the_truth_is_what_the_campaign_concludes(small: Played) -> None:
    compare(small)


def test_how_hosts_stand_in_short_is_how_they_stand_in_full(small: Played) -> None:
    hosts = Hosts()
    standing = Standing(hosts, CVES, Rules())
    for days in range(small.country.period.days):
        for file in small.files:
            if file.day == days:
                for row in rows_of(file):
                    hosts.add(row)
        in_full = [
            (one.gathered.key, colour_of(one, CVES), bool(one.evidence), one.vanished is not None)
            for one in merged(hosts, CVES, on=small.country.period.day(days))
        ]
        assert in_full
        assert sorted(in_full) == sorted(standing.now())


@pytest.mark.slow
def test_the_truth_of_the_whole_demonstration_is_what_the_campaign_concludes(full: Played) -> None:
    compare(full)


def test_owners_are_those_whom_the_generator_made_known(small: Played) -> None:
    content = as_list(small.country.organisations)
    owners = Owners(read_constituency(content, "organisations.csv"))
    told = {ip: None if one is None else one.name for ip, one in owners_of(small.country).items()}
    for host in concluded(small):
        found = owners.of(clues_of_host(host.gathered)).constituent
        assert told[host.gathered.key] == (None if found is None else found.organisation)


@pytest.mark.slow
def test_the_demonstration_has_everything_that_a_campaign_meets(full: Played) -> None:
    truth = full.truth
    assert (2000, 7500, 14) == (
        len(full.country.organisations),
        len(truth.known),
        full.country.period.days,
    )
    assert {"red", "yellow", "green", "vanished"} == set(truth.hosts)
    assert {"first_seen", "fixed", "vulnerable_again", "vanished", "back"} == {
        event.change for event in truth.events
    }
    assert truth.web_shells
    assert any(len(host.servers) > 1 for host in full.country.hosts)
    assert any(host.is_decoy for host in full.country.hosts)
    assert any(len(host.named_for) > 1 for host in full.country.hosts)
