"""One row or file, looked at as indicators are compared: the exact definition of a match.

A prefilter may choose which indicators are tried; `Row.holds` alone says whether one matches.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from tocsin.matching.indicators.indicator import HASHES, Kind
from tocsin.matching.indicators.text import NAME, names_in, plain
from tocsin.matching.indicators.values import url_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from ipaddress import IPv4Network, IPv6Network

    from tocsin.matching.indicators.indicator import Part

_URL = re.compile(r"://([^\s\"'<>|^`{}]+)")
_URLS = 64
_BOUNDARY = re.compile(r"[/?#&;,)]")
_BOUNDARIES = 64
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_WORD = re.compile(f"[{NAME}:]+")
_ADDRESS_LETTERS = 45
_PRODUCT_VERSION = re.compile(rf"(?<=[0-9a-z])/\d+(?:\.\d+)*(?![{NAME}])")
_SLASHES = re.compile("/{2,}")


class Row:
    """Built from the values of one row, or of the path and the digests of one file."""

    def __init__(
        self,
        values: Iterable[str],
        user_agents: Sequence[str] = (),
        paths: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """Take all `values` of a row but the `user_agents`; `paths` gives those of patterns."""
        # A user agent is full of versions that look like addresses, and may hold an address.
        agents = (plain(agent) for agent in user_agents)
        self.agents = frozenset(agent.strip() for agent in agents)
        versions = (_PRODUCT_VERSION.sub(" ", agent) for agent in self.agents)
        self.text = "\n".join((plain("\n".join(values)), *versions))
        self._paths = paths

    @cached_property
    def names(self) -> frozenset[str]:
        """All names of the row, and each without the dots around it."""
        found = set(names_in(self.text))
        dotted = [name for name in found if name[0] == "." or name[-1] == "."]
        found.update(name.strip(".") for name in dotted)
        found.update(name.rstrip(".") for name in dotted)
        return frozenset(found)

    @cached_property
    def addresses(self) -> frozenset[str]:
        """All addresses, canonical. One of IPv4 inside one of IPv6 is read where it has dots."""
        dotted = (name for name in self.names if name.count(".") == 3)
        found = {name for name in dotted if _IPV4.fullmatch(name) and _is_ipv4(name)}
        for word in _WORD.findall(self.text):
            if word.count(":") > 1 and len(word) <= _ADDRESS_LETTERS:
                found.update(_ipv6(word.strip(".")))
        return frozenset(found)

    @cached_property
    def urls(self) -> tuple[str, ...]:
        """Every URL, without scheme, as far as it goes."""
        if "://" not in self.text:
            return ()
        found = (url_key(match[1]) for match in _URL.finditer(self.text))
        return tuple(key for key, _ in zip(found, range(_URLS), strict=False))

    @cached_property
    def paths_text(self) -> str:
        """The text with single slashes: Windows takes any number of them for one."""
        return _SLASHES.sub("/", self.text)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        r"""What path patterns are held against: as written, with ``\`` for ``/``."""
        return tuple(path.replace("/", "\\") for path in self._paths())

    def holds(self, part: Part) -> bool:
        """Whether the row has what `part` names. A `PATTERN` is asked of `PathPatterns`."""
        kind, key = part
        if kind in HASHES:
            return key in self.names
        test = _TESTS.get(kind)
        return test(self, key) if test else self._stands(kind, key)

    def _stands(self, kind: Kind, key: str) -> bool:
        """Whether a path or file name stands in the text, between two ends of names."""
        before = rf"(?<![{NAME}])"
        after = rf"\.*(?![{NAME}])"
        if kind is Kind.FILE_NAME and "." not in key.strip("."):
            # A word without an ending may be anything, and where more follows it is a folder.
            before, after = "(?<=/)", rf"\.*(?![{NAME}/])"
        return re.search(before + re.escape(key) + after, self.paths_text) is not None


def row_of_file(path: str, digests: Mapping[str, str]) -> Row:
    """A file of the collection: its path on the server, and its digests by algorithm."""
    return Row((f"/{path}", *digests.values()), paths=lambda: (path,))


def composed_url(host: str | None, path: str | None, query: str | None) -> str:
    """What a log wrote in three columns, as one."""
    return f"://{host or ''}{path or ''}{'?' + query.removeprefix('?') if query else ''}"


def prefixes(url: str) -> list[str]:
    """`url` and what of it ends at a border of its parts; the first of very many."""
    found = [url]
    for border, _ in zip(_BOUNDARY.finditer(url), range(_BOUNDARIES), strict=False):
        found.append(url[: border.start()])
    return found


def _is_ipv4(text: str) -> bool:
    """Whether four numbers between dots are an IPv4 address in its one usual spelling."""
    return all(
        len(number) == 1 or (number[0] != "0" and int(number) < 256) for number in text.split(".")
    )


@lru_cache(maxsize=4096)
def _ipv6(text: str) -> tuple[str, ...]:
    try:
        address = ip_address(text)
    except ValueError:
        return ()
    return () if getattr(address, "ipv4_mapped", None) else (str(address),)


@lru_cache(maxsize=4096)
def _network(key: str) -> IPv4Network | IPv6Network:
    return ip_network(key)


_TESTS: dict[Kind, Callable[[Row, str], bool]] = {
    Kind.ADDRESS: lambda row, key: key in row.addresses,
    Kind.NETWORK: lambda row, key: any(ip_address(one) in _network(key) for one in row.addresses),
    Kind.DOMAIN: lambda row, key: any(f".{name}".endswith(f".{key}") for name in row.names),
    Kind.URL: lambda row, key: any(key in prefixes(url) for url in row.urls),
    Kind.USER_AGENT: lambda row, key: key in row.agents,
}
"""The kinds that are told by what was taken out of a row."""
