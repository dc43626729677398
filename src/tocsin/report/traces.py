"""What other tools can search for: addresses, planted files, pages and processes of one host.

A trace is `sure` where a finding that speaks of success, and is sure of it alone, names it. Only
sure traces may become indicators: the address of a scanner, or of an administrator, is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

import msgspec

from tocsin.model.grade import Confidence, Grade
from tocsin.report.visible import shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tocsin.model.result import Citation, Finding, HostResult, Tool

ROW_CHARACTERS = 4_000
"""What other tools get of one cited row; ``report.json`` holds all of it."""
_TRACES = 1_000
"""Of each kind and host: beyond this, a list is a scan's, and no help."""
_INTERNAL = tuple(
    ip_network(net)
    for net in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"),
        *("::/127", "fc00::/7", "fe80::/10", "ff00::/8"),
    )
)
"""Networks that lead nobody to an attacker outside. Source: IANA, IPv4 and IPv6 Special-Purpose
Address Registries. Those for documentation are not here, since samples use them."""
_PAGES = (".aspx", ".ashx", ".asmx", ".asp", ".asax", ".svc", ".cshtml")
"""What the web server would run. Source: Microsoft, ASP.NET web project file types."""
_REQUESTED = re.compile(
    r"(?:^|[\s,])(/[^\s,?]{1,400}\.(?:aspx|ashx|asmx|asp))(?=[\s,?]|$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An address that findings name. `grade` is the gravest of them.

    It is `sure` where a sure finding names it alone: of several clients that asked for a web
    shell, one may be somebody who looks for the victims of others.
    """

    address: str
    version: int
    internal: bool
    sure: bool
    grade: Grade
    findings: tuple[Finding, ...]

    @property
    def first_seen(self) -> datetime | None:
        """The first row of any of its findings, UTC."""
        return min((one.first_seen for one in self.findings if one.first_seen), default=None)

    @property
    def last_seen(self) -> datetime | None:
        """The last row of any of its findings, UTC."""
        return max((one.last_seen for one in self.findings if one.last_seen), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedFile:
    """A page for the web server whose very content or place a serious finding cites."""

    path: str
    sha256: str
    size_bytes: int
    sure: bool
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process that a cited event record tells of. `cited` is the record."""

    cited: Citation
    image: str
    command_line: str
    process_id: int | None
    user: str


def shown(text: str, limit: int = ROW_CHARACTERS) -> str:
    """Text of evidence for other tools: cut, and what acts or cannot be seen by its number."""
    return visible(shortened(text, limit), keep="\t")


def is_sure(finding: Finding) -> bool:
    """Whether a finding speaks of success and is sure of it alone."""
    return finding.grade.rank >= Grade.EXPLOITED.rank and finding.confidence is Confidence.HIGH


def as_of(host: HostResult, tool: Tool) -> datetime:
    """When the result is from, by its evidence: the last row of any finding, or that was read."""
    found = [one.last_seen for one in (*host.findings, *host.leads) if one.last_seen]
    read = [one.last for one in host.coverage if one.last]
    if times := found or read:
        return max(times)
    # Without one time in it, a result is as old as the knowledge that it was made with.
    try:
        return datetime.combine(date.fromisoformat(tool.knowledge), time(), UTC)
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC)


def clients(host: HostResult) -> tuple[Client, ...]:
    """Every address that a finding names, in order of address; leads and other text left out."""
    named: dict[IPv4Address | IPv6Address, list[Finding]] = {}
    for finding in host.findings:
        for text in finding.clients:
            address = _address(text)
            if address is not None:
                named.setdefault(address, []).append(finding)
    ordered = sorted(named.items(), key=lambda item: (item[0].version, int(item[0])))
    return tuple(_client(address, found) for address, found in ordered[:_TRACES])


def planted_files(host: HostResult) -> tuple[PlantedFile, ...]:
    """Every planted page of which the collection holds the content, in order of path."""
    manifest = {entry.path: entry for entry in host.manifest}
    cited: dict[str, list[Finding]] = {}
    for finding in host.findings:
        if finding.grade.rank < Grade.PERSISTENCE.rank:
            continue
        for citation in finding.citations:
            path = citation.artefact
            itself = citation.offset is not None and path.lower().endswith(_PAGES)
            if itself and path in manifest and finding not in cited.setdefault(path, []):
                cited[path].append(finding)
    return tuple(
        PlantedFile(
            path=path,
            sha256=manifest[path].sha256,
            size_bytes=manifest[path].size,
            sure=any(is_sure(finding) for finding in found),
            findings=tuple(found),
        )
        for path, found in sorted(cited.items())[:_TRACES]
    )


def planted_pages(host: HostResult) -> tuple[tuple[str, Finding], ...]:
    """The web addresses, without a server's name, of pages that a serious finding is about.

    A finding is about a page where its title names it: the other pages in its rows are
    Exchange's own.
    """
    found: dict[str, Finding] = {}
    for finding in host.findings:
        if finding.grade.rank < Grade.PERSISTENCE.rank:
            continue
        title = finding.title.lower()
        for citation in finding.citations:
            for page in _REQUESTED.findall(citation.text[:ROW_CHARACTERS]):
                if page.rpartition("/")[2].lower() in title:
                    found.setdefault(page, finding)
    return tuple(sorted(found.items(), key=lambda item: item[0]))[:_TRACES]


def processes(finding: Finding) -> tuple[Process, ...]:
    """The processes whose start a cited record tells of (Sysmon's event 1, or Security's 4688)."""
    read = (_process(citation) for citation in finding.citations if citation.record is not None)
    return tuple(one for one in read if one is not None)[:_TRACES]


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _client(address: IPv4Address | IPv6Address, found: Iterable[Finding]) -> Client:
    findings = tuple(found)
    internal = any(address in net for net in _INTERNAL)
    return Client(
        address=str(address),
        version=address.version,
        internal=internal,
        sure=not internal and any(is_sure(one) and len(one.clients) == 1 for one in findings),
        grade=max((finding.grade for finding in findings), key=lambda grade: grade.rank),
        findings=findings,
    )


def _process(citation: Citation) -> Process | None:
    try:
        row = msgspec.json.decode(citation.text, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    image = str(row.get("NewProcessName") or row.get("Image") or "")
    if str(row.get("EventID")) not in {"1", "4688"} or not image:
        return None
    return Process(
        cited=citation,
        image=image,
        command_line=str(row.get("CommandLine") or ""),
        process_id=_number(str(row.get("NewProcessId") or row.get("ProcessId") or "")),
        user=str(row.get("User") or row.get("SubjectUserName") or ""),
    )


def _number(text: str) -> int | None:
    """A process's number as Windows writes it: decimal, or hexadecimal with ``0x``."""
    try:
        number = int(text, 16 if text.lower().startswith("0x") else 10)
    except ValueError:
        return None
    return number if 0 <= number < 2**32 else None
