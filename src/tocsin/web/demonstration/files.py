"""Writes files of feeds as Shadowserver, Shodan and nmap write them, damage included."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from tocsin.web.demonstration.country import Depth
from tocsin.web.demonstration.looks import Damage, File, Look, Source
from tocsin.web.demonstration.organisations import COUNTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_COLUMNS = (
    *("timestamp", "ip", "protocol", "port", "hostname", "tag", "asn", "geo", "region", "city"),
    *("naics", "sic", "sector", "version", "servername"),
)
"""Shadowserver's columns of 2021."""
_CUT_AFTER = _COLUMNS.index("tag") + 1


def write(file: File) -> bytes:
    """The bytes of a file."""
    return _WRITERS[file.source](file)


def _daily(file: File) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    rows.writerow(_COLUMNS)
    rows.writerows(map(_daily_row, file.looks))
    return text.getvalue().encode()


def _daily_row(look: Look) -> list[object]:
    host = look.host
    row: list[object] = [
        *(f"{look.at:%Y-%m-%d %H:%M:%S}", host.ip, "tcp", 443, host.hostname),
        "exchange;webshell" if look.web_shell else "exchange",
        *(host.asn, COUNTRY, host.organisation.region, "", 0, 0),
        host.organisation.sector if host.told_owner else "",
        look.install.three if look.depth is Depth.THREE else "",
        look.server.name or "",
    ]
    if look.damaged is Damage.CUT:
        return row[:_CUT_AFTER]
    if look.damaged is Damage.BAD_VALUE:
        row[_COLUMNS.index("port")] = "https"
    elif look.damaged is Damage.BAD_TIME:
        row[0] = f"{look.at:%Y-%m-%d} 25:61:00"
    return row


def _crawl(file: File) -> bytes:
    lines = []
    for look in file.looks:
        line = json.dumps(_banner(look), separators=(",", ":"))
        lines.append(line[: len(line) // 2] if look.damaged else line)
    return "".join(f"{line}\n" for line in lines).encode()


def _banner(look: Look) -> dict[str, object]:
    host = look.host
    names = [f"mail.{one.domain}" for one in host.named_for]
    headers = ["HTTP/1.1 302 Found", "Server: Microsoft-IIS/10.0", "Location: /owa/"]
    if look.server.name:
        headers.append(f"X-FEServer: {look.server.name}")
    if look.depth is Depth.FOUR:
        headers.append(f"X-OWA-Version: {look.install.text}")
    banner: dict[str, object] = {
        "ip_str": host.ip,
        "port": 443,
        "timestamp": f"{look.at:%Y-%m-%dT%H:%M:%S.000000}",
        "transport": "tcp",
        "hostnames": [host.hostname],
        "asn": f"AS{host.asn}",
        "location": {"country_code": COUNTRY},
        "data": "".join(f"{line}\r\n" for line in headers),
        "http": {"title": "Outlook", "status": 302},
        "_shodan": {"module": "https"},
    }
    if names:
        banner["ssl"] = {"cert": {"subject": {"CN": names[0]}}, "names": names}
    if host.is_decoy:
        banner["tags"] = ["honeypot"]
    return banner


def _scan(file: File) -> bytes:
    start = int(file.looks[0].at.timestamp()) if file.looks else 0
    hosts = "\n".join(map(_scanned, file.looks))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
        f'<nmaprun scanner="nmap" args="nmap -p 443 -oX {file.name}" start="{start}" '
        f'version="7.93" xmloutputversion="1.05">\n{hosts}\n'
        "<runstats><finished/></runstats>\n</nmaprun>\n"
    ).encode()


def _scanned(look: Look) -> str:
    kind = "ipv6" if ":" in look.host.ip else "ipv4"
    port = 22 if look.elsewhere else 70_443 if look.damaged else 443
    return (
        f'<host endtime="{int(look.at.timestamp())}"><status state="up" reason="syn-ack"/>'
        f'<address addr="{look.host.ip}" addrtype="{kind}"/>'
        f'<hostnames><hostname name={quoteattr(look.host.hostname)} type="PTR"/></hostnames>'
        f'<ports><port protocol="tcp" portid="{port}"><state state="open"/>'
        f"{''.join(_answer(look))}</port></ports></host>"
    )


def _answer(look: Look) -> Iterator[str]:
    if look.elsewhere:
        yield '<service name="ssh"/>'
        return
    yield '<service name="https" product="Microsoft IIS httpd"/>'
    if look.depth in {Depth.THREE, Depth.FOUR}:
        seen = look.install.three if look.depth is Depth.THREE else look.install.text
        yield (
            f'<script id="ms-exchange-version" output="{seen}"><table key="{seen}">'
            f'<elem key="build">{look.install.text}</elem></table></script>'
        )


_WRITERS: dict[Source, Callable[[File], bytes]] = {
    Source.DAILY: _daily,
    Source.CRAWL: _crawl,
    Source.SCAN: _scan,
}
