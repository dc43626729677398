"""Full synthetic rows around one value that matters, for stories about single rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tocsin.events.format import all_formats

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_IIS_FIELDS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
    "cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
)
_HTTPPROXY = {
    "DateTime": "2021-03-03T06:44:34.294Z",
    "RequestId": "6a5b1f9e-0000-4000-8000-000000000001",
    "MajorVersion": "15",
    "MinorVersion": "1",
    "BuildVersion": "2106",
    "RevisionVersion": "2",
    "Protocol": "Ecp",
    "UrlHost": "mail.example.test",
    "UrlStem": "/ecp/y.js",
    "AuthenticationType": "FBA",
    "IsAuthenticated": "false",
    "UserAgent": "python-requests/2.25.1",
    "ClientIpAddress": "192.0.2.7",
    "ServerHostName": "MAIL01",
    "HttpStatus": "200",
    "BackEndStatus": "200",
    "Method": "POST",
    "ProxyAction": "Proxy",
    "TargetServer": "mail01.example.test",
    "RoutingHint": "X-BEResource-Cookie",
}


def httpproxy_header() -> str:
    """The header line of the format's own sample."""
    sample = all_formats()["httpproxy"].sample.decode("utf-8-sig")
    fields = next(line for line in sample.splitlines() if line.startswith("#Fields:"))
    return fields.removeprefix("#Fields:").strip()


def httpproxy(folder: Path, *rows: Mapping[str, str]) -> Path:
    """A server folder with HttpProxy rows, each with its values over ordinary ones."""
    header = httpproxy_header()
    lines = [
        ",".join(_quoted({**_HTTPPROXY, **row}.get(name, "")) for name in header.split(","))
        for row in rows
    ]
    row = "\r\n".join(lines)
    text = (
        f"#Software: Microsoft Exchange Server\r\n#Version: 15.01.2106.002\r\n"
        f"#Log-type: HttpProxy Logs\r\n#Date: 2021-03-03T06:00:00.000Z\r\n"
        f"#Fields: {header}\r\n{row}\r\n"
    )
    return _write(
        folder,
        "C/Program Files/Microsoft/Exchange Server/V15/Logging/HttpProxy/Ecp"
        "/HttpProxy_2021030306-1.LOG",
        "\ufeff" + text,
    )


def verbatim(folder: Path, path: str, *lines: str) -> Path:
    """A server folder with one file that holds `lines` as they are."""
    return _write(folder, path, "\r\n".join([*lines, ""]))


def iis(folder: Path, row: str, fields: str = _IIS_FIELDS) -> Path:
    """A server folder with one IIS row under the default header."""
    return verbatim(
        folder,
        "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log",
        "#Software: Microsoft Internet Information Services 10.0",
        "#Version: 1.0",
        "#Date: 2021-03-03 00:00:00",
        f"#Fields: {fields}",
        row,
    )


def iis_request(
    folder: Path, stem: str, query: str = "-", *, method: str = "GET", status: str = "200"
) -> Path:
    """A server folder with one request in the front end's IIS log."""
    return iis(
        folder,
        f"2021-09-03 06:27:13 10.0.0.4 {method} {stem} {query} 443 - 192.0.2.7 "
        f"python-requests/2.25.1 - {status} 0 0 133",
    )


def ecp(folder: Path, command: str) -> Path:
    """A server folder with one row in the control panel's server log."""
    escaped = command.replace("'", "''")
    data = (
        f"S:TIME=31;S:SID=0;'S:CMD={escaped}';S:REQID=;"
        "S:URL=/ecp/DDI/DDIService.svc/SetObject;S:BLD=15.1.2106.2"
    )
    return verbatim(
        folder,
        "C/Exchange/Logging/ECP/Server/ECPServer20210303-1.LOG",
        "#Software: Microsoft Exchange Server",
        "#Version: 15.0.0.0",
        "#Log-type: ECP Server Log",
        "#Date: 2021-03-03T00:00:00.000Z",
        "#Fields: TimeStamp,ServerName,EventId,EventData",
        f"2021-03-03T06:44:40.000Z,MAIL01,ECP.Request,{_quoted(data)}",
    )


def management(folder: Path, cmdlet: str, parameters: str) -> Path:
    """A server folder with one command in the management event log, as JSON."""
    record = {
        "Channel": "MSExchange Management",
        "SourceName": "MSExchange CmdletLogs",
        "EventID": 1,
        "Level": 4,
        "Hostname": "MAIL01",
        "TimeCreated": "2021-03-03T06:44:40.000Z",
        "Message": f"Cmdlet suceeded. Cmdlet {cmdlet}, parameters {parameters}.",
    }
    return verbatim(folder, "events.json", json.dumps(record))


def _quoted(text: str) -> str:
    if any(mark in text for mark in ',"'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _write(folder: Path, path: str, text: str) -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8"))
    return folder
