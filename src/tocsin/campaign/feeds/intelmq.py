"""Events of IntelMQ as JSON: flat keys with dots, or nested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from tocsin.campaign import fields
from tocsin.campaign.feed import Feed, FeedContext
from tocsin.campaign.fields import text, texts
from tocsin.campaign.json_heads import head_paths
from tocsin.campaign.observation import MAX_LIST, Method, Observation, seen_builds
from tocsin.campaign.reading import Numbering, Part, Place, needs_host, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.campaign.observation import FeedRow

NAME = "intelmq"
_MARKS = frozenset(
    {"classification.type", "classification.taxonomy", "feed.name", "time.observation", "__type"}
)
_OURS = frozenset(
    {
        *("source.ip", "source.port", "source.asn", "source.geolocation.cc", "source.reverse_dns"),
        *("source.fqdn", "time.source", "extra.tag", "extra.tags", "extra.version", "raw"),
        *("extra.servername", "extra.source.sector", "__type"),
    }
)


def recognise(head: bytes, _name: str) -> bool:
    """Whether the first object has keys of IntelMQ's data format."""
    paths = head_paths(head)
    return bool(_MARKS & paths.keys()) and any(
        one.startswith(("source.", "time.")) for one in paths
    )


def read(stream: BinaryIO, context: FeedContext) -> Iterator[FeedRow]:
    """One observation or problem for each event."""
    return read_json(stream, Numbering(NAME, context), _observed)


def _observed(record: Part, place: Place) -> Observation:
    event = _flat(record)
    ip = fields.address(event.get("source.ip"))
    names = [
        name
        for key in ("source.reverse_dns", "source.fqdn", "source.local_hostname")
        if (name := text(event.get(key)))
    ]
    hostname = next(iter(names), None)
    needs_host(ip, hostname)
    tags = _tags(event)
    said = [*tags, *_said(event)]
    about = fields.tagged_exchange([*tags, *_named(event)]) or fields.says_exchange(said)
    version = text(event.get("extra.version")) or text(event.get("product.version"))
    builds = seen_builds([(version, Method.FEED_VERSION)] if about else ())
    ours = _OURS if builds or not version else _OURS - {"extra.version"}
    return Observation(
        **place,
        time_utc=fields.time_of(event.get("time.source")),
        ip=ip,
        port=fields.port(event.get("source.port")),
        hostname=hostname,
        server_name=text(event.get("extra.servername")),
        names=tuple(dict.fromkeys(names[1:]))[:MAX_LIST],
        asn=fields.asn(event.get("source.asn")),
        country=fields.country(event.get("source.geolocation.cc")),
        builds=builds,
        about_exchange=about,
        tags=tags,
        evidence=fields.web_shell_said(said),
        claims=fields.cves([*tags, *_named(event)]),
        sector=text(event.get("extra.source.sector")),
        extra=fields.further(event, ours),
    )


def _flat(record: Part, prefix: str = "", deepest: int = 4) -> dict[str, Any]:
    """Keys with dots throughout; ``extra`` may be an object, or its text."""
    found: dict[str, Any] = {}
    for key, value in record.items():
        name = f"{prefix}{key}"
        inner = _unpacked(value) if name == "extra" and isinstance(value, str) else value
        if isinstance(inner, dict) and deepest:
            found |= _flat(inner, f"{name}.", deepest - 1)
        else:
            found[name] = inner
    return found


def _unpacked(value: str) -> Any:  # noqa: ANN401 any JSON value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _tags(event: Part) -> tuple[str, ...]:
    """As the feed behind IntelMQ wrote them."""
    found: list[str] = []
    for key in ("extra.tag", "extra.tags"):
        value = event.get(key)
        found += value.split(";") if isinstance(value, str) else texts(value)
    return texts(list(found))


def _said(event: Part) -> list[str]:
    keys = (
        *("feed.name", "feed.code", "event_description.text", "malware.name"),
        *("product.full_name", "product.name"),
    )
    return [*_named(event), *(one for key in keys for one in texts(event.get(key)))]


def _named(event: Part) -> list[str]:
    """What speaks of this event. The feed's name may hold a CVE, and speaks of all."""
    keys = ("classification.identifier", "extra.vulnerabilities", "extra.cve")
    return [one for key in keys for one in texts(event.get(key))]


_SAMPLE = """\
{"__type":"Event","feed.name":"Vulnerable Exchange Server","time.source":"2026-11-06T00:11:30+00:00","source.ip":"192.0.2.50","source.port":443,"source.asn":64496,"source.geolocation.cc":"AT","source.reverse_dns":"mail.example.org","extra.version":"15.2.721","extra.tag":"exchange;cve-2021-26855","extra.servername":"EXCH01","classification.taxonomy":"vulnerable","classification.type":"vulnerable-system","classification.identifier":"vulnerable-exchange-server"}
{"feed":{"name":"Vulnerable Exchange Server"},"time":{"source":"2026-11-06T00:11:37+00:00"},"source":{"ip":"198.51.100.50","port":443},"extra":{"version":"15.0.1497","tag":"exchange;webshell"},"classification":{"taxonomy":"intrusions","type":"system-compromise","identifier":"exchange-server-webshell"}}
"""

FEED = Feed(
    name=NAME,
    title="IntelMQ events",
    unit="an event",
    recognise=recognise,
    read=read,
    sample=_SAMPLE.encode(),
    sample_name="events.jsonl",
    sample_rows=2,
    reference="certtools, IntelMQ, data format and harmonisation of fields, 3.2 to 3.5, 2026.",
)
