"""nmap's XML: each port of each host, with what scripts observed there.

The key of a table of `ms-exchange-version` is what the script saw. Its ``build`` and ``product``
are made up from a table where the key has three parts (the newest update of that cumulative
update), so they are never read.

Source: the project's domain notes, section 0, finding 2, replayed with nmap 7.93 and
righel/ms-exchange-version-nse (2026-08-20).
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from tocsin.campaign import fields, fingerprints
from tocsin.campaign.feed import Feed, FeedContext
from tocsin.campaign.fields import text
from tocsin.campaign.observation import (
    MAX_LIST,
    MAX_TEXT,
    Method,
    Observation,
    normal_address,
    normal_build,
    seen_builds,
)
from tocsin.campaign.reading import Numbering, Place, attempted, needs_host
from tocsin.events.xml_tree import root_name
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.campaign.observation import FeedRow

NAME = "nmap"
_CHUNK_BYTES = 2**16
_SILENT_BYTES = 2**24
"""Bytes without a tag ending: more is no report."""
_MAX_DEPTH = 50
_MAX_SCRIPTS = 200
_TEXT_KEPT = 2**16
_VERSION_SCRIPT = "ms-exchange-version"
_WORDED_SCRIPT = "http-vuln-exchange"
_IN_BRACKETS = re.compile(r"\((\d+(?:\.\d+){2,3})\)")
_ALTERNATIVE = re.compile(r"(?:DNS|IP Address):([^,\s]{1,255})")
_COMMON = re.compile(r"commonName=([^/\n]{1,255})")


def recognise(head: bytes, _name: str) -> bool:
    """Whether the first element is nmap's."""
    return root_name(_without_doctype(head)) == "nmaprun"


def read(stream: BinaryIO, context: FeedContext) -> Iterator[FeedRow]:
    """One observation or problem for each port, and for each host without any."""
    numbering = Numbering(NAME, context)
    builder = _Builder()
    document = _Document(stream, builder)
    while document.goes_on():
        while builder.ready:
            yield attempted(numbering, _observed, {"port": builder.ready.popleft()})
    if document.problem is not None:
        code, error = document.problem
        yield from _unfinished(builder, numbering, error)
        yield numbering.of_file(code, error)


class _Document:
    """The report piece by piece, to its end or to where it cannot be read further."""

    def __init__(self, stream: BinaryIO, builder: _Builder) -> None:
        self.problem: tuple[ProblemCode, str] | None = None
        self._stream = stream
        self._builder = builder
        self._parser = DefusedXMLParser(target=builder, forbid_dtd=False, forbid_entities=True)
        self._silent = self._events = 0
        self._ended = False

    def goes_on(self) -> bool:
        """Read on, and tell whether there may be more; what is ready must be taken each time."""
        if self._ended or self.problem is not None:
            return False
        try:
            self._feed(self._stream.read(_CHUNK_BYTES))
        except OSError as error:
            self.problem = ProblemCode.UNREADABLE, f"reading stopped: {error}"
        except (ParseError, DefusedXmlException, _RefusedError, ValueError, LookupError) as error:
            # The last two are what the parser says of an encoding that it does not know.
            said = str(error) or type(error).__name__
            self.problem = ProblemCode.BAD_DOCUMENT, f"reading stopped: {said}"
        return True

    def _feed(self, chunk: bytes) -> None:
        if not chunk:
            self._ended = True
            self._parser.close()
            return
        self._parser.feed(chunk)
        told, self._events = self._builder.events != self._events, self._builder.events
        self._silent = 0 if told else self._silent + len(chunk)
        if self._silent > _SILENT_BYTES:
            raise _RefusedError(f"no element ends within {_SILENT_BYTES} bytes")


class _RefusedError(Exception):
    """The document goes beyond our limits."""


@dataclass(slots=True)
class _Host:
    """What the elements above a port say."""

    addresses: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    time: str = ""
    state: str = ""
    rows: int = 0


@dataclass(slots=True)
class _Port:
    """A port as far as it was read; a host without ports is one with no number."""

    host: _Host
    number: str = ""
    protocol: str = ""
    state: str = ""
    service: dict[str, str] = field(default_factory=dict)
    cpes: list[str] = field(default_factory=list)
    scripts: dict[str, str] = field(default_factory=dict)
    """The output of each script by its id."""
    keys: list[str] = field(default_factory=list)
    """The keys of the tables of the script that asks for the version."""


class _Builder:
    """Receives the parser's events and lays finished ports into `ready`."""

    def __init__(self) -> None:
        self.ready: deque[_Port] = deque()
        self.events = 0
        self.host: _Host | None = None
        self.port: _Port | None = None
        self._path: list[str] = []
        self._script = ""
        self._text: list[str] = []
        self._started = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.events += 1
        if len(self._path) >= _MAX_DEPTH:
            raise _RefusedError(f"elements lie more than {_MAX_DEPTH} deep")
        above = self._path[-1] if self._path else ""
        self._path.append(tag)
        self._text = []
        if tag == "nmaprun":
            self._started = attributes.get("start", "")
        elif tag == "host":
            when = attributes.get("endtime") or attributes.get("starttime") or self._started
            self.host = _Host(time=when)
        elif self.host is not None:
            self._in_host(self.host, tag, attributes, above)

    def end(self, tag: str) -> None:
        self.events += 1
        if self._path:
            self._path.pop()
        if tag == "cpe" and self.port is not None and len(self.port.cpes) < MAX_LIST:
            self.port.cpes.append("".join(self._text)[:MAX_TEXT])
        elif tag == "script":
            self._script = ""
        elif tag == "port" and self.port is not None:
            self.ready.append(self.port)
            self.port = None
        elif tag == "host" and self.host is not None:
            if not self.host.rows:
                self.ready.append(_Port(host=self.host))
            self.host = self.port = None

    def data(self, text: str) -> None:
        if self._path and self._path[-1] == "cpe":
            self._text.append(text[:MAX_TEXT])

    def close(self) -> None:
        """Nothing is left to do."""

    def _in_host(self, host: _Host, tag: str, attributes: dict[str, str], above: str) -> None:
        if tag == "address":
            host.addresses.setdefault(attributes.get("addrtype", ""), attributes.get("addr", ""))
        elif tag == "hostname" and len(host.names) < MAX_LIST:
            host.names.append(attributes.get("name", ""))
        elif tag == "status":
            host.state = attributes.get("state", "")
        elif tag == "port":
            host.rows += 1
            self.port = _Port(
                host=host,
                number=attributes.get("portid", ""),
                protocol=attributes.get("protocol", ""),
            )
        elif self.port is not None:
            self._in_port(self.port, tag, attributes, above)

    def _in_port(self, port: _Port, tag: str, attributes: dict[str, str], above: str) -> None:
        if tag == "state":
            port.state = attributes.get("state", "")
        elif tag == "service":
            port.service = {name: text[:_TEXT_KEPT] for name, text in attributes.items()}
        elif tag == "script":
            self._script = attributes.get("id", "")[:MAX_TEXT]
            if len(port.scripts) < _MAX_SCRIPTS:
                port.scripts[self._script] = attributes.get("output", "")[:_TEXT_KEPT]
        elif tag == "table" and above == "script" and self._script == _VERSION_SCRIPT:
            port.keys[MAX_LIST - 1 :] = [attributes.get("key", "")]


def _unfinished(builder: _Builder, numbering: Numbering, error: str) -> Iterator[FeedRow]:
    """The port or host in which the document broke off."""
    if builder.port is None and (builder.host is None or builder.host.rows):
        return
    port = builder.port or _Port(host=builder.host or _Host())
    said = " ".join(port.scripts.values()).encode("utf-8", "replace")
    yield numbering.problem(
        ProblemCode.TRUNCATED,
        f"the report breaks off within this {'port' if builder.port else 'host'}; {error}",
        ip=normal_address(_address(port.host)),
        evidence=fields.web_shell_in(said),
    )


def _address(host: _Host) -> str:
    return host.addresses.get("ipv4") or host.addresses.get("ipv6") or ""


def _observed(part: dict[str, _Port], place: Place) -> Observation:
    port = part["port"]
    host = port.host
    ip = fields.address(_address(host))
    names = [name for one in host.names if (name := text(one))]
    hostname = next(iter(names), None)
    needs_host(ip, hostname)
    raw = "\n".join((*port.scripts.values(), _service_answer(port)))
    worded = port.scripts.get(_WORDED_SCRIPT, "")
    builds = seen_builds(_builds(port, worded, raw))
    certificate = port.scripts.get("ssl-cert", "")
    names += [
        *_ALTERNATIVE.findall(certificate),
        *_COMMON.findall(certificate.split("Issuer:")[0]),
    ]
    return Observation(
        **place,
        time_utc=fields.time_of(host.time),
        ip=ip,
        port=fields.port(port.number),
        hostname=hostname,
        server_name=fingerprints.server_name(raw),
        names=fields.others(names, hostname),
        builds=builds,
        about_exchange=bool(builds) or _speaks_of_exchange(port, raw),
        evidence=fields.web_shell_said(port.scripts),
        claims=fields.cves([worded]),
        extra=tuple(_further(port, worded)),
    )


def _builds(port: _Port, worded: str, raw: str) -> Iterator[tuple[str | None, Method]]:
    for key in port.keys:
        if build := normal_build(key):
            yield build, Method.SCAN_SCRIPT
    for build in _IN_BRACKETS.findall(worded)[:MAX_LIST]:
        yield build, Method.OWA_PATH if build.count(".") == 2 else Method.SCAN_SCRIPT
    yield from fingerprints.in_headers(raw)
    yield from fingerprints.in_cpes(port.cpes)


def _service_answer(port: _Port) -> str:
    """The answer that nmap could not name, with its line ends as they were."""
    return port.service.get("servicefp", "").replace("\\r\\n", "\n").replace("\\x20", " ")


def _speaks_of_exchange(port: _Port, raw: str) -> bool:
    if port.keys or fingerprints.has_header(raw):
        return True
    said = [port.service.get("product", ""), *port.cpes]
    said += [port.scripts.get(name, "") for name in ("http-title", _WORDED_SCRIPT)]
    return fields.says_exchange(said)


def _further(port: _Port, worded: str) -> Iterator[tuple[str, str]]:
    said = {
        "protocol": port.protocol,
        "state": port.state or port.host.state,
        "service": port.service.get("name", ""),
        "product": port.service.get("product", ""),
        "title": port.scripts.get("http-title", ""),
        _WORDED_SCRIPT: worded,
    }
    for name, value in said.items():
        if kept := text(value):
            yield name, kept


def _without_doctype(head: bytes) -> bytes:
    return re.sub(rb"<!DOCTYPE\s+nmaprun\s*>", b"", head[:4096])


_SAMPLE = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<nmaprun scanner="nmap" args="nmap -oX out.xml" start="1794218400" version="7.93" xmloutputversion="1.05">
<host starttime="1794218401" endtime="1794218410"><status state="up" reason="syn-ack"/>
<address addr="192.0.2.90" addrtype="ipv4"/>
<hostnames><hostname name="mail.example.org" type="user"/></hostnames>
<ports><port protocol="tcp" portid="443"><state state="open"/><service name="https" product="Microsoft IIS httpd"><cpe>cpe:/a:microsoft:internet_information_services</cpe></service><script id="ms-exchange-version" output="15.2.1118"><table key="15.2.1118"><elem key="build">15.2.1118.40</elem><elem key="product">Exchange Server 2019 CU12 Nov23SU</elem></table></script><script id="ssl-cert" output="Subject: commonName=mail.example.org&#xa;Subject Alternative Name: DNS:mail.example.org, DNS:autodiscover.example.org&#xa;Issuer: commonName=Example CA"/></port>
<port protocol="tcp" portid="22"><state state="open"/><service name="ssh"/></port></ports>
</host>
<host starttime="1794218401" endtime="1794218411"><status state="up" reason="user-set"/>
<address addr="2001:db8::90" addrtype="ipv6"/>
<hostnames/>
</host>
<runstats><finished time="1794218412"/></runstats>
</nmaprun>
"""

FEED = Feed(
    name=NAME,
    title="nmap XML",
    unit="a port of a host; a host without ports is one row",
    recognise=recognise,
    read=read,
    sample=_SAMPLE.encode(),
    sample_name="out.xml",
    sample_rows=3,
    reference="nmap, nmap.dtd of 7.93; righel, ms-exchange-version-nse, 2026-08-20, and "
    "GossiTheDog, http-vuln-exchange.nse, for what their output holds.",
)
