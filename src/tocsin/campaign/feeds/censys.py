"""Censys: hosts of the legacy search (v2), and hosts and web properties of the Platform.

Both name the same things differently: ``observed_at`` and ``scan_time``, headers with underscores
and with hyphens, one page for each service and several endpoints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from tocsin.campaign import fields, fingerprints
from tocsin.campaign.feed import Feed, FeedContext
from tocsin.campaign.fields import mapping, sequence, text, texts, within
from tocsin.campaign.json_heads import head_paths
from tocsin.campaign.observation import (
    MAX_EXTRA,
    MAX_LIST,
    Method,
    Observation,
    seen_builds,
)
from tocsin.campaign.reading import Numbering, Part, Place, needs_host, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tocsin.campaign.observation import FeedRow

NAME = "censys"
_WRAPPERS = ("result", "hits", "resource", "host", "web", "host_v1", "webproperty_v1")
"""Keys that answers of the programming interfaces put around a host or a web property."""
_DEEPEST = 5
_MARKS = frozenset(
    {
        *(
            "services.service_name",
            "services.extended_service_name",
            "services.transport_protocol",
        ),
        *("services.scan_time", "services.protocol", "services.endpoints", "services.observed_at"),
        *("autonomous_system", "endpoints.endpoint_type", "endpoints.scan_time", "dns.names"),
        *("location_updated_at", "host_v1", "webproperty_v1", "autonomous_system.asn"),
    }
)
_OURS = frozenset(
    {
        *("ip", "port", "observed_at", "scan_time", "services", "software", "tls", "cert"),
        *("certificate", "http", "endpoints", "vulns", "labels", "banner", "banner_hex", "jarm"),
        *("hostname", "operating_systems", "hardware", "screenshots", "autonomous_system"),
        *("representative_info", "dns", "location", "whois", "last_updated_at", "name"),
    }
)


def recognise(head: bytes, _name: str) -> bool:
    """Whether the first object holds a host or a web property of Censys."""
    paths = head_paths(head)
    bare = {_unwrapped(path) for path in paths}
    return bool(_MARKS & bare) and bool({"ip", "hostname", "services", "endpoints"} & bare)


def read(stream: BinaryIO, context: FeedContext) -> Iterator[FeedRow]:
    """One observation or problem for each service; a host without any is one row."""
    return read_json(stream, Numbering(NAME, context), _observed, _services)


def _unwrapped(path: str) -> str:
    while path.partition(".")[0] in _WRAPPERS and "." in path:
        path = path.partition(".")[2]
    return path


def _services(record: dict[str, Any]) -> Iterator[Part]:
    for asset in _assets(record, _DEEPEST):
        services = [one for one in sequence(asset.get("services")) if isinstance(one, dict)]
        for service in services or [{}]:
            yield {"asset": asset, "service": service or _property(asset)}


def _assets(value: object, deepest: int) -> Iterator[dict[str, Any]]:
    """Hosts and web properties, out of whatever is around them."""
    if isinstance(value, list):
        for one in value:
            yield from _assets(one, deepest)
    elif isinstance(value, dict) and deepest:
        inner = [value[name] for name in _WRAPPERS if isinstance(value.get(name), dict | list)]
        for one in inner:
            yield from _assets(one, deepest - 1)
        if not inner and {"ip", "services", "hostname", "endpoints"} & value.keys():
            yield value


def _property(asset: Part) -> Part:
    """A web property is its own service, reached by name and not tied to an address."""
    return asset if "endpoints" in asset else {}


def _observed(part: Part, place: Place) -> Observation:
    asset, service = part["asset"], part["service"]
    pages = list(_pages(service))
    ip = fields.address(asset.get("ip") or service.get("ip") or _address_of(service))
    dns = mapping(asset.get("dns"))
    reverse = texts(within(dns, "reverse_dns", "names"))
    hostnames = (*texts(asset.get("hostname")), *texts(asset.get("name")), *reverse)
    hostname = next(iter(hostnames), None)
    needs_host(ip, hostname)
    header_text = "\n".join(headers for headers, _ in pages)
    builds = seen_builds(_builds(service, pages))
    labels = tuple(one for label in sequence(service.get("labels")) for one in _label(label))
    names = (*hostnames, *texts(dns.get("names")), *_certificate(service))
    when = service.get("observed_at") or service.get("scan_time") or asset.get("last_updated_at")
    return Observation(
        **place,
        time_utc=fields.time_of(when or _scanned(service)),
        ip=ip,
        port=fields.port(service.get("port")),
        hostname=hostname,
        server_name=fingerprints.server_name(header_text),
        names=fields.others(names, hostname),
        asn=fields.asn(within(asset, "autonomous_system", "asn")),
        country=fields.country(within(asset, "location", "country_code")),
        builds=builds,
        about_exchange=bool(builds) or _speaks_of_exchange(service, pages),
        tags=labels,
        evidence=fields.web_shell_said(labels),
        claims=fields.cves(_vulns(service)),
        extra=_further(asset, service),
    )


def _pages(service: Part) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The headers as text, and the rest of each answer over HTTP."""
    answers = [within(service, "http", "response")]
    answers += [mapping(one).get("http") for one in sequence(service.get("endpoints"))[:MAX_LIST]]
    for answer in answers:
        if isinstance(answer, dict):
            yield fingerprints.as_headers(mapping(answer.get("headers")).items()), answer


def _builds(
    service: Part, pages: list[tuple[str, Mapping[str, Any]]]
) -> Iterator[tuple[str | None, Method]]:
    for headers, answer in pages:
        yield from fingerprints.in_headers(headers)
        yield from fingerprints.in_page(headers)
        body = answer.get("body")
        yield from fingerprints.in_page(body if isinstance(body, str) else "")
    for software in sequence(service.get("software"))[:MAX_LIST]:
        one = mapping(software)
        cpe = (*texts(one.get("uniform_resource_identifier")), *texts(one.get("cpe")))
        yield from fingerprints.in_cpes(cpe)
        if fields.says_exchange([_product(one)]):
            yield text(one.get("version")), Method.FEED_VERSION


def _speaks_of_exchange(service: Part, pages: list[tuple[str, Mapping[str, Any]]]) -> bool:
    said: list[str | None] = []
    for headers, answer in pages:
        if fingerprints.server_name(headers):
            return True
        said += [headers, text(answer.get("html_title")), text(answer.get("uri"))]
    for software in sequence(service.get("software"))[:MAX_LIST]:
        said += [_product(mapping(software)), text(mapping(software).get("cpe"))]
    return fields.says_exchange(one for one in said if one)


def _product(software: Mapping[str, Any]) -> str:
    return f"{text(software.get('vendor')) or ''} {text(software.get('product')) or ''}"


def _certificate(service: Part) -> tuple[str, ...]:
    leaf = mapping(within(service, "tls", "certificates", "leaf_data"))
    certificate = mapping(service.get("cert"))
    common = within(certificate, "parsed", "subject", "common_name")
    return (*texts(leaf.get("names")), *texts(certificate.get("names")), *texts(common))


def _vulns(service: Part) -> list[str]:
    found = [mapping(one) for one in sequence(service.get("vulns"))[:MAX_LIST]]
    return [
        name for one in found for key in ("id", "name", "cve_id") if (name := text(one.get(key)))
    ]


def _label(label: object) -> tuple[str, ...]:
    return texts(mapping(label).get("value") if isinstance(label, dict) else label)


def _address_of(service: Part) -> str | None:
    """A web property's endpoints tell which address answered."""
    return next(
        (a for one in sequence(service.get("endpoints")) if (a := text(mapping(one).get("ip")))),
        None,
    )


def _scanned(service: Part) -> str | None:
    times = (text(mapping(one).get("scan_time")) for one in sequence(service.get("endpoints")))
    return max((one for one in times if one), default=None)


def _further(asset: Part, service: Part) -> tuple[tuple[str, str], ...]:
    """``truncated`` among them: Censys's word for what may be a decoy."""
    found = dict(fields.further(asset, _OURS))
    found |= dict(fields.further(service, _OURS))
    system = mapping(asset.get("autonomous_system"))
    found |= {
        f"autonomous_system.{k}": v for k in ("name", "bgp_prefix") if (v := text(system.get(k)))
    }
    return tuple(found.items())[:MAX_EXTRA]


_SAMPLE = """\
{"ip":"192.0.2.30","last_updated_at":"2026-11-03T06:39:12.356Z","autonomous_system":{"asn":64496,"name":"EXAMPLE","country_code":"NL"},"location":{"country_code":"NL"},"dns":{"reverse_dns":{"names":["mail.example.org"]},"names":["mail.example.org","autodiscover.example.org"]},"services":[{"service_name":"HTTP","extended_service_name":"HTTPS","port":443,"transport_protocol":"TCP","observed_at":"2026-11-03T01:58:59.320014077Z","truncated":false,"http":{"response":{"status_code":302,"headers":{"X_Owa_Version":["15.2.986.14"],"X_Feserver":["EXCH01"],"_encoding":{"X_Owa_Version":"DISPLAY_UTF8"}},"body":"","html_title":"Object moved"}},"tls":{"certificates":{"leaf_data":{"names":["mail.example.org"]}}}},{"service_name":"SSH","port":22,"transport_protocol":"TCP","observed_at":"2026-11-03T01:59:00Z"}]}
{"host":{"ip":"198.51.100.30","location":{"country_code":"FR"},"autonomous_system":{"asn":64497,"name":"EXAMPLE-TWO"},"services":[{"port":443,"protocol":"HTTP","transport_protocol":"tcp","scan_time":"2026-11-04T00:00:01Z","endpoints":[{"endpoint_type":"HTTP","path":"/owa/auth/logon.aspx","http":{"status_code":200,"html_title":"Outlook","headers":{"X-FEServer":{"headers":["EXCH02"]}},"body":"<link href=\\"/owa/auth/15.1.2507/themes/resources/favicon.ico\\">"}}],"cert":{"names":["mail.example.net"]},"vulns":[{"id":"CVE-2021-26855"}]}]}}
{"web":{"hostname":"owa.example.com","port":443,"scan_time":"2026-11-04T00:00:02Z","endpoints":[{"endpoint_type":"HTTP","ip":"2001:db8::30","http":{"headers":{"X-OWA-Version":{"headers":["15.2.1544.11"]}}}}]}}
"""

FEED = Feed(
    name=NAME,
    title="Censys hosts (legacy v2 and Platform) and web properties",
    unit="a service of a host, or a web property",
    recognise=recognise,
    read=read,
    sample=_SAMPLE.encode(),
    sample_name="hosts.json",
    sample_rows=4,
    reference="Censys, Platform host dataset and web property dataset (docs.censys.com), 2026-10; "
    "Censys, models of its SDK for Python, 2026, for the types; Censys, legacy search, host data "
    "definitions, 2022. The sample is synthetic: no public record of an Exchange server was found.",
)
