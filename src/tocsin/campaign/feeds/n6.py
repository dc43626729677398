"""Events of CERT Polska's n6 as JSON, one array or one event a line (`sjson`).

An event may name several addresses: each of them is a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from tocsin.campaign import fields
from tocsin.campaign.feed import Feed, FeedContext
from tocsin.campaign.fields import sequence, text
from tocsin.campaign.json_heads import head_paths
from tocsin.campaign.observation import Method, Observation, seen_builds
from tocsin.campaign.reading import Numbering, Part, Place, needs_host, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.campaign.observation import FeedRow

NAME = "n6"
_MARKS = frozenset({"restriction", "confidence", "category", "source"})
_OURS = frozenset(
    {"address", "ip", "asn", "cc", "dport", "time", "name", "fqdn", "version", "servername"}
)


def recognise(head: bytes, _name: str) -> bool:
    """Whether the first object has the keys that every event must have."""
    return head_paths(head).keys() >= _MARKS


def read(stream: BinaryIO, context: FeedContext) -> Iterator[FeedRow]:
    """One observation or problem for each address of each event."""
    return read_json(stream, Numbering(NAME, context), _observed, _addresses)


def _addresses(event: dict[str, Any]) -> Iterator[Part]:
    addresses = [one for one in sequence(event.get("address")) if isinstance(one, dict)]
    for one in addresses or [{}]:
        yield {**event, **{key: one[key] for key in ("ip", "asn", "cc") if key in one}}


def _observed(event: Part, place: Place) -> Observation:
    ip = fields.address(event.get("ip"))
    hostname = text(event.get("fqdn"))
    needs_host(ip, hostname)
    name = text(event.get("name")) or ""
    said = [name, text(event.get("source")) or "", text(event.get("category")) or ""]
    about = fields.tagged_exchange(said)
    tags, evidence, claims = fields.tagged(name)
    version = text(event.get("version"))
    builds = seen_builds([(version, Method.FEED_VERSION)] if about else ())
    ours = _OURS if builds or not version else _OURS - {"version"}
    return Observation(
        **place,
        time_utc=fields.time_of(event.get("time")),
        ip=ip,
        port=fields.port(event.get("dport")),
        hostname=hostname,
        server_name=text(event.get("servername")),
        asn=fields.asn(event.get("asn")),
        country=fields.country(event.get("cc")),
        builds=builds,
        about_exchange=about,
        tags=tags,
        evidence=evidence,
        claims=claims,
        extra=fields.further(event, ours),
    )


_SAMPLE = """\
[{"id":"00000000000000000000000000000001","source":"shadowserver.exchange","restriction":"need-to-know","confidence":"medium","category":"vulnerable","modified":"2026-11-07T11:45:27Z","time":"2026-11-07T10:59:03Z","address":[{"ip":"192.0.2.60","cc":"PL","asn":64496},{"ip":"192.0.2.61","cc":"PL","asn":64496}],"dport":443,"proto":"tcp","name":"exchange;cve-2021-26855"},
{"id":"00000000000000000000000000000002","source":"hidden.1","restriction":"public","confidence":"low","category":"phish","modified":"2026-11-07T13:18:43Z","time":"2026-11-07T01:57:26Z","fqdn":"login.example.com","url":"http://login.example.com/"}]
"""

FEED = Feed(
    name=NAME,
    title="n6 events",
    unit="an address of an event; an event without any is one row",
    recognise=recognise,
    read=read,
    sample=_SAMPLE.encode(),
    sample_name="n6.json",
    sample_rows=3,
    reference="CERT Polska, n6, documentation of its REST API (docs/src/usage/restapi.md), v4.40, "
    "2025-12.",
)
