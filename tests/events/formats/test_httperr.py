from __future__ import annotations

from tests.events.reading import one
from tocsin.events.formats.httperr import FORMAT


def test_a_refused_request_keeps_its_reason_and_address() -> None:
    event = one(
        "httperr",
        "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\n"
        "2021-03-05 03:06:27 198.51.100.23 50123 192.0.2.10 443 HTTP/1.1 GET /a?b=c 503 1 AppOffline MSExchangeOWAAppPool\n",
    )
    assert {
        "client_ip": "198.51.100.23",
        "server_ip": "192.0.2.10",
        "method": "GET",
        "url_path": "/a",
        "url_query": "b=c",
        "status": "503",
        "error": "AppOffline",
    } == FORMAT.values(event)


def test_an_address_with_raw_spaces_is_one_field() -> None:
    event = one(
        "httperr",
        "#Fields: date time c-ip c-port cs-version cs-method cs-uri sc-status s-reason\n"
        "2021-03-05 03:06:27 198.51.100.23 50123 HTTP/1.1 GET /a b c 400 URL\n",
    )
    assert "/a b c" == event.fields["cs-uri"]
