"""What a feed said about one endpoint, unchanged: the observation, and nothing concluded from it.

What the feed *claims* (that a host is vulnerable to a CVE) is kept apart from what was *observed*
(a build in a header) and from evidence (a web shell that answered).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from tocsin.knowledge import builds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tocsin.model.problem import ProblemCode

WEB_SHELL = "web_shell"
"""In `Observation.evidence`: the feed saw a web shell answer on this host."""
OWNER_REPORTED_WEB_SHELL = "owner_reported_web_shell"
"""In `Observation.evidence`: the owner's own hunt found a web shell."""
OWNER_REPORTED_COMPROMISE = "owner_reported_compromise"
"""In `Observation.evidence`: the owner's own hunt ended with compromised or exploited."""

MAX_TEXT = 1000
"""Characters of any text that is kept from a feed."""
MAX_EXTRA = 100
"""Further columns that are kept of one row."""
MAX_LIST = 100
"""Names, tags, claims and builds that are kept of one row."""

_REMEMBERED = 2**16
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_BYTE}\.{_BYTE}\.{_BYTE}\.{_BYTE}")
"""An IPv4 address that is in its usual form already: ten times as fast as `ipaddress`."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Precision = Literal[3, 4]
"""Parts of a build: three tell the cumulative update, four the security update."""


class Method(StrEnum):
    """How a build became known, which says how far it can be trusted.

    Source: the project's domain notes, section 5.5 (fingerprints and their precision).
    """

    OWA_HEADER = "owa_header"
    """The response header ``X-OWA-Version``: four parts. It is a lower bound of what is installed,
    since an update that does not rebuild that assembly does not move it."""
    OWA_PATH = "owa_path"
    """A path or page of Outlook on the web (``/owa/auth/15.2.792/themes``): three parts, so the
    cumulative update and never the security update. Exchange 2010 shows four."""
    EXPORT_TOOL_MANIFEST = "export_tool_manifest"
    """The manifest of the eDiscovery export tool: four parts, mostly the exact update."""
    SCAN_SCRIPT = "scan_script"
    """What a script of nmap observed; it does not tell whether a header, a manifest (four parts)
    or a path (three parts)."""
    FEED_VERSION = "feed_version"
    """A version that the feed gives without saying where from: Shadowserver's has three parts."""
    CPE = "cpe"
    """A version out of a CPE name that the feed inferred: never more than `FEED_VERSION`."""
    OWNER_CLAIM = "owner_claim"
    """What the owner's own `tocsin hunt` reports of the installed files: four parts, a claim."""
    NONE = "none"
    """No build is known."""


SeenBuild = tuple[str, Method]
"""A build as observed, with the way in which it became known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one row of a feed says about one endpoint.

    `feed` names the feed, `file` what was handed over, `file_sha256` its (unpacked) content and
    `row` the place in it, counted from 1 as the feed's `unit` says: together they are the
    observation's identity, so the same file twice gives the same observations.

    `time_utc` is when the feed saw it; None where it does not say. `ip` is normalised text, IPv4
    or IPv6; `ip` or `hostname` is there. `hostname` is what the feed says, often a reverse name of
    an internet provider. `server_name` is what the server calls itself (``X-FEServer``). `names`
    come from certificates, requests and the like. `country` is an ISO code as the feed has it.

    `builds` holds all builds of the row as observed, normalised (``15.2.721``), each with its
    method: the most precise first, and of equally precise ones the lowest (`seen_builds`).

    `about_exchange` is False where nothing in the row speaks of Exchange Server: it is kept, and
    nothing is judged. `tags` are the feed's, unchanged. `evidence` holds signs of compromise, such
    as `WEB_SHELL`. `claims` are CVEs that the feed claims (``CVE-2021-26855``): never evidence.
    `sector` is as the feed has it. `extra` holds every other column that has a value, by name.
    """

    feed: str
    file: str
    file_sha256: str
    row: int
    time_utc: datetime | None = None
    ip: str | None = None
    port: int | None = None
    hostname: str | None = None
    server_name: str | None = None
    names: tuple[str, ...] = ()
    asn: int | None = None
    country: str | None = None
    builds: tuple[SeenBuild, ...] = ()
    about_exchange: bool = True
    tags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    sector: str | None = None
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def build(self) -> str | None:
        """The first of the builds."""
        return self.builds[0][0] if self.builds else None

    @property
    def precision(self) -> Precision | None:
        """How many parts `build` has."""
        if not self.builds:
            return None
        return 4 if self.builds[0][0].count(".") == 3 else 3

    @property
    def method(self) -> Method:
        """How `build` became known."""
        return self.builds[0][1] if self.builds else Method.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedProblem:
    """A row that could not be read, and why.

    `row` is counted like an observation's; None where the file as a whole is meant (it breaks off,
    say), which is a problem beyond its rows. `ip` and `evidence` are what could still be told of a
    damaged row: a sign of a web shell is never lost.
    """

    feed: str
    file: str
    file_sha256: str
    row: int | None
    code: ProblemCode
    detail: str
    ip: str | None = None
    evidence: tuple[str, ...] = ()


FeedRow = Observation | FeedProblem


@lru_cache(maxsize=_REMEMBERED)
def normal_build(text: str) -> str | None:
    """A build of three or four parts as Microsoft writes it, or None for other text.

    ``15.02.0721.002`` and ``15.2.721.2`` are one build.
    """
    number = builds.parse(text)
    return None if number is None else ".".join(map(str, number))


def normal_address(text: str) -> str | None:
    """An IPv4 or IPv6 address in its usual form, or None for other text.

    An IPv4 address mapped into IPv6 is the IPv4 address. A zone (``%eth0``) is none of ours.
    """
    if _IPV4.fullmatch(text):
        return text
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return None
    return str(unmapped(address))


def unmapped(address: Address) -> Address:
    """The IPv4 address where one is mapped into IPv6 (``::ffff:192.0.2.1``); else itself."""
    inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return inner or address


def seen_builds(found: Iterable[tuple[str | None, Method]]) -> tuple[SeenBuild, ...]:
    """Order the builds of one row: the most precise first, of equals the lowest.

    Text that is no build, and None, is passed over.
    """
    normal = {(build, how) for text, how in found if text and (build := normal_build(text))}
    return tuple(sorted(normal, key=_rank)[:MAX_LIST])


def _rank(one: SeenBuild) -> tuple[int, tuple[int, ...], str]:
    build, method = one
    parts = tuple(int(part) for part in build.split("."))
    return -len(parts), parts, method
