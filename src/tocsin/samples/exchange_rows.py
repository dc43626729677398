"""Rows of Exchange's other text logs: ECP, OAB generator, EWS, message tracking, cmdlets.

The formats in `tocsin.events.formats` name their sources.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tocsin.samples.journal import Record, Row
from tocsin.samples.logs import all_logs, csv_line, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.samples.happening import Happening


def ecp(it: Happening) -> Iterator[Row]:
    """Verb ``ecp``: a row of the ECP server log. A command with quotes is quoted as a whole."""
    command = f"S:CMD={it.need('command')}"
    if "'" in command:
        command = "'" + command.replace("'", "''") + "'"
    data = ";".join(
        [
            f"S:TIME={it.dice.number(2, 400)}",
            f"S:SID={it.get('session') or it.dice.guid()}",
            command,
            f"S:REQID={it.get('request_id')}",
            f"S:URL={it.need('url')}",
            "S:REFERRER=",
            f"S:EX={it.get('exception')}",
            f"S:ACTID={it.dice.guid()}",
            "S:RS=0",
            f"S:BLD={it.build}",
            "S:TNAME=<null>",
            "S:TID=",
            f"S:USID={it.dice.guid()}",
            "S:EDOID=",
            "S:ACID=",
        ]
    )
    cells = [stamp(it.time), it.server.name, it.get("event", "ECP.Request"), data]
    yield Row(log="ecp_server", stream="", time=it.time, text=csv_line(cells))


def ecp_activity(it: Happening) -> Iterator[Row]:
    """Verb ``ecp_activity``: a row of the ECP activity log, with its personal data in PII tags."""
    user = it.get("user")
    data = ";".join(
        [
            *([f"S:PSA=<PII>{user}</PII>"] if user else []),
            f"S:URL={it.need('url')}",
            f"S:Bld={it.build}",
            f"S:ActID={it.dice.guid()}",
            f"Dbl:WLM.TS={it.dice.number(0, 90)}",
        ]
    )
    cells = [stamp(it.time), it.server.name, "Request", data]
    yield Row(log="ecp_activity", stream="", time=it.time, text=csv_line(cells))


def oab(it: Happening) -> Iterator[Row]:
    """Verb ``oab``: a row of OABGeneratorLog."""
    cells = [stamp(it.time), str(it.dice.number(4, 60)), it.get("event", "Info"), it.need("text")]
    yield Row(log="oab_generator", stream="", time=it.time, text=csv_line(cells))


def ews(it: Happening) -> Iterator[Row]:
    """Verb ``ews``: a row of the back end's EWS log."""
    begun = it.time - timedelta(milliseconds=it.dice.number(4, 90))
    columns = _columns("ews", it) | {
        "DateTime": stamp(it.time),
        "RequestId": it.dice.guid(),
        "Ring": "Unknown",
        "AuthenticationType": it.get("auth", "Logon"),
        "IsAuthenticated": "true",
        "AuthenticatedUser": it.need("user"),
        "Organization": it.server.domain.upper(),
        "UserAgent": it.need("agent").replace(",", " "),
        "VersionInfo": "Target=None;Req=Exchange2010_SP1/Exchange2010_SP1;",
        "ClientIpAddress": it.need("client"),
        "SoapAction": it.need("soap"),
        "HttpStatus": it.get("status", "200"),
        "RequestSize": str(it.dice.number(300, 2000)),
        "ImpersonatedUser": it.get("impersonated"),
        "ActAsUser": it.need("user"),
        "PrimaryOrProxyServer": "PrimaryServer",
        "TaskType": "LocalTask",
        "TotalRequestTime": str(it.dice.number(4, 90)),
        "StartTime": stamp(begun),
        "ProcessId": "9716",
    }
    yield Row(log="ews", stream="", time=it.time, text=csv_line(list(columns.values())))


def track(it: Happening) -> Iterator[Row]:
    """Verb ``track``: a row of message tracking."""
    message_id = it.dice.guid()
    columns = dict.fromkeys(all_logs()["message_tracking"].fields.strip().split(","), "") | {
        "date-time": stamp(it.time),
        "client-ip": it.get("client", it.server.address),
        "client-hostname": it.server.name,
        "server-hostname": it.server.name,
        "source": it.get("source", "STOREDRIVER"),
        "event-id": it.get("event", "DELIVER"),
        "internal-message-id": str(it.dice.number(10**9, 10**10)),
        "message-id": f"<{message_id}@{it.server.domain}>",
        "network-message-id": message_id,
        "recipient-address": it.need("to"),
        "total-bytes": str(it.dice.number(2000, 90000)),
        "recipient-count": "1",
        "message-subject": it.get("subject", "Minutes, and what is left to do"),
        "sender-address": it.need("sender"),
        "return-path": it.get("sender"),
        "directionality": it.get("direction", "Originating"),
        "schema-version": it.build,
    }
    text = csv_line(list(columns.values()))
    yield Row(log="message_tracking", stream="MD", time=it.time, text=text)


def cmdlet(it: Happening) -> Iterator[Row | Record]:
    """Verb ``cmdlet``: a record of MSExchange Management, and where `log` says so a cmdlet row.

    The record's data has no names, only places.
    """
    name, parameters = it.need("name"), it.get("parameters")
    event_id = int(it.get("event", "1"))
    host = it.get("host", "ServerRemoteHost-EMC")
    fault = it.get("exception")
    yield Record(
        channel="MSExchange Management",
        provider="MSExchange CmdletLogs",
        event_id=event_id,
        level=4 if event_id == 1 else 2,
        time=it.time,
        data=tuple(
            (None, text)
            for text in (
                name,
                parameters,
                it.need("user"),
                it.get("sid", "S-1-5-21-304617-82290-1177-500"),
                it.get("sid", "S-1-5-21-304617-82290-1177-500"),
                host,
                str(it.dice.number(4000, 16000)),
                "",
                str(it.dice.number(10, 99)),
                f"00:00:00.{it.dice.number(1000000, 9999999)}",
                f"View Entire Forest: 'False', Domain Controller: 'dc01.{it.server.domain}'",
                fault,
                "Context",
            )
        ),
    )
    if stream := it.get("log"):
        yield _cmdlet_row(it, name, parameters, stream)


def _cmdlet_row(it: Happening, name: str, parameters: str, stream: str) -> Row:
    columns = _columns("rps_cmdlet", it) | {
        "DateTime": stamp(it.time),
        "StartTime": stamp(it.time - timedelta(milliseconds=it.dice.number(10, 900))),
        "RequestId": it.dice.guid(),
        "ProcessId": str(it.dice.number(4000, 16000)),
        "ProcessName": "w3wp#MSExchangePowerShellAppPool",
        "ThreadId": str(it.dice.number(10, 99)),
        "AuthenticatedUser": it.need("user"),
        "IsAdmin": "False",
        "ClientApplication": it.get("application"),
        "Cmdlet": name,
        "Parameters": parameters,
        "CmdletUniqueId": it.dice.guid(),
        "TotalTime": str(it.dice.number(10, 900)),
        "ExecutionResult": "Error" if it.get("exception") else "Success",
        "GenericErrors": it.get("exception"),
        "NonPiiParameters": parameters,
    }
    text = csv_line(list(columns.values()))
    return Row(log="rps_cmdlet", stream=stream, time=it.time, text=text)


def rps_http(it: Happening) -> Iterator[Row]:
    """Verb ``rps_http``: a row of remote PowerShell's request log. `info` is the client's name."""
    columns = _columns("rps_http", it) | {
        "DateTime": stamp(it.time),
        "StartTime": stamp(it.time - timedelta(milliseconds=it.dice.number(4, 90))),
        "RequestId": it.dice.guid(),
        "UrlHost": it.server.fqdn,
        "UrlStem": it.get("stem", "/PowerShell/"),
        "AuthenticationType": it.get("auth", "Kerberos"),
        "IsAuthenticated": "true",
        "AuthenticatedUser": it.need("user"),
        "ClientIpAddress": it.need("client"),
        "FrontEndServer": it.server.fqdn.upper(),
        "HttpStatus": it.get("status", "200"),
        "SubStatus": "0",
        "Action": it.get("action"),
        "CommandName": it.get("command"),
        "SessionId": it.dice.guid(),
        "ShellId": it.dice.guid(),
        "RequestBytes": str(it.dice.number(900, 9000)),
        "ClientInfo": it.get("info").replace(",", " "),
        "TotalTime": str(it.dice.number(10, 900)),
        "UrlQuery": it.get("query"),
        "GenericInfo": (
            "OnEndRequest.End.ContentType=application/soap+xml charset UTF-8;"
            "S:ServiceCommonMetadata.HttpMethod=POST;"
        ),
    }
    text = csv_line(list(columns.values()))
    yield Row(log="rps_http", stream=it.get("log", "Powershell-Proxy"), time=it.time, text=text)


def _columns(log: str, it: Happening) -> dict[str, str]:
    major, minor, number, revision = it.build.split(".")
    columns = dict.fromkeys(all_logs()[log].fields.strip().split(","), "")
    return columns | {
        "MajorVersion": major,
        "MinorVersion": minor,
        "BuildVersion": number,
        "RevisionVersion": revision,
        "ServerHostName": it.server.name,
    }
