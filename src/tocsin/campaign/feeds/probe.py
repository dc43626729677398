"""What `tocsin probe` wrote: one object a line for each node that answered behind an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from tocsin.campaign import fields
from tocsin.campaign.feed import Feed, FeedContext
from tocsin.campaign.fields import mapping, sequence, text, texts, within
from tocsin.campaign.json_heads import head_paths
from tocsin.campaign.observation import (
    MAX_LIST,
    Method,
    Observation,
    normal_address,
    seen_builds,
)
from tocsin.campaign.reading import Numbering, Part, Place, needs_host, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.campaign.observation import FeedRow

NAME = "probe"
SCHEMA = "tocsin.probe/1"
_METHODS = {
    "x_owa_version": Method.OWA_HEADER,
    "page_path": Method.OWA_PATH,
    "export_tool_manifest": Method.EXPORT_TOOL_MANIFEST,
}
_OURS = frozenset(
    {
        *("schema", "time", "ip", "port", "hostname", "fe_server", "build", "precision"),
        *("method", "observed", "certificate", "last"),
    }
)


def recognise(head: bytes, _name: str) -> bool:
    """Whether the first object says that it is our probe's."""
    return head_paths(head).get("schema") == SCHEMA


def read(stream: BinaryIO, context: FeedContext) -> Iterator[FeedRow]:
    """One observation or problem for each node."""
    return read_json(stream, Numbering(NAME, context), _observed)


def _observed(node: Part, place: Place) -> Observation:
    ip = fields.address(node.get("ip"))
    target = text(node.get("target"))
    hostname = text(node.get("hostname"))
    if hostname is None and target is not None and normal_address(target) is None:
        hostname = target
    needs_host(ip, hostname)
    builds = seen_builds(_builds(node))
    return Observation(
        **place,
        time_utc=fields.time_of(node.get("time")),
        ip=ip,
        port=fields.port(node.get("port")),
        hostname=hostname,
        server_name=text(node.get("fe_server")),
        names=texts(within(node, "certificate", "names")),
        builds=builds,
        about_exchange=bool(builds) or text(node.get("outcome")) == "exchange",
        extra=fields.further(node, _OURS),
    )


def _builds(node: Part) -> Iterator[tuple[str | None, Method]]:
    """All that was observed; what is not of a method that we know is not used."""
    for one in sequence(node.get("observed"))[:MAX_LIST]:
        seen = mapping(one)
        method = _METHODS.get(text(seen.get("method")) or "")
        if method is not None:
            yield text(seen.get("value")), method


_SAMPLE = """\
{"schema":"tocsin.probe/1","time":"2026-11-08T15:00:01Z","until":"2026-11-08T15:00:31Z","target":"mail.example.org","hostname":"mail.example.org","ip":"192.0.2.70","port":443,"scheme":"https","outcome":"exchange","node":1,"nodes":2,"fe_server":"EXCH01","answers":6,"build":"15.2.792.15","precision":4,"method":"x_owa_version","observed":[{"method":"page_path","path":"/owa/auth/logon.aspx","value":"15.2.792","precision":3,"times":5},{"method":"x_owa_version","path":"/owa/auth/logon.aspx","value":"15.2.792.15","precision":4,"times":5}],"http":["2"],"certificate":{"names":["mail.example.org"]},"redirects":[],"errors":[],"last":false}
{"schema":"tocsin.probe/1","time":"2026-11-08T15:00:02Z","until":"2026-11-08T15:00:32Z","target":"198.51.100.70","hostname":null,"ip":"198.51.100.70","port":443,"scheme":"https","outcome":"no_answer","node":1,"nodes":1,"fe_server":null,"answers":0,"build":null,"precision":null,"method":null,"observed":[],"http":[],"certificate":null,"redirects":[],"errors":[{"path":"/owa/","kind":"timeout","detail":"10 s","times":1}],"last":true}
"""

FEED = Feed(
    name=NAME,
    title="Tocsin's own probe",
    unit="a node that answered behind an endpoint, or an endpoint without answer",
    recognise=recognise,
    read=read,
    sample=_SAMPLE.encode(),
    sample_name="probe.jsonl",
    sample_rows=2,
    reference="Tocsin, reference page of tocsin probe, schema tocsin.probe/1.",
)
