"""Servers that stall, flood, lie and lead astray: each costs a row, and nothing more."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.probe.probing import FAST, resolver, run, scope
from tests.probe.servers import (
    EWS,
    LOGON,
    MANIFEST,
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
from tocsin.probe import pace
from tocsin.probe.asking import BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.probe.servers import Page
    from tocsin.probe.rows import Row
    from tocsin.probe.scope import Scope

pytestmark = pytest.mark.allow_hosts(["127.0.0.0/8", "::1"])

HEADERS = ["X-OWA-Version", "X-FEServer", "Location", "Retry-After", "Content-Encoding"]
PAGE = logon_page("15.2.792")
HURRIED = msgspec.structs.replace(FAST, timeout_s=0.3)


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A back-off is a moment, so that tests need not wait; that it rests is tested in test_pace."""
    monkeypatch.setattr(pace, "_FIRST_BACK_OFF_S", 0.001)


def loopback(site: Site, scheme: str = "http") -> Scope:
    return scope("127.0.0.1/32", ports=[(site.port, scheme)], limits=HURRIED)


def errors(row: Row) -> set[tuple[str, str]]:
    return {(one.kind, one.path) for one in row.errors}


async def endless_header() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nX-Endless: "
    while True:
        yield b"a" * 65536


async def endless_headers() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"X-Another: one\r\n" * 1000


async def endless_hints() -> AsyncIterator[bytes]:
    while True:
        yield b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100
        await asyncio.sleep(0.001)


async def drips() -> AsyncIterator[bytes]:
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello":
        yield bytes([byte])
        await asyncio.sleep(0.05)


async def silence() -> AsyncIterator[bytes]:
    await asyncio.sleep(60)
    yield b""


async def nonsense() -> AsyncIterator[bytes]:
    yield b"220 mail.example.org ESMTP\r\n\x00\xff\xfe\r\n\r\n"


async def nothing() -> AsyncIterator[bytes]:
    none: tuple[bytes, ...] = ()
    for chunk in none:
        yield chunk


@pytest.mark.parametrize(
    ("greeting", "kind"),
    [
        (endless_header, "protocol"),
        (endless_headers, "protocol"),
        (endless_hints, "timeout"),
        (drips, "timeout"),
        (silence, "timeout"),
        (nonsense, "protocol"),
        (nothing, "protocol"),
    ],
)
def test_whoever_speaks_no_http_costs_a_few_tries_and_gives_a_row(
    greeting: Callable[[], AsyncIterator[bytes]], kind: str
) -> None:
    with serving(site := Site(greeting=greeting)):
        result = run(loopback(site))

    [row] = result.rows
    assert "no_answer" == row.outcome
    assert {kind} == {one.kind for one in row.errors}
    assert 3 == sum(one.times for one in row.errors)


def test_of_an_endless_page_64_kib_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async def page() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nX-FEServer: EX01\r\n\r\n" + logon_page("15.2.792")
        while True:
            yield b"/owa/auth/99.9.999/" + b"." * 65536

    with serving(site := Site({LOGON: lambda _: page()})):
        result = run(loopback(site))

    assert ("15.2.792", "EX01") == (result.rows[0].build, result.rows[0].fe_server)
    assert () == result.rows[0].errors
    assert 65536 == BODY_BYTES


def test_a_page_that_breaks_off_is_an_error_and_the_others_still_count() -> None:
    async def page() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nshort"

    pages = exchange() | {EWS: lambda _: page()}
    with serving(site := Site(pages)):
        [row] = run(loopback(site)).rows

    assert "15.2.792.15" == row.build
    assert {("protocol", EWS)} == errors(row)


def test_a_bomb_of_gzip_is_unpacked_as_far_as_a_page_may_go() -> None:
    bomb = gzip.compress(logon_page("15.2.792") + b"\0" * 2**26)
    with serving(site := Site({LOGON: reply(200, bomb, Content_Encoding="gzip")})):
        [row] = run(loopback(site)).rows

    assert "15.2.792" == row.build


def test_what_claims_to_be_packed_and_is_not_is_read_as_it_is() -> None:
    page = reply(200, logon_page("15.2.792"), Content_Encoding="gzip")
    with serving(site := Site({LOGON: page})):
        [row] = run(loopback(site)).rows

    assert "15.2.792" == row.build


def test_more_builds_on_a_page_than_a_page_can_have_are_cut() -> None:
    body = b"".join(b"/owa/auth/15.2.%d/x " % number for number in range(1000))
    with serving(site := Site({LOGON: reply(200, body)})):
        [row] = run(loopback(site)).rows

    assert 4 == len(row.observed)


def test_a_manifest_of_something_else_tells_nothing() -> None:
    other = manifest("15.2.792.15").replace(b"ediscovery", b"elsewhere")
    with serving(site := Site(exchange("15.2.1.1") | {MANIFEST: reply(200, other)})):
        [row] = run(loopback(site)).rows

    assert {"x_owa_version", "page_path"} == {one.method for one in row.observed}


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_asks_for_less_is_asked_less(status: int) -> None:
    pages: dict[str, Page] = {LOGON: reply(status, Retry_After="0", X_FEServer="EX01")}
    with serving(site := Site(pages)):
        result = run(loopback(site))

    # Once more after a rest, and at the third time it is left alone.
    assert [LOGON, LOGON, OWA, EWS] == site.paths[:4]
    assert 2 <= len(result.decisions("back_off"))
    assert ("exchange", "EX01") == (result.rows[0].outcome, result.rows[0].fe_server)
    assert ("rate_limited", LOGON) in errors(result.rows[0])


def test_a_host_that_asks_for_an_hour_is_left_alone_at_once() -> None:
    with serving(site := Site({LOGON: reply(429, Retry_After="3600")})):
        result = run(loopback(site))

    assert [LOGON] == site.paths
    assert [("rate_limited", LOGON)] == [(one.kind, one.path) for one in result.rows[0].errors]


def test_a_service_that_is_down_on_every_page_is_given_up_after_three() -> None:
    with serving(site := Site({path: reply(503) for path in exchange()})):
        run(loopback(site))

    assert [LOGON, LOGON, OWA] == site.paths


def test_plain_text_where_tls_should_be_is_an_error_of_tls() -> None:
    with serving(site := Site(greeting=nonsense)):
        [row] = run(loopback(site, "https")).rows

    assert ("no_answer", {("tls", LOGON)}, None) == (row.outcome, errors(row), row.certificate)


def test_a_handshake_that_breaks_off_is_an_error_of_tls() -> None:
    with serving(site := Site(greeting=nothing)):
        [row] = run(loopback(site, "https")).rows

    assert ("no_answer", {("tls", LOGON)}) == (row.outcome, errors(row))


def test_old_tls_is_spoken_because_old_servers_do(tmp_path: Path) -> None:
    tls = tls_context(tmp_path, "owa.example.org")
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    tls.set_ciphers("AES128-SHA256:ECDHE-ECDSA-AES128-SHA")
    with Servers() as servers:
        servers.start(site := Site(exchange()), tls)
        [row] = run(loopback(site, "https")).rows

    assert row.certificate is not None
    assert ("TLSv1.2", "15.2.792.15") == (row.certificate.tls, row.build)


def test_an_expired_certificate_changes_nothing_and_is_told(tmp_path: Path) -> None:
    with Servers() as servers:
        servers.start(site := Site(exchange()), tls_context(tmp_path, "a.example.org", days=1))
        [row] = run(loopback(site, "https")).rows

    assert row.certificate is not None
    assert ("15.2.792.15", "2026-01-02") == (
        row.build,
        f"{row.certificate.not_after:%Y-%m-%d}",
    )


def test_a_certificate_is_kept_even_where_nothing_else_follows(tmp_path: Path) -> None:
    with Servers() as servers:
        servers.start(site := Site(greeting=silence), tls_context(tmp_path, "a.example.org"))
        [row] = run(loopback(site, "https")).rows

    assert row.certificate is not None
    assert ("no_answer", ("a.example.org",)) == (row.outcome, row.certificate.names)


@pytest.mark.parametrize("status", ["abc", "99999999999999999999", "-1", ""])
def test_a_status_over_http_2_that_is_none_is_an_error(tmp_path: Path, status: str) -> None:
    page = reply(200).replace(b" 200 ", f" {status} ".encode())
    with Servers() as servers:
        servers.start(site := Site({LOGON: page}), tls_context(tmp_path, alpn=("h2", "http/1.1")))
        [row] = run(loopback(site, "https")).rows

    assert row.outcome in {"no_answer", "not_exchange"}


@given(junk=st.binary(max_size=200), over_http2=st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_come_back_there_is_a_row(
    fuzzed: tuple[Site, Site], junk: bytes, over_http2: bool
) -> None:
    site = fuzzed[over_http2]

    async def junk_only() -> AsyncIterator[bytes]:
        yield junk

    site.greeting = junk_only
    [row] = run(loopback(site, "https" if over_http2 else "http")).rows
    assert row.last


@given(
    headers=st.lists(st.tuples(st.sampled_from(HEADERS), st.binary(max_size=40)), max_size=5),
    body=st.binary(max_size=300) | st.builds(lambda a, b: a + PAGE + b, st.binary(), st.binary()),
    status=st.integers(200, 599),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_an_answer_holds_what_is_kept_is_printable(
    fuzzed: tuple[Site, Site], headers: list[tuple[str, bytes]], body: bytes, status: int
) -> None:
    site = fuzzed[False]
    site.greeting = None
    lines = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in headers)
    site.pages = {
        LOGON: b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n" % (status, len(body))
        + lines + b"\r\n" + body
    }  # fmt: skip
    for row in run(loopback(site)).rows:
        kept = [row.fe_server or "", *(one.location for one in row.redirects)]
        kept += [one.detail for one in row.errors] + [one.value for one in row.observed]
        assert all(text.isprintable() for text in kept), kept


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Site]]:
    """A site without TLS, and one that agrees to HTTP/2."""
    plain, framed = Site(), Site()
    with Servers() as servers:
        servers.start(plain)
        folder = tmp_path_factory.mktemp("fuzzed")
        servers.start(framed, tls_context(folder, alpn=("h2",)))
        yield plain, framed


@pytest.mark.parametrize(
    ("location", "decision"),
    [
        ("https://elsewhere.example.net/owa/", "out_of_scope"),
        ("//198.51.100.9/owa/", "out_of_scope"),
        ("http://169.254.169.254/latest/meta-data/", "out_of_scope"),
        ("https://127.0.0.1/owa/", "out_of_scope"),  # another port
        ("/owa/auth/logon.aspx?url=x", "asked_anyway"),
        ("/owa/", "asked_anyway"),
        ("/ecp/default.aspx?cmd=whoami", "other_path"),
        ("ftp://127.0.0.1/", "unreadable"),
        ("http://[::1", "unreadable"),
        ("http://exa mple/", "unreadable"),
        ("http://127.0.0.1:99999/", "unreadable"),
        ("javascript:alert(1)", "unreadable"),
        ("file:///etc/passwd", "unreadable"),
        ("http://user:pw@elsewhere.example.net/", "out_of_scope"),
    ],
)
def test_redirects_are_told_and_not_followed(location: str, decision: str) -> None:
    pages = exchange() | {OWA: reply(302, Location=location)}
    with serving(site := Site(pages)):
        result = run(loopback(site))

    [row] = result.rows
    assert [(OWA, location, decision)] == [
        (one.path, one.location, one.decision) for one in row.redirects
    ]
    assert [decision] == [one["why"] for one in result.decisions("redirect")]
    assert set(site.paths) <= set(exchange())


def test_a_redirect_to_another_host_of_the_scope_is_left_to_that_host() -> None:
    pages = exchange() | {
        OWA: lambda ask: reply(302, Location=f"http://127.0.0.2:{port(ask)}/owa/")
    }
    with Servers() as servers:
        servers.start(site := Site(pages), host="0.0.0.0")  # noqa: S104 all of loopback, in a test
        asked = scope("127.0.0.1/32", "127.0.0.2/32", ports=[(site.port, "http")], limits=HURRIED)
        result = run(asked)

    assert {"asked_anyway"} == {one["why"] for one in result.decisions("redirect")}
    assert [9, 9] == [row.answers for row in result.rows]


def port(ask: Ask) -> str:
    return ask.headers["Host"].rpartition(":")[2]


def test_a_host_asked_by_address_is_asked_by_its_name_where_it_says_so() -> None:
    def page(ask: Ask) -> bytes:
        if ask.headers["Host"].startswith("mail.example.org"):
            return reply(200, X_OWA_Version="15.2.792.15")
        return reply(302, Location=f"http://mail.example.org:{port(ask)}/owa/")

    with serving(site := Site({LOGON: page})):
        result = run(loopback(site), resolve=resolver(mail_example_org=["127.0.0.1"]))

    [row] = result.rows
    assert ("127.0.0.1", "mail.example.org", "127.0.0.1", "15.2.792.15") == (
        row.target, row.hostname, row.ip, row.build,
    )  # fmt: skip
    assert [(LOGON, "followed")] == [(one.path, one.decision) for one in row.redirects]
    # And it stays with that name: no more redirects than the one.
    assert 1 == len(result.decisions("redirect"))


@pytest.mark.parametrize("leads_to", [["198.51.100.9"], []])
def test_a_name_of_somebody_else_is_not_asked_for(leads_to: list[str]) -> None:
    page = reply(302, Location="http://victim.example.net/owa/", X_FEServer="EX01")
    with serving(site := Site({LOGON: page})):
        asked = scope("127.0.0.1/32", ports=[(site.port, "http")], limits=HURRIED)
        result = run(asked, resolve=resolver(victim_example_net=leads_to))

    assert {"out_of_scope"} == {one["why"] for one in result.decisions("redirect")}
    assert {f"127.0.0.1:{site.port}"} == {one.headers["Host"] for one in site.asked}


def test_a_name_that_opted_out_is_not_asked_for_though_its_address_is_in_the_scope() -> None:
    def page(ask: Ask) -> bytes:
        return reply(302, Location=f"http://mail.example.org:{port(ask)}/owa/", X_FEServer="E")

    with serving(site := Site({LOGON: page})):
        asked = scope(
            "127.0.0.1/32",
            ports=[(site.port, "http")],
            opt_out_names=["example.org"],
            limits=HURRIED,
        )
        result = run(asked, resolve=resolver(mail_example_org=["127.0.0.1"]))

    assert {"out_of_scope"} == {one["why"] for one in result.decisions("redirect")}
    assert {f"127.0.0.1:{site.port}"} == {one.headers["Host"] for one in site.asked}


def test_a_loop_of_redirects_ends() -> None:
    names = [f"n{number}.example.org" for number in range(6)]

    def page(ask: Ask) -> bytes:
        name = ask.headers["Host"].partition(":")[0]
        following = names[(names.index(name) + 1) % 6] if name in names else names[0]
        return reply(302, Location=f"http://{following}:{port(ask)}{LOGON}")

    known = {name.replace(".", "_"): ["127.0.0.1"] for name in names}
    with serving(site := Site({LOGON: page})):
        result = run(loopback(site), resolve=resolver(**known))

    [row] = result.rows
    assert ["followed", "followed", "followed", "loop"] == [
        one["why"] for one in result.decisions("redirect")
    ][:4]
    assert len(site.asked) < 20
    assert "exchange" == row.outcome


def test_two_names_that_point_at_each_other_end() -> None:
    def page(ask: Ask) -> bytes:
        other = "b" if ask.headers["Host"].startswith("a.") else "a"
        return reply(301, Location=f"http://{other}.example.org:{port(ask)}{LOGON}")

    known = {"a_example_org": ["127.0.0.1"], "b_example_org": ["127.0.0.1"]}
    with serving(site := Site({LOGON: page})):
        result = run(loopback(site), resolve=resolver(**known))

    assert ["followed", "followed", "loop"] == [
        one["why"] for one in result.decisions("redirect")
    ][:3]
