"""Shodan's banners as JSON lines (`shodan download`), and its answers for a host or a search.

What Shodan infers from a version (``vulns``) is kept as its claim.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, BinaryIO

from tocsin.campaign import fields, fingerprints
from tocsin.campaign.feed import Feed, FeedContext
from tocsin.campaign.fields import mapping, sequence, text, texts, within
from tocsin.campaign.json_heads import head_paths
from tocsin.campaign.observation import MAX_LIST, Method, Observation, seen_builds
from tocsin.campaign.reading import Numbering, Part, Place, needs_host, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.campaign.observation import FeedRow

NAME = "shodan"
_MARKS = ("_shodan", "matches._shodan", "data._shodan")
_ADDRESSES = ("ip_str", "matches.ip_str", "data.ip_str")
_OURS = frozenset(
    {
        *("ip", "ip_str", "port", "timestamp", "hostnames", "asn", "tags", "vulns", "data"),
        *("location.country_code", "http.html", "http.redirects", "http.components", "ssl"),
        *("http.favicon", "http.robots", "http.sitemap", "http.securitytxt", "opts", "_shodan"),
        *("location.country_code3", "location.longitude", "location.latitude"),
    }
)
"""Keys that are read, or hold collected pages and certificates."""


def recognise(head: bytes, _name: str) -> bool:
    """Whether the first object is a banner, a host or a search result of Shodan."""
    paths = head_paths(head)
    return any(one in paths for one in _ADDRESSES) and (
        any(one in paths for one in _MARKS) or {"port", "data"} <= paths.keys()
    )


def read(stream: BinaryIO, context: FeedContext) -> Iterator[FeedRow]:
    """One observation or problem for each banner."""
    return read_json(stream, Numbering(NAME, context), _observed, _banners)


def _banners(record: dict[str, Any]) -> Iterator[Part]:
    """A record is a banner, or holds them for one host or one search."""
    inner = record.get("matches", record.get("data"))
    if not isinstance(inner, list):
        yield record
        return
    whole = {name: value for name, value in record.items() if name not in {"matches", "data"}}
    for banner in inner:
        if isinstance(banner, dict):
            yield {**whole, **banner} if "data" in record else banner
        else:
            yield whole


def _observed(banner: Part, place: Place) -> Observation:
    ip = fields.address(banner.get("ip_str")) or _of_integer(banner.get("ip"))
    hostnames = texts(banner.get("hostnames"))
    hostname = next(iter(hostnames), None)
    needs_host(ip, hostname)
    tags = texts(banner.get("tags"))
    raw = banner.get("data")
    header_text = raw if isinstance(raw, str) else ""
    builds = seen_builds(_builds(banner, header_text))
    return Observation(
        **place,
        time_utc=fields.time_of(banner.get("timestamp")),
        ip=ip,
        port=fields.port(banner.get("port")),
        hostname=hostname,
        server_name=fingerprints.server_name(header_text),
        names=fields.others((*hostnames, *_certificate_names(banner)), hostname),
        asn=fields.asn(banner.get("asn")),
        country=fields.country(within(banner, "location", "country_code")),
        builds=builds,
        about_exchange=bool(builds) or _speaks_of_exchange(banner, header_text),
        tags=tags,
        evidence=fields.web_shell_said(tags),
        claims=fields.cves([*_vulns(banner), *tags]),
        extra=fields.further(banner, _OURS),
    )


def _builds(banner: Part, header_text: str) -> Iterator[tuple[str | None, Method]]:
    yield from fingerprints.in_headers(header_text)
    http = mapping(banner.get("http"))
    for page in (http.get("html"), http.get("location")):
        yield from fingerprints.in_page(page if isinstance(page, str) else "")
    for step in sequence(http.get("redirects"))[:MAX_LIST]:
        for name in ("data", "location", "html"):
            part = mapping(step).get(name)
            if isinstance(part, str):
                yield from fingerprints.in_headers(part)
                yield from fingerprints.in_page(part)
    yield from fingerprints.in_cpes((*texts(banner.get("cpe")), *texts(banner.get("cpe23"))))
    if fields.says_exchange([text(banner.get("product")) or ""]):
        yield text(banner.get("version")), Method.FEED_VERSION


def _speaks_of_exchange(banner: Part, header_text: str) -> bool:
    http = mapping(banner.get("http"))
    said = (
        text(banner.get("product")),
        text(http.get("title")),
        text(http.get("location")),
        *mapping(http.get("components")),
        *texts(banner.get("cpe")),
        *texts(banner.get("cpe23")),
    )
    if fingerprints.has_header(header_text):
        return True
    return fields.says_exchange(one for one in said if one)


def _certificate_names(banner: Part) -> tuple[str, ...]:
    certificate = within(banner, "ssl", "cert")
    common = within(certificate, "subject", "CN")
    return tuple(dict.fromkeys((*texts(common), *texts(within(banner, "ssl", "names")))))


def _vulns(banner: Part) -> list[str]:
    """An object of CVEs, or a list of them."""
    vulns = banner.get("vulns")
    return [str(one) for one in vulns][:MAX_LIST] if isinstance(vulns, dict | list) else []


def _of_integer(value: object) -> str | None:
    """Older banners have the address as a number."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**32:
        return None
    return str(ipaddress.IPv4Address(value))


_SAMPLE = """\
{"ip_str":"192.0.2.20","port":443,"transport":"tcp","timestamp":"2026-11-02T04:05:06.123456","hostnames":["mail.example.org"],"domains":["example.org"],"org":"Example Hosting","isp":"Example ISP","asn":"AS64496","location":{"country_code":"DE","city":"Berlin"},"product":"Microsoft IIS httpd","version":"10.0","cpe23":["cpe:2.3:a:microsoft:exchange_server:2019"],"data":"HTTP/1.1 302 Found\\r\\nLocation: /owa/\\r\\nX-FEServer: EXCH01\\r\\nX-OWA-Version: 15.2.1118.7\\r\\n\\r\\n","http":{"status":200,"title":"Outlook","server":"Microsoft-IIS/10.0","host":"192.0.2.20","location":"/owa/auth/logon.aspx","html":"<link href=\\"/owa/auth/15.2.1118/themes/resources/favicon.ico\\">"},"ssl":{"cert":{"subject":{"CN":"mail.example.org"}}},"vulns":{"CVE-2021-26855":{"verified":false,"cvss":9.8}},"tags":["self-signed"],"_shodan":{"module":"https","id":"00000000-0000-0000-0000-000000000001"}}
{"ip_str":"198.51.100.20","port":21,"transport":"tcp","timestamp":"2026-11-02T04:05:07.000001","hostnames":[],"asn":"AS64497","location":{"country_code":"FR"},"data":"220 ready","_shodan":{"module":"ftp","id":"00000000-0000-0000-0000-000000000002"}}
"""

FEED = Feed(
    name=NAME,
    title="Shodan banners as JSON lines",
    unit="a banner",
    recognise=recognise,
    read=read,
    sample=_SAMPLE.encode(),
    sample_name="exchange.json",
    sample_rows=2,
    reference="Shodan, banner specification (datapedia), 2026; gethvi, pydantic-shodan, models.py, "
    "for the types of its keys.",
)
