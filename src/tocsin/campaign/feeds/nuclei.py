"""nuclei's results: JSON lines (v2), or one array (v3, `-je`).

A record may show two precisions: the template for Exchange extracts the header (four parts) and
the path (three). That a template for a CVE matched is the scanner's claim. Requests and answers
are dropped: they may hold mail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from tocsin.campaign import fields
from tocsin.campaign.feed import Feed, FeedContext
from tocsin.campaign.fields import mapping, text, texts, within
from tocsin.campaign.json_heads import head_paths
from tocsin.campaign.observation import (
    Method,
    Observation,
    normal_address,
    normal_build,
    seen_builds,
)
from tocsin.campaign.reading import Numbering, Part, Place, needs_host, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.campaign.observation import FeedRow

NAME = "nuclei"
_IDS = ("template-id", "templateID", "template")
_RESULTS = ("extracted-results", "extracted_results")
_PORTS = {"https": 443, "http": 80}
_OURS = frozenset(
    {
        *("ip", "host", "port", "timestamp", "request", "response", "curl-command", "meta"),
        *("info.author", "info.description", "info.reference", "info.remediation", "info.tags"),
        *("interaction", "template-encoded", "template-path", "template-url", "info.impact"),
        *("info.classification.cvss-metrics", "info.classification.cpe", "info.metadata"),
    }
)


def recognise(head: bytes, _name: str) -> bool:
    """Whether the first object is a result of a template."""
    paths = head_paths(head)
    return any(one in paths for one in _IDS) and "info.name" in paths


def read(stream: BinaryIO, context: FeedContext) -> Iterator[FeedRow]:
    """One observation or problem for each result."""
    return read_json(stream, Numbering(NAME, context), _observed)


def _observed(result: Part, place: Place) -> Observation:
    ip = fields.address((text(result.get("ip")) or "").rstrip("."))
    at = _target(result)
    hostname = None if at.ip else at.name
    ip = ip or at.ip
    needs_host(ip, hostname)
    tags = _tags(result)
    ids = [*(one for key in _IDS if (one := text(result.get(key)))), *tags]
    said = [*ids, text(within(result, "info", "name")) or ""]
    about = fields.tagged_exchange(ids) or fields.says_exchange(said)
    matched = result.get("matcher-status") is not False
    builds = seen_builds(_builds(result) if about else ())
    named = [*said, *texts(within(result, "info", "classification", "cve-id"))]
    return Observation(
        **place,
        time_utc=fields.time_of(result.get("timestamp")),
        ip=ip,
        port=fields.port(result.get("port")) or at.port,
        hostname=hostname,
        builds=builds,
        about_exchange=about,
        tags=tags,
        evidence=fields.web_shell_said(said) if matched else (),
        claims=fields.cves(named) if matched else (),
        extra=fields.further(result, _OURS),
    )


class _Target:
    """Where a result was seen, out of an address, a name or a URL."""

    def __init__(self, written: str) -> None:
        self.ip: str | None = None
        self.name: str | None = None
        self.port: int | None = None
        try:
            parts = urlsplit(written if "://" in written else f"//{written}")
            host, self.port = parts.hostname, parts.port
        except ValueError:
            host = None
        if host:
            self.ip = normal_address(host)
            self.name = host
            self.port = self.port or _PORTS.get(parts.scheme)


def _target(result: Part) -> _Target:
    """Where the template matched says more than the host that was asked for: its port."""
    host = _Target(text(result.get("host")) or "")
    where = (text(result.get(key)) for key in ("matched-at", "matched", "url"))
    matched = _Target(next((one.lstrip("/") for one in where if one), ""))
    if host.name is None:
        return matched
    if matched.name == host.name and matched.port:
        host.port = matched.port
    return host


def _tags(result: Part) -> tuple[str, ...]:
    """A list, or before v2.5 a text with commas."""
    tags = mapping(result.get("info")).get("tags")
    return texts(tags.split(",") if isinstance(tags, str) else tags)


def _builds(result: Part) -> Iterator[tuple[str, Method]]:
    for key in _RESULTS:
        for one in texts(result.get(key)):
            build = normal_build(one)
            if build is not None:
                yield build, Method.OWA_HEADER if build.count(".") == 3 else Method.OWA_PATH


_SAMPLE = """\
{"template":"http/technologies/microsoft/ms-exchange-server.yaml","template-id":"ms-exchange-server","info":{"name":"Microsoft Exchange Server Detect","author":["example"],"tags":["microsoft","exchange","tech"],"severity":"info"},"type":"http","host":"https://mail.example.org","matched-at":"https://mail.example.org/owa/auth/logon.aspx","extracted-results":["15.2.1258.12","15.2.1258"],"ip":"192.0.2.40","timestamp":"2026-11-05T12:15:12.821259123+01:00","matcher-status":true}
{"template":"http/cves/2021/CVE-2021-26855.yaml","template-id":"CVE-2021-26855","info":{"name":"Microsoft Exchange Server SSRF","tags":["cve","cve2021","exchange"],"severity":"critical","classification":{"cve-id":["cve-2021-26855"]}},"type":"http","host":"https://198.51.100.40:8443","matched-at":"https://198.51.100.40:8443/owa/auth/x.js","timestamp":"2026-11-05T12:15:13Z","matcher-status":true}
{"template":"http/technologies/favicon-detect.yaml","template-id":"favicon-detect","info":{"name":"favicon","tags":["tech"],"severity":"info"},"type":"http","host":"www.example.com","port":"443","scheme":"https","matched-at":"https://www.example.com/favicon.ico","ip":"203.0.113.40","timestamp":"2026-11-05T12:15:14Z","matcher-status":true}
"""

FEED = Feed(
    name=NAME,
    title="nuclei results (JSON lines or array)",
    unit="a result",
    recognise=recognise,
    read=read,
    sample=_SAMPLE.encode(),
    sample_name="nuclei.jsonl",
    sample_rows=3,
    reference="ProjectDiscovery, nuclei, output of -jsonl and -json-export (v2.9 and v3), and its "
    "template ms-exchange-server, 2026.",
)
