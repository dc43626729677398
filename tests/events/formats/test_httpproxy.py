from __future__ import annotations

import pytest

from tests.events.reading import one
from tocsin.events.formats.httpproxy import FORMAT

VERSION = "MajorVersion,MinorVersion,BuildVersion,RevisionVersion"


def log(names: str, values: str, version: str = "15.01.2106.002") -> str:
    return f"#Version: {version}\r\n#Fields: DateTime,{names}\r\n2021-03-03T06:49:46.210Z,{values}\r\n"


@pytest.mark.parametrize(
    ("names", "values", "path", "stream"),
    [
        ("Protocol", "PowerShell", "HttpProxy_1.LOG", "powershell"),
        ("UrlStem", "/owa/", "Logging/HttpProxy/OwaCalendar/HttpProxy_1.LOG", "owacalendar"),
        ("Protocol,UrlStem", ",/owa/", "D:/Exchange/Logging/HttpProxy/Owa/HttpProxy_1.LOG", "owa"),
        ("UrlStem", "/owa/", "HttpProxy_1.LOG", ""),
    ],
)
def test_the_protocol_is_told_by_the_row_else_by_the_folder(
    names: str, values: str, path: str, stream: str
) -> None:
    assert stream == one("httpproxy", log(names, values), path=path).stream


@pytest.mark.parametrize(
    ("names", "values", "version", "build"),
    [
        (VERSION, "15,1,2176,9", "15.01.2106.002", "15.1.2176.9"),
        (VERSION, "15,1,2176,", "15.01.2106.002", "15.1.2106.2"),
        ("UrlStem", "/owa/", "15.01.2106.002", "15.1.2106.2"),
        ("UrlStem", "/owa/", "15.0.0.0", None),
    ],
)
def test_the_build_is_that_of_the_row_else_of_the_file(
    names: str, values: str, version: str, build: str | None
) -> None:
    assert build == one("httpproxy", log(names, values, version)).fields.get("Build")


@pytest.mark.parametrize(
    ("names", "values", "canary"),
    [
        ("AnchorMailbox", "ServerInfo~a]@h:444/ecp/DDI/x?msExchEcpCanary=AbC.&schema=Y#", "AbC."),
        ("UrlQuery", "?schema=Y&msExchEcpCanary=AbC.", "AbC."),
        ("AnchorMailbox,UrlQuery", "Sid~S-1-5,?msExchEcpCanary=AbC.", "AbC."),
        ("AnchorMailbox", "ServerInfo~a]@h:444/ecp/proxy", None),
    ],
)
def test_the_canary_is_taken_from_the_anchor_or_the_query(
    names: str, values: str, canary: str | None
) -> None:
    assert canary == FORMAT.values(one("httpproxy", log(names, values))).get("canary")


def test_an_early_version_with_an_empty_column_name_is_read() -> None:
    event = one(
        "httpproxy",
        log("TargetServer,,TargetServerVersion,GenericErrors", "mail01,,15.01.0225.000,x"),
    )
    assert "15.01.0225.000" == event.fields["TargetServerVersion"]
    assert "x" == event.fields["GenericErrors"]
