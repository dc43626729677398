"""What each source says, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.campaign.seen import CVES, FIXED, ON, OPEN, PROXYLOGON, UNCLEAR, row
from tocsin.campaign.constituency import Constituency, Constituent
from tocsin.campaign.gathering import Hosts
from tocsin.campaign.host_json import host_json
from tocsin.campaign.merge import Host, merged
from tocsin.campaign.nodes import Rules
from tocsin.campaign.observation import Method
from tocsin.campaign.owners import Owners, clues_of_host
from tocsin.campaign.totals import Totals
from tocsin.web.assessing.story import clues_in, owner_json, plain, story_of

if TYPE_CHECKING:
    from tocsin.campaign.observation import Observation

ACME = Constituent(
    organisation="Acme",
    place="line 2",
    networks=("192.0.2.0/24",),
    contacts=("cert@acme.example",),
    keys=("openpgp4fpr:00",),
)


def host_of(*rows: Observation) -> Host:
    hosts = Hosts()
    for one in rows:
        hosts.add(one)
    [host] = merged(hosts, CVES, on=ON)
    return host


def story(*rows: Observation) -> dict[str, Any]:
    host = host_of(*rows)
    owner = Owners(Constituency(constituents=(ACME,))).of(clues_of_host(host.gathered))
    return story_of(host, Totals(CVES), owner, Rules())


def said(told: dict[str, Any], cve: str = PROXYLOGON) -> dict[str, list[str]]:
    return {
        source["feed"]: [
            word for one in source["says"] if cve in one["cves"] for word in one["statuses"]
        ]
        for source in told["desk"]["sources"]
    }


def test_it_holds_all_that_the_command_tells_but_contacts() -> None:
    rows = (row(OPEN, 0, server="EX01"), row(FIXED, 3, feed="shodan", server="EX01"))
    host, totals = host_of(*rows), Totals(CVES)
    owner = Owners(Constituency(constituents=(ACME,))).of(clues_of_host(host.gathered))
    told = plain(host_json(host, totals, owner))
    for personal in ("contacts", "keys"):
        del told["owner"][personal]

    found = story(*rows)

    del found["desk"]
    assert told == found
    assert "cert@acme.example" not in str(story(*rows))


def test_two_feeds_that_disagree_stand_side_by_side() -> None:
    told = story(row(OPEN, 0, feed="shodan"), row(FIXED, 3, feed="censys"))

    assert said(told) == {"censys": ["fixed"], "shodan": ["vulnerable"]}
    assert told["desk"]["differ"][0] == {
        "cve": PROXYLOGON,
        "open": ["shodan"],
        "not_open": ["censys"],
    }
    [says] = [
        one
        for source in told["desk"]["sources"]
        if source["feed"] == "shodan"
        for one in source["says"]
        if PROXYLOGON in one["cves"]
    ]
    assert says["by"][0]["build"] == OPEN
    assert says["by"][0]["at"]["time"] == "2021-05-01T00:00:00Z"


def test_feeds_that_agree_do_not_differ() -> None:
    told = story(row(FIXED, 0, feed="shodan"), row(FIXED, 3, feed="censys"))

    assert said(told) == {"censys": ["fixed"], "shodan": ["fixed"]}
    assert PROXYLOGON not in {one["cve"] for one in told["desk"]["differ"]}


def test_less_precise_is_no_disagreement() -> None:
    told = story(row(FIXED, 0, feed="censys"), row(UNCLEAR, 3, feed="shodan"))

    assert said(told) == {"censys": ["fixed"], "shodan": ["undetermined"]}
    assert PROXYLOGON not in {one["cve"] for one in told["desk"]["differ"]}


def test_a_claim_against_a_fixed_build_is_a_disagreement() -> None:
    told = story(row(FIXED, 0, feed="censys"), row(None, 3, feed="n6", claims=(PROXYLOGON,)))

    sources = {one["feed"]: one for one in told["desk"]["sources"]}
    assert sources["n6"]["claims"] == [PROXYLOGON]
    assert said(told)["n6"] == ["undetermined"]
    assert [one for one in told["desk"]["differ"] if one["cve"] == PROXYLOGON] == [
        {"cve": PROXYLOGON, "open": ["n6"], "not_open": ["censys"]}
    ]


def test_one_feed_that_sees_two_servers_does_not_disagree_with_itself() -> None:
    told = story(row(OPEN, 0, server="EX01"), row(FIXED, 0, server="EX02"))

    assert said(told) == {"probe": ["vulnerable", "fixed"]}
    assert told["desk"]["differ"] == []


def test_the_owners_word_is_a_source_of_its_own() -> None:
    told = story(
        row(OPEN, 0, feed="shodan", server="EX01"),
        row(FIXED, 3, feed="hunt", server="EX01", method=Method.OWNER_CLAIM),
    )

    sources = {one["feed"]: one for one in told["desk"]["sources"]}
    assert sources["hunt"]["owners_word"]
    assert not sources["shodan"]["owners_word"]
    assert said(told) == {"hunt": ["fixed"], "shodan": ["vulnerable"]}
    assert told["desk"]["differ"][0]["not_open"] == ["hunt"]


def test_the_clues_of_a_story_are_those_of_all_rows() -> None:
    rows = (
        row(OPEN, 0, server="EX01.acme.example", hostname="Mail.Acme.Example."),
        row(UNCLEAR, 3, feed="shodan", hostname="other.example"),
    )

    assert clues_in(story(*rows)) == clues_of_host(host_of(*rows).gathered)


def test_text_that_no_database_keeps_is_replaced() -> None:
    told = story(row(OPEN, 0, server="EX\x0001"))

    assert "\x00" not in str(told)
    assert told["servers"][0]["name"] == "EX\ufffd01"


@pytest.mark.parametrize("known", [True, False])
def test_the_owner_is_told_as_the_command_tells_it(*, known: bool) -> None:
    host = host_of(row(OPEN, 0))
    owners = Owners(Constituency(constituents=(ACME,) if known else ()))
    owner = owners.of(clues_of_host(host.gathered))
    expected = plain(host_json(host, Totals(CVES), owner))["owner"]
    for personal in ("contacts", "keys"):
        del expected[personal]

    assert expected == plain(owner_json(owner))
