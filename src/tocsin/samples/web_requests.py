"""One web request, as it shows in HttpProxy, in IIS's front end and in IIS's back end.

The three rows are tied as on a real server: the front end's query ends in ``cafeReqId``, which is
HttpProxy's RequestId. Source: HELSE CERT, 2021-march-exchange (2021).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.samples.journal import Row
from tocsin.samples.logs import all_logs, csv_line, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.samples.happening import Happening


def request(it: Happening) -> Iterator[Row]:
    """Verb ``request``.

    `protocol` is HttpProxy's name for the application. `url` is path and query. `back` is what the
    back end was asked for, where the proxy passed the request on; `seen` names the logs that have
    it (``proxy``, ``front``, ``back``).
    """
    request_id = it.dice.guid()
    stem, _, query = it.need("url").partition("?")
    status = it.get("status", "200")
    duration_ms = str(it.dice.number(3, 60))
    seen = it.get("seen", "proxy,front,back").split(",")
    protocol = it.get("protocol")
    back = it.get("back")
    if "proxy" in seen:
        yield _proxy_row(it, protocol, request_id, stem, query, status, duration_ms)
    if "front" in seen:
        tied = f"{query}&CorrelationID=<empty>;&cafeReqId={request_id};"
        front = (stem, tied, "443", it.get("user"), it.need("client"), status, duration_ms)
        yield Row(log="iis_front", stream="", time=it.time, text=_iis_row(it, *front))
    if back and "back" in seen:
        back_stem, _, back_query = back.partition("?")
        user = it.get("back_user", it.get("user"))
        answered = it.get("back_status", status)
        behind = (back_stem, back_query, "444", user, it.server.address, answered, duration_ms)
        yield Row(log="iis_back", stream="", time=it.time, text=_iis_row(it, *behind))


def _proxy_row(  # one row has this many parts, and they are named at the call
    it: Happening,
    protocol: str,
    request_id: str,
    stem: str,
    query: str,
    status: str,
    duration_ms: str,
) -> Row:
    columns = dict.fromkeys(all_logs()["http_proxy"].fields.strip().split(","), "")
    major, minor, number, revision = it.build.split(".")
    passed_on = bool(it.get("back"))
    user = it.get("user")
    columns |= {
        "DateTime": stamp(it.time),
        "RequestId": request_id,
        "MajorVersion": major,
        "MinorVersion": minor,
        "BuildVersion": number,
        "RevisionVersion": revision,
        "Protocol": protocol,
        "UrlHost": it.get("host", it.server.url_host),
        "UrlStem": stem,
        "ProtocolAction": it.get("action"),
        "AuthenticationType": it.get("auth", "FBA"),
        "IsAuthenticated": "true" if user else "false",
        "AuthenticatedUser": user,
        "AnchorMailbox": it.get("anchor"),
        "UserAgent": it.get("agent").replace(",", " "),
        "ClientIpAddress": it.need("client"),
        "ServerHostName": it.server.name,
        "HttpStatus": status,
        "BackEndStatus": it.get("back_status", status) if passed_on else "",
        "ErrorCode": it.get("error"),
        "Method": it.need("method"),
        "ProxyAction": "Proxy" if passed_on else "",
        "TargetServer": it.get("target", it.server.fqdn if passed_on else ""),
        "TargetServerVersion": f"{major}.{int(minor):02}.{number}.000" if passed_on else "",
        "RoutingType": it.get("routing_type", "IntraForest" if passed_on else ""),
        "RoutingHint": it.get("routing", "WindowsIdentity" if user else ""),
        "BackEndCookie": it.get("cookie"),
        "RequestBytes": str(it.dice.number(0, 900)),
        "ResponseBytes": str(it.dice.number(0, 9000)) if passed_on else "",
        "TotalRequestTime": duration_ms,
        "UrlQuery": f"?{query}" if query else "",
        "GenericInfo": _generic_info(it),
        "GenericErrors": it.get("errors"),
        "RoutingStatus": "CafeV1" if passed_on else "",
    }
    return Row(
        log="http_proxy",
        stream=protocol,
        time=it.time,
        text=csv_line(list(columns.values())),
    )


def _generic_info(it: Happening) -> str:
    note = it.get("note")
    parts = [f"BeginRequest={stamp(it.time)}", "CorrelationID=<empty>", "ProxyState-Run=None"]
    if note:
        parts.append(note)
    return ";".join([*parts, "SharedCacheGuard=0", f"EndRequest={stamp(it.time)}", ""])


def _iis_row(  # the parts that differ between front and back end
    it: Happening, stem: str, query: str, port: str, user: str, client: str, status: str, ms: str
) -> str:
    agent = it.get("agent").replace(" ", "+")
    parts = (
        f"{it.time:%Y-%m-%d}",
        f"{it.time:%H:%M:%S}",
        it.server.address,
        it.need("method"),
        stem,
        query.replace(" ", "+"),
        port,
        user.replace(" ", "+"),
        client,
        agent,
        it.get("referrer"),
        status,
        it.get("substatus", "0"),
        it.get("win32", "0"),
        ms,
    )
    return " ".join(part or "-" for part in parts)
