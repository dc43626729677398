"""The probe against servers on loopback: what it asks, and what it makes of the answers."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import pytest

from tests.probe.probing import run, scope
from tests.probe.servers import (
    AUTODISCOVER,
    EWS,
    LOGON,
    MANIFEST,
    NOT_OVER_HTTP_2,
    OWA,
    Ask,
    Servers,
    Site,
    exchange,
    logon_page,
    manifest,
    reply,
    serving,
    tls_context,
)
from tocsin.probe.rows import Observed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.probe.servers import Page

pytestmark = pytest.mark.allow_hosts(["127.0.0.0/8", "::1"])


def seen(method: str, path: str, value: str, times: int) -> Observed:
    return Observed(
        method=method, path=path, value=value, precision=value.count(".") + 1, times=times
    )


def test_an_ordinary_server_gives_one_row_with_every_build_it_shows() -> None:
    with serving(site := Site(exchange())):
        result = run(scope("127.0.0.1/32", ports=[(site.port, "http")]))

    [row] = result.rows
    assert ("exchange", "127.0.0.1", "EX01", 1, 1) == (
        row.outcome, row.ip, row.fe_server, row.node, row.nodes,
    )  # fmt: skip
    assert ("15.2.792.15", 4, "export_tool_manifest") == (row.build, row.precision, row.method)
    assert (
        seen("export_tool_manifest", MANIFEST, "15.2.792.15", 1),
        seen("page_path", LOGON, "15.2.792", 5),
        seen("x_owa_version", AUTODISCOVER, "15.2.792.15", 1),
        seen("x_owa_version", EWS, "15.2.792.15", 1),
        seen("x_owa_version", OWA, "15.2.792.15", 1),
        seen("x_owa_version", LOGON, "15.2.792.15", 5),
    ) == row.observed
    assert (9, ("1.1",), None, ()) == (row.answers, row.http, row.certificate, row.errors)


def test_only_gets_of_the_plan_are_sent_and_each_says_who_asks() -> None:
    with serving(site := Site(exchange())):
        run(scope("127.0.0.1/32", ports=[(site.port, "http")]))

    assert {"GET"} == {one.method for one in site.asked}
    assert [LOGON, OWA, EWS, AUTODISCOVER, MANIFEST, LOGON, LOGON, LOGON, LOGON] == site.paths
    assert {
        "Host": f"127.0.0.1:{site.port}",
        "User-Agent": "Tocsin/0.1.0 (+https://csirt.example/scanning; scan@csirt.example)",
        "From": "scan@csirt.example",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    } == site.asked[0].headers


def test_each_sample_is_a_connection_of_its_own_and_keeps_no_cookie() -> None:
    pages = exchange() | {LOGON: reply(200, logon_page("15.2.792"), Set_Cookie="node=1; path=/")}
    with serving(site := Site(pages)):
        run(scope("127.0.0.1/32", ports=[(site.port, "http")]))

    assert 5 == len({one.peer for one in site.asked})
    assert not any("Cookie" in one.headers for one in site.asked)


def test_a_farm_gives_a_row_for_each_server() -> None:
    nodes = cycle([("15.2.792.15", "EX01"), ("15.2.792.3", "EX02")])

    def answer(_: Ask) -> bytes:
        build, name = next(nodes)
        return reply(200, logon_page("15.2.792"), X_OWA_Version=build, X_FEServer=name)

    with serving(site := Site({LOGON: answer})):
        result = run(scope("127.0.0.1/32", ports=[(site.port, "http")]))

    told = [(row.fe_server, row.build, row.node, row.nodes, row.last) for row in result.rows]
    assert [
        ("EX01", "15.2.792.15", 1, 3, False),
        ("EX02", "15.2.792.3", 2, 3, False),
        (None, None, 3, 3, True),
    ] == told


def test_a_stale_header_beside_a_newer_one_makes_the_row_name_the_lower() -> None:
    pages: dict[str, Page] = {
        LOGON: reply(200, X_OWA_Version="15.2.792.3", X_FEServer="EX01"),
        EWS: reply(401, X_OWA_Version="15.2.792.15", X_FEServer="EX01"),
    }
    with serving(site := Site(pages)):
        [row] = run(scope("127.0.0.1/32", ports=[(site.port, "http")])).rows

    assert ("15.2.792.3", 4) == (row.build, row.precision)
    assert {"15.2.792.3", "15.2.792.15"} == {one.value for one in row.observed}


@pytest.mark.parametrize(
    ("path", "page", "expected"),
    [
        (LOGON, reply(200, logon_page("15.2.792")), ("15.2.792", 3, "page_path")),
        (LOGON, reply(200, b'<a href="/owa/14.3.123.4/x">'), ("14.3.123.4", 4, "page_path")),
        (LOGON, reply(200, b"\xff\xfe/owa/auth/15.1.2507/\x80"), ("15.1.2507", 3, "page_path")),
        (EWS, reply(401, X_OWA_Version="15.1.2507.6"), ("15.1.2507.6", 4, "x_owa_version")),
        (EWS, reply(401, X_OWA_Version="15.1.2507"), ("15.1.2507", 3, "x_owa_version")),
        (EWS, reply(401, X_OWA_Version=" 15.01.2507.06 "), ("15.1.2507.6", 4, "x_owa_version")),
        (
            MANIFEST,
            reply(200, manifest("15.0.1497.2")),
            ("15.0.1497.2", 4, "export_tool_manifest"),
        ),
        (LOGON, reply(200, X_FEServer="EX01"), (None, None, None)),
        (LOGON, reply(200, b'<form action="/owa/auth.owa">'), (None, None, None)),
        (OWA, reply(302, Location="/owa/auth/logon.aspx?replaceCurrent=1"), (None, None, None)),
    ],
)
def test_every_sign_alone_is_enough(
    path: str, page: bytes, expected: tuple[str | None, int | None, str | None]
) -> None:
    with serving(site := Site({path: page})):
        [row] = run(scope("127.0.0.1/32", ports=[(site.port, "http")])).rows

    assert "exchange" == row.outcome
    assert expected == (row.build, row.precision, row.method)


def test_whoever_shows_no_sign_of_exchange_is_asked_once_for_each_page() -> None:
    with serving(site := Site({LOGON: reply(200, b"<title>A shop</title>")})):
        result = run(scope("127.0.0.1/32", ports=[(site.port, "http")]))

    assert ["not_exchange"] == [row.outcome for row in result.rows]
    assert [LOGON, OWA, EWS, AUTODISCOVER, MANIFEST] == site.paths


def test_whoever_is_not_there_is_knocked_at_once() -> None:
    with serving(gone := Site()):
        port = gone.port
    result = run(scope("127.0.0.1/32", ports=[(port, "http")]))

    [row] = result.rows
    assert ("no_answer", 0, None) == (row.outcome, row.answers, row.build)
    assert [("refused", LOGON, 1)] == [(one.kind, one.path, one.times) for one in row.errors]


def test_a_version_that_is_none_is_kept_as_an_error_and_cannot_act_on_a_terminal() -> None:
    page = reply(200, X_OWA_Version="15.2.\x1b[31m; rm", X_FEServer="EX\x9b31m\u202e01")
    with serving(site := Site({LOGON: page})):
        [row] = run(scope("127.0.0.1/32", ports=[(site.port, "http")])).rows

    assert ("EX‹U+009B›31m‹U+202E›01", None) == (row.fe_server, row.build)
    assert [("odd_version", "15.2.‹U+001B›[31m; rm", 5)] == [
        (one.kind, one.detail, one.times) for one in row.errors
    ]


def test_ipv6_is_asked_as_ipv4_is() -> None:
    with Servers() as servers:
        servers.start(site := Site(exchange()), host="::1")
        [row] = run(scope("::1/128", ports=[(site.port, "http")])).rows

    assert ("::1", "15.2.792.15") == (row.ip, row.build)
    assert f"[::1]:{site.port}" == site.asked[0].headers["Host"]


def test_http_2_is_spoken_where_it_is_offered(tmp_path: Path) -> None:
    with Servers() as servers:
        servers.start(site := Site(exchange()), tls_context(tmp_path, alpn=("h2", "http/1.1")))
        [row] = run(scope("127.0.0.1/32", ports=[(site.port, "https")])).rows

    assert (("2",), "15.2.792.15", 9, ()) == (row.http, row.build, row.answers, row.errors)
    assert "scan@csirt.example" == site.asked[0].headers["from"]


def test_a_page_that_is_not_spoken_over_http_2_is_asked_over_http_1(tmp_path: Path) -> None:
    def picky(ask: Ask) -> bytes:
        over_http2 = ":path" in ask.headers
        return NOT_OVER_HTTP_2 if over_http2 else reply(401, X_OWA_Version="15.2.792.15")

    pages: dict[str, Page] = {LOGON: reply(200, logon_page("15.2.792")), EWS: picky}
    with Servers() as servers:
        servers.start(
            site := Site(pages),
            tls_context(tmp_path, alpn=("h2", "http/1.1")),
        )
        [row] = run(scope("127.0.0.1/32", ports=[(site.port, "https")])).rows

    assert ("15.2.792.15", ("1.1", "2")) == (row.build, row.http)
    assert [("protocol", EWS, 1)] == [(one.kind, one.path, one.times) for one in row.errors]


def test_the_certificate_is_kept_as_a_hint_and_trusted_for_nothing(tmp_path: Path) -> None:
    with Servers() as servers:
        tls = tls_context(tmp_path, "owa.example.org", "192.0.2.7", "\x1b[2Jevil.example.org")
        servers.start(site := Site(exchange()), tls)
        [row] = run(scope("127.0.0.1/32", ports=[(site.port, "https")])).rows

    certificate = row.certificate
    assert certificate is not None
    assert (
        "owa.example.org", "192.0.2.7", "‹U+001B›[2Jevil.example.org",
    ) == certificate.names  # fmt: skip
    assert (False, True, "CN=mail.example.org") == (
        certificate.verified, certificate.self_signed, certificate.subject,
    )  # fmt: skip
    assert "2026-01-31" == f"{certificate.not_after:%Y-%m-%d}"
    assert ("TLSv1.3", 64) == (certificate.tls, len(certificate.sha256))


def test_a_certificate_without_names_gives_its_common_name(tmp_path: Path) -> None:
    with Servers() as servers:
        servers.start(site := Site(exchange()), tls_context(tmp_path))
        [row] = run(scope("127.0.0.1/32", ports=[(site.port, "https")])).rows

    assert row.certificate is not None
    assert ("mail.example.org",) == row.certificate.names


def test_several_ports_are_asked_each_for_itself() -> None:
    with serving(one := Site(exchange("15.2.792.15")), two := Site(exchange("15.1.2507.6"))):
        result = run(scope("127.0.0.1/32", ports=[(one.port, "http"), (two.port, "http")]))

    assert {(one.port, "15.2.792.15"), (two.port, "15.1.2507.6")} == {
        (row.port, row.build) for row in result.rows
    }


def test_the_audit_log_has_a_line_for_everything_that_was_sent() -> None:
    with serving(site := Site(exchange())):
        result = run(scope("127.0.0.1/32", ports=[(site.port, "http")]))

    first, *_, last = result.audit
    assert ("start", "Mandate 2026/17", "Example CSIRT", 1) == (
        first["decision"], first["reference"], first["organisation"], first["seed"],
    )  # fmt: skip
    assert ("end", "finished", 1) == (last["decision"], last["why"], last["asked"])
    assert ["127.0.0.1"] == [one["target"] for one in result.decisions("allowed")]
    assert site.paths == [one["path"] for one in result.decisions("get")]
    assert ["200", "302", "401", "401", "200", "200", "200", "200", "200"] == [
        one["result"] for one in result.decisions("get")
    ]
