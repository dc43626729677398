"""Requests of somebody who knows the rules, on a server whose logs are complete."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.stories.rows import httpproxy_header
from tocsin.hunt import Options, hunt
from tocsin.model.grade import Assurance, Level
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tocsin.model.result import HostResult

FIRST, PATCHED, DAYS = datetime(2021, 1, 2), datetime(2021, 3, 8), 70  # noqa: DTZ001 - UTC as text
CANARY = "msExchEcpC%61nary=x"
FORGED = "2021-03-03T06:44:34.294Z"
FIELDS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
    "cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
)


def server(
    tmp_path: Path,
    proxied: Mapping[str, str] | None = None,
    asked: tuple[str, str, str] | None = None,
) -> HostResult:
    """A server with rows twice a day over the whole time that matters, and one row more."""
    times = [FIRST + timedelta(hours=12 * number) for number in range(2 * DAYS)]
    rows = [
        {
            "DateTime": f"{time:%Y-%m-%dT%H:%M:%S}.000Z",
            "RevisionVersion": "2" if time < PATCHED else "13",
            "AnchorMailbox": "Smtp~user@example.test",
        }
        for time in times
    ]
    rows += [{"DateTime": FORGED, **proxied}] if proxied else []
    usual = {
        "MajorVersion": "15", "MinorVersion": "1", "BuildVersion": "2106", "RevisionVersion": "2",
        "Protocol": "Ecp", "UrlStem": "/ecp/", "Method": "POST", "HttpStatus": "200",
        "ClientIpAddress": "198.51.100.7",
    }  # fmt: skip
    names = httpproxy_header().split(",")
    text = [",".join({**usual, **row}.get(name, "") for name in names) for row in rows]
    _save(
        tmp_path / "C/Exchange Server/V15/Logging/HttpProxy/Ecp/HttpProxy_1.LOG",
        ["#Log-type: HttpProxy Logs", f"#Fields: {httpproxy_header()}", *text],
    )
    web = [f"{time:%Y-%m-%d %H:%M:%S} 10.0.0.1 GET /owa/ {REST.format('200')}" for time in times]
    if asked:
        method, stem, status = asked
        web.append(f"2021-03-03 06:44:34 10.0.0.1 {method} {stem} {REST.format(status)}")
    _save(tmp_path / "C/inetpub/logs/LogFiles/W3SVC1/u_ex2103.log", [f"#Fields: {FIELDS}", *web])
    (host,) = hunt([tmp_path], Options(), SilentProgress()).hosts
    return host


REST = "- 443 - 198.51.100.7 Mozilla/5.0 - {} 0 0 1"


def _save(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("\r\n".join([*lines, ""]), encoding="utf-8")


def test_without_them_there_is_no_evidence(tmp_path: Path) -> None:
    verdict = server(tmp_path).verdict
    assert (Level.NO_EVIDENCE_FOUND, Assurance.COMPLETE) == (verdict.level, verdict.assurance)


@pytest.mark.parametrize(
    ("anchor", "status", "level"),
    [
        ("a]@mail:444/e%63p/%70roxyLogon.ecp?#", "241", Level.EXPLOITED),
        ("mail:444/ecp/default.flt/../proxyLogon.ecp?#", "241", Level.EXPLOITED),
        ("a]@mail:444/ecp/x/proxyLogon.svc?#", "241", Level.EXPLOITED),
        (
            "localhost/owa/auth/logon.aspx/../../../e%77s/exchange.%61smx?#",
            "200",
            Level.COMPROMISED,
        ),
        ("mail:444\\ews\\exchange.asmx?#", "200", Level.COMPROMISED),
        (
            f"a]@mail:444/ecp/DDI/DDIS%65rvice.svc/SetObject?{CANARY}&schema=%52esetOABVirtualDirectory#",
            "200",
            Level.COMPROMISED,
        ),
        ("localhost/ecp/default.flt/../default.flt/x?#", "500", Level.ATTEMPTED),
        ("localhost/ecp/default.flt?", "500", Level.PROBED),
    ],
)
@pytest.mark.parametrize("mask", [{}, {"UserAgent": "AMProbe", "ClientIpAddress": "::1"}])
def test_no_mask_hides_a_forged_request(
    tmp_path: Path, mask: Mapping[str, str], anchor: str, status: str, level: Level
) -> None:
    row = {"AnchorMailbox": f"ServerInfo~{anchor}", "HttpStatus": status, **mask}
    assert level is server(tmp_path, row).verdict.level


@pytest.mark.parametrize(
    ("method", "stem", "status"),
    [
        ("POST", "/owa/auth/zz.aspx", "201"),
        ("PUT", "/owa/auth/zz.aspx", "200"),
        ("HEAD", "/aspnet_client/zz.aspx", "200"),
        ("GET", "/aspnet_client/.aspx", "304"),
        ("POST", "/owa/auth/zz.aspx/logon.aspx", "200"),
        ("POST", "//owa//auth//zz.ashx", "200"),
        ("POST", "/owa/auth/zz.cer", "200"),
        ("POST", "/aspnet_client/zz.soap", "200"),
        ("POST", "/EWS/zz.aspx", "200"),
    ],
)
def test_no_odd_request_for_a_planted_page_is_nothing(
    tmp_path: Path, method: str, stem: str, status: str
) -> None:
    """A place alone is no proof, but it must be looked at."""
    assert Level.INCONCLUSIVE is server(tmp_path, asked=(method, stem, status)).verdict.level


@pytest.mark.parametrize(
    ("method", "stem", "status"),
    [
        ("GET", "/owa/auth/logon.aspx/themes/x.css", "200"),
        ("POST", "/owa/auth/logon.aspx/", "200"),
        ("GET", "/owa/auth/logon.aspx/OutlookEN.aspx", "200"),
        ("OPTIONS", "/owa/auth/zz.aspx", "200"),
        ("POST", "/ews/Exchange.asmx/x", "200"),
        ("POST", "/autodiscover/autodiscover.svc/WSSecurity", "200"),
    ],
)
def test_no_odd_request_for_a_shipped_page_is_an_alarm(
    tmp_path: Path, method: str, stem: str, status: str
) -> None:
    """Anybody could make a server look compromised by asking for logon.aspx/OutlookEN.aspx."""
    assert Level.NO_EVIDENCE_FOUND is server(tmp_path, asked=(method, stem, status)).verdict.level
