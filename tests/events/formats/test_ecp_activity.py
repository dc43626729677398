from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.events.reading import one
from tocsin.events.formats.ecp_activity import FORMAT


@pytest.mark.parametrize("time", ["TimeStamp", "MyTimeStamp"])
def test_the_time_is_read_under_both_its_names(time: str) -> None:
    event = one(
        "ecp_activity",
        f"#Fields: {time},ServerName,EventId,EventData\n"
        "2021-03-03T06:49:53.772Z,MAIL01,Request,S:PSA=<PII>anna@example.org</PII>;"
        "S:URL=https://localhost:444/ecp/a.svc/GetList?msExchEcpCanary=AbC.;S:Bld=15.1.2106.2\n",
    )
    assert datetime(2021, 3, 3, 6, 49, 53, 772_000, tzinfo=UTC) == event.time
    assert {
        "host": "MAIL01",
        "operation": "Request",
        "user": "anna@example.org",
        "url_path": "/ecp/a.svc/GetList",
        "url_query": "msExchEcpCanary=AbC.",
        "canary": "AbC.",
        "build": "15.1.2106.2",
    } == FORMAT.values(event)
