r"""What an answer tells: builds, each with its method and precision, and signs of Exchange.

Answers are hostile. Patterns look at bytes, need no valid encoding, and repeat nothing without
a bound. What is kept is digits and dots, or is made printable and short.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tocsin.report.visible import shortened, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

MAX_TEXT = 256
"""Characters of any text of a server's own that is kept."""
_MOST_VALUES = 4
"""Different builds that one page can show; a page with more wants to confuse."""


class Method(StrEnum):
    """How a build was seen, which says how far it can be trusted.

    Source: Microsoft Learn, "Exchange Server build numbers" for the parts; the methods as in
    righel, ms-exchange-version-nse (2021), and Bishop Fox, exchange-scanner (2021).
    """

    X_OWA_VERSION = "x_owa_version"
    """A response header, four parts: a lower bound of what is installed."""
    PAGE_PATH = "page_path"
    """A path on the sign-in page: three parts, the cumulative update alone. Four before 2013."""
    EXPORT_TOOL_MANIFEST = "export_tool_manifest"
    """The manifest of the export tool, four parts, mostly the exact update."""


_BUILD = re.compile(r"\d{1,3}(?:\.\d{1,5}){2,3}")
_PAGE_PATH = re.compile(
    rb"/owa/(?:auth/)?(\d{1,3}\.\d{1,5}\.\d{1,5}(?:\.\d{1,5})?)/", re.IGNORECASE
)
_IDENTITY = re.compile(rb"<(?:[a-z0-9]{1,20}:)?assemblyIdentity\s[^<>]{1,2000}>", re.IGNORECASE)
_OF_THE_TOOL = re.compile(
    rb"\sname\s?=\s?[\"']microsoft\.exchange\.ediscovery\.exporttool\.application[\"']",
    re.IGNORECASE,
)
_VERSION = re.compile(rb"\sversion\s?=\s?[\"'](\d{1,3}(?:\.\d{1,5}){3})[\"']", re.IGNORECASE)

_SIGN_HEADERS = frozenset({"x-owa-version", "x-feserver", "x-beserver", "x-calculatedbetarget"})
_SIGN_BODY = re.compile(rb"/owa/(?:auth/logon\.aspx|auth\.owa|auth/owaauth\.dll)", re.IGNORECASE)
_SIGN_LOCATION = re.compile(r"/owa/auth/logon\.aspx", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One build as one answer showed it, on `path`."""

    method: Method
    path: str
    value: str

    @property
    def precision(self) -> int:
        """Parts of the build: three or four."""
        return self.value.count(".") + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that one answer tells. `odd` holds headers that should be a build and are none."""

    builds: tuple[Seen, ...]
    odd: tuple[str, ...]
    fe_server: str | None
    is_exchange: bool


def read(path: str, methods: Sequence[Method], headers: Mapping[str, str], body: bytes) -> Told:
    """Read one answer. Names of `headers` are in small letters."""
    builds: dict[Seen, None] = {}
    odd: list[str] = []
    if Method.X_OWA_VERSION in methods and "x-owa-version" in headers:
        text = headers["x-owa-version"].strip()
        if _BUILD.fullmatch(text):
            builds[Seen(method=Method.X_OWA_VERSION, path=path, value=plain(text))] = None
        else:
            odd.append(harmless(text))
    for method, find in _IN_BODY.items():
        if method in methods:
            builds |= dict.fromkeys(
                Seen(method=method, path=path, value=value) for value in find(body)
            )
    sign = (
        bool(builds)
        or not _SIGN_HEADERS.isdisjoint(headers)
        or _SIGN_LOCATION.search(headers.get("location", "")) is not None
        or _SIGN_BODY.search(body) is not None
    )
    return Told(
        builds=tuple(builds),
        odd=tuple(odd),
        fe_server=harmless(headers["x-feserver"]) if headers.get("x-feserver") else None,
        is_exchange=sign,
    )


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The content, at most `limit` bytes of it, though we ask for nothing packed.

    What cannot be unpacked is returned as it came: it tells nothing then.
    """
    window_bits = {"gzip": 31, "x-gzip": 31, "deflate": 15}.get(encoding.strip().lower())
    if window_bits is None:
        return body
    try:
        return zlib.decompressobj(window_bits).decompress(body, limit)
    except zlib.error:
        return body


def harmless(text: str) -> str:
    """A server's own text, printable and short."""
    return visible(shortened(text.strip(), MAX_TEXT))


def plain(build: str) -> str:
    """A build without leading zeros: ``15.02.0792.003`` is ``15.2.792.3``."""
    return ".".join(str(int(part)) for part in build.split("."))


def _on_page(body: bytes) -> Iterable[str]:
    found: dict[str, None] = {}
    for match in _PAGE_PATH.finditer(body):
        found[plain(match[1].decode("ascii"))] = None
        if len(found) == _MOST_VALUES:
            break
    return found


def _in_manifest(body: bytes) -> Iterator[str]:
    """The version of the tool itself: the manifest names those of what it needs, too."""
    for identity in _IDENTITY.finditer(body):
        version = _VERSION.search(identity[0])
        if version is not None and _OF_THE_TOOL.search(identity[0]):
            yield plain(version[1].decode("ascii"))
            return


_IN_BODY: dict[Method, Callable[[bytes], Iterable[str]]] = {
    Method.PAGE_PATH: _on_page,
    Method.EXPORT_TOOL_MANIFEST: _in_manifest,
}
