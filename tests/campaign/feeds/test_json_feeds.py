"""What is peculiar to each feed of JSON records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.campaign.reading_feeds import observed, read, status, the_one, the_problem
from tocsin.campaign.feed import all_feeds
from tocsin.campaign.observation import FeedProblem, Method
from tocsin.campaign.observed_json import Printer
from tocsin.model.problem import ProblemCode
from tocsin.probe.rows import SCHEMA, Observed, Row

if TYPE_CHECKING:
    from pathlib import Path


def line(**keys: Any) -> str:  # noqa: ANN401 any JSON value
    return json.dumps(keys) + "\n"


# Shodan.


def banner(**keys: Any) -> str:  # noqa: ANN401 any JSON value
    return line(
        **{"ip_str": "192.0.2.1", "port": 443, "timestamp": "2026-11-02T04:05:06.1", **keys}
    )


def test_seven_real_banners_of_shodan_are_observations_that_nobody_judges(corpus: Path) -> None:
    path = corpus / "csirt" / "shodan" / "intelmq_shodan_tests.jsonl"
    rows = observed("shodan", path.read_bytes())
    assert [False] * 7 == [row.about_exchange for row in rows]
    assert {14618, 64496, 64509} == {row.asn for row in rows}


def test_shodan_s_header_is_observed_and_its_vulnerabilities_are_claims() -> None:
    row = the_one(
        "shodan",
        banner(data="HTTP/1.1 200 OK\r\nX-OWA-Version: 15.2.792.3\r\nX-FEServer: E1\r\n\r\n",
               vulns={"CVE-2021-34473": {"verified": False}, "CVE-2021-26855": {}}),
    )  # fmt: skip
    assert ("15.2.792.3", Method.OWA_HEADER, "E1") == (row.build, row.method, row.server_name)
    assert ("CVE-2021-26855", "CVE-2021-34473") == row.claims
    assert ((), "vulnerable") == (row.evidence, status(row).value)


def test_shodan_s_cpe_and_page_give_what_they_can() -> None:
    row = the_one(
        "shodan",
        banner(cpe23=["cpe:2.3:a:microsoft:exchange_server:15.2.792.3:*"],
               http={"html": '<link href="/owa/auth/15.2.792/themes/x">'}),
    )  # fmt: skip
    assert {("15.2.792", Method.OWA_PATH), ("15.2.792.3", Method.CPE)} == set(row.builds)


def test_a_version_of_another_product_is_no_build() -> None:
    row = the_one("shodan", banner(product="nginx", version="1.14.2"))
    assert (None, False) == (row.build, row.about_exchange)


def test_a_stock_exchange_is_no_exchange_server() -> None:
    row = the_one("shodan", banner(http={"title": "Crypto Exchange: log in"}))
    assert not row.about_exchange
    row = the_one("shodan", banner(product="Microsoft Exchange smtpd"))
    assert row.about_exchange


def test_half_a_surrogate_in_a_banner_is_printed() -> None:
    data = banner(hostnames=["a\ud83d.example.org"]).encode()
    assert b'"hostname":"a?.example.org"' in Printer(()).line(the_one("shodan", data))


def test_a_host_and_a_search_of_shodan_hold_their_banners() -> None:
    host = line(ip_str="192.0.2.1", data=[{"port": 25}, {"port": 443}])
    search = line(matches=[json.loads(banner()), json.loads(banner(port=8443))], total=2)
    rows = observed("shodan", host + search)
    assert [25, 443, 443, 8443] == [row.port for row in rows]
    assert {"192.0.2.1"} == {row.ip for row in rows}


# Censys.


def test_a_real_host_of_censys_is_read_and_not_judged(corpus: Path) -> None:
    (path,) = (corpus / "csirt" / "censys").glob("*.json")
    row = the_one("censys", path.read_bytes())
    assert ("8.8.8.8", 443, "dns.google", 15169, "US") == (
        row.ip,
        row.port,
        row.hostname,
        row.asn,
        row.country,
    )
    assert (False, "false") == (row.about_exchange, dict(row.extra)["truncated"])


LEGACY = {
    "port": 443,
    "observed_at": "2026-11-03T01:58:59.32Z",
    "http": {"response": {"headers": {"X_Owa_Version": ["15.2.986.14"], "X_Feserver": ["E1"]}}},
}
PLATFORM = {
    "port": 443,
    "scan_time": "2026-11-03T01:58:59Z",
    "endpoints": [
        {
            "http": {
                "headers": {
                    "X-Owa-Version": {"headers": ["15.2.986.14"]},
                    "x-feserver": {"headers": ["E1"]},
                }
            }
        }
    ],
}


@pytest.mark.parametrize("service", [LEGACY, PLATFORM])
@pytest.mark.parametrize("around", ["{}", '{{"host":{}}}', '{{"result":{{"resource":{}}}}}', '{{"result":{{"hits":[{}]}}}}', '{{"result":{{"hits":[{{"host_v1":{{"resource":{}}}}}]}}}}', "[{}]"])  # fmt: skip
def test_both_shapes_of_censys_say_the_same_whatever_is_around_them(
    service: dict[str, Any], around: str
) -> None:
    text = around.format(json.dumps({"ip": "192.0.2.1", "services": [service]}))
    row = the_one("censys", text)
    assert ("192.0.2.1", 443, "15.2.986.14", Method.OWA_HEADER, "E1") == (
        row.ip, row.port, row.build, row.method, row.server_name,
    )  # fmt: skip


def test_a_certificate_inside_a_host_of_censys_is_a_hint_of_the_owner() -> None:
    platform = {**PLATFORM, "cert": {"names": ["mail.example.org"]}}
    legacy = {**LEGACY, "tls": {"certificates": {"leaf_data": {"names": ["mail.example.org"]}}}}
    rows = observed("censys", line(ip="192.0.2.1", services=[platform, legacy]))
    assert [("mail.example.org",)] * 2 == [row.names for row in rows]


# nuclei.


def test_real_results_of_nuclei_in_lines_and_in_an_array_are_read(corpus: Path) -> None:
    folder = corpus / "csirt" / "nuclei"
    counts = {path.name: read("nuclei", path.read_bytes()) for path in folder.iterdir()}
    assert {
        "empty.jsonl": 0,
        "invalid_cwe.json": 1,
        "issue_14071.json": 27,
        "issue_9201.json": 1,
        "many_findings.json": 18,
        "many_findings_new.json": 2,
        "many_findings_third.json": 2,
        "multi_cwe_fabricated.json": 1,
        "multiple_matches.json": 2,
        "multiple_v3.json": 6,
        "no_findings.json": 0,
    } == {name: len(rows) for name, rows in counts.items()}
    problems = [row for rows in counts.values() for row in rows if isinstance(row, FeedProblem)]
    assert [("issue_14071.json", 27)] == [
        (name, row.row) for name, rows in counts.items() for row in rows if row in problems
    ]


def result(**keys: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON value
    return {
        "template-id": "ms-exchange-server",
        "info": {"name": "x"},
        "host": "https://192.0.2.1",
        **keys,
    }


def test_nuclei_v2_and_v3_say_the_same() -> None:
    results = [result(ip="192.0.2.1"), result(host="mail.example.org:8443")]
    as_lines = "".join(json.dumps(one) + "\n" for one in results)
    assert observed("nuclei", as_lines) == observed("nuclei", json.dumps(results, indent=4))
    assert [443, 8443] == [row.port for row in observed("nuclei", as_lines)]


def test_two_precisions_in_one_result_are_both_kept_and_the_header_is_taken() -> None:
    row = the_one("nuclei", line(**result(**{"extracted-results": ["15.2.792", "15.2.792.15"]})))
    assert (("15.2.792.15", Method.OWA_HEADER), ("15.2.792", Method.OWA_PATH)) == row.builds
    assert ("15.2.792.15", "fixed") == (row.build, status(row).value)


def test_what_another_template_extracted_is_no_build() -> None:
    row = the_one(
        "nuclei", line(**result(**{"template-id": "nginx", "extracted-results": ["1.14.2"]}))
    )
    assert (None, False) == (row.build, row.about_exchange)


def test_requests_and_answers_are_dropped() -> None:
    text = line(**result(request="GET /owa", response="a mail", **{"curl-command": "curl"}))
    assert "a mail" not in repr(the_one("nuclei", text))


def test_a_template_that_did_not_match_claims_nothing() -> None:
    keys = {"template-id": "CVE-2021-26855", "info": {"name": "Exchange"}}
    matched = the_one("nuclei", line(**result(**keys)))
    not_matched = the_one("nuclei", line(**result(**keys, **{"matcher-status": False})))
    assert [("CVE-2021-26855",), ()] == [matched.claims, not_matched.claims]


# IntelMQ.


def test_the_real_events_of_intelmq_say_what_the_rows_behind_them_say(corpus: Path) -> None:
    path = corpus / "csirt" / "intelmq" / "scan_exchange_expected_events.json"
    rows = observed("intelmq", path.read_bytes())
    assert [
        ("15.2.721", "undetermined", (), ("CVE-2021-26855",)),
        ("15.0.847", "undetermined", ("web_shell",), ()),
        ("15.0.1178", "vulnerable", ("web_shell",), ()),
        ("15.1.2176", "undetermined", (), ("CVE-2021-26855",)),
        (None, "undetermined", (), ("CVE-2021-26855",)),
    ] == [(row.build, status(row).value, row.evidence, row.claims) for row in rows]
    assert "SSAMAIL" == rows[1].server_name


@pytest.mark.parametrize(
    "event",
    [
        {"source.ip": "192.0.2.1", "time.source": "2026-01-01T00:00:00+00:00", "extra.tag": "exchange;webshell", "extra.version": "15.1.2507"},
        {"source": {"ip": "192.0.2.1"}, "time": {"source": "2026-01-01T00:00:00+00:00"}, "extra": {"tag": "exchange;webshell", "version": "15.1.2507"}},
        {"source.ip": "192.0.2.1", "time.source": "2026-01-01T00:00:00+00:00", "extra": '{"tag": "exchange;webshell", "version": "15.1.2507"}'},
    ],
)  # fmt: skip
def test_events_of_intelmq_may_be_flat_nested_or_hold_extra_as_text(event: dict[str, Any]) -> None:
    row = the_one("intelmq", line(**event))
    assert ("192.0.2.1", "15.1.2507", ("web_shell",)) == (row.ip, row.build, row.evidence)


# n6.


def test_the_real_examples_of_n6_are_read(corpus: Path) -> None:
    folder = corpus / "csirt" / "n6"
    exchange = the_one("n6", (folder / "n6_scan_exchange_expected.json").read_bytes())
    assert ("1.1.1.1", 1111, ("CVE-2020-11111",), True) == (
        exchange.ip, exchange.port, exchange.claims, exchange.about_exchange,
    )  # fmt: skip
    others = observed("n6", (folder / "restapi_example_events.json").read_bytes())
    assert ["203.0.113.42", "203.0.113.123", "192.0.2.7"] == [row.ip for row in others]
    assert [False] * 3 == [row.about_exchange for row in others]


def test_the_web_shell_that_n6_calls_vulnerable_is_evidence() -> None:
    event = {
        "source": "shadowserver.exchange",
        "restriction": "public",
        "confidence": "low",
        "category": "vulnerable",
        "time": "2026-01-01 00:00:00",
        "address": [{"ip": "192.0.2.1"}],
        "name": "exchange;webshell",
    }
    assert ("web_shell",) == the_one("n6", line(**event)).evidence


# The probe.


def test_a_row_of_the_probe_for_a_host_that_did_not_answer_is_kept_and_not_judged() -> None:
    row = the_one(
        "probe",
        line(
            schema="tocsin.probe/1",
            time="2026-11-08T15:00:01Z",
            target="mail.example.org",
            ip="192.0.2.1",
            port=443,
            outcome="no_answer",
            observed=[],
        ),
    )
    assert ("mail.example.org", False, True) == (
        row.hostname,
        row.about_exchange,
        ("outcome", "no_answer") in row.extra,
    )


def test_a_row_as_the_probe_writes_it_is_read_with_all_its_builds() -> None:
    when = datetime(2026, 11, 24, 15, tzinfo=UTC)
    seen = [
        Observed(method=method, path="/", value=value, precision=value.count(".") + 1, times=1)
        for method, value in (("x_owa_version", "15.2.792.3"), ("page_path", "15.2.792"))
    ]
    written = Row(
        schema=SCHEMA, time=when, until=when, target="mail.example.org",
        hostname="mail.example.org", ip="192.0.2.1", port=443, scheme="https", outcome="exchange",
        node=1, nodes=2, fe_server="EX01", answers=2, build="15.2.792.3", precision=4,
        method="x_owa_version", observed=tuple(seen), http=("2",), certificate=None, redirects=(),
        errors=(), last=True,
    )  # fmt: skip
    row = the_one("probe", msgspec.json.encode(written))
    assert (when, "192.0.2.1", 443, "mail.example.org", "EX01", "15.2.792.3", 2) == (
        row.time_utc, row.ip, row.port, row.hostname, row.server_name, row.build, len(row.builds),
    )  # fmt: skip
    assert "vulnerable" == status(row).value


def test_only_methods_that_we_know_give_a_build() -> None:
    seen = [
        {"method": "guess", "value": "15.2.792.15"},
        {"method": "page_path", "value": "15.2.792"},
    ]
    row = the_one(
        "probe",
        line(
            schema="tocsin.probe/1",
            ip="192.0.2.1",
            outcome="exchange",
            build="15.2.792.15",
            observed=seen,
        ),
    )
    assert (("15.2.792", Method.OWA_PATH),) == row.builds


# All of them.


@pytest.mark.parametrize("feed", ["shodan", "censys", "nuclei", "intelmq", "n6", "probe"])
@pytest.mark.parametrize("value", [None, [], {}, "x", -1, True, [[]], [None], {"a": [1]}])
def test_keys_of_any_type_never_crash(feed: str, value: object) -> None:
    """Each key of the feed's own sample in turn holds something else."""
    sample = all_feeds()[feed].sample.split(b"\n")[0].strip(b"[,")
    for name in json.loads(sample):
        changed = {**json.loads(sample), name: value}
        assert read(feed, line(**changed))


def test_a_record_that_names_no_host_is_a_problem() -> None:
    problem = the_problem("intelmq", line(**{"feed.name": "x", "extra.tag": "exchange;webshell"}))
    assert (ProblemCode.BAD_VALUE, ("web_shell",)) == (problem.code, problem.evidence)
