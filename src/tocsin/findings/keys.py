"""What ties rows of different sources together: the join keys of one row."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENDING = re.compile(
    r"\.(?:aspx|ashx|asmx|asax|asp|asa|cer|cdx|cshtml|vbhtml|soap|rem)(?P<added>\.[0-9a-f]{6,16}\.compiled)?\Z",
    re.IGNORECASE,
)
_ENDING_CHARACTERS = 32
"""No ending is longer. Only so much of a path is searched: a request may be 16 KiB of letters."""
ADDRESS_CHARACTERS = 96
"""No address with its port and zone is longer; what is, is none, and is not remembered."""
_FORWARDED_CHARACTERS = 4096
"""So much of a forwarding header's end is read; its beginning may be anything."""
_INSIDE = tuple(
    ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
"""Source: RFC 1918 and RFC 4193."""


def keys_of(
    values: Mapping[str, str], shared_addresses: frozenset[str] = frozenset()
) -> dict[str, str]:
    """The join keys of a row, by name, from its typed columns.

    ``file_name`` is the page that a path or URL ends in, in lower case, without what ASP.NET adds
    to it when it compiles (``x.aspx.1a2b3c4d.compiled``). ``client_ip`` is left out where it is
    one of `shared_addresses` (load balancers, proxies), unless the row says whom they forwarded,
    and where it is this machine itself.
    """
    found = {
        name: value
        for name in ("canary", "request_id", "process_id", "parent_process_id")
        if (value := values.get(name))
    }
    if page := page_of(values):
        found["file_name"] = page
    if client := client_of(values, shared_addresses):
        found["client_ip"] = client
    return found


def page_of(values: Mapping[str, str]) -> str | None:
    """The executable page that the row is about, lower case, without its folders.

    A request may go on behind the page's name: ``/owa/auth/x.aspx/y.js`` is for ``x.aspx``.
    """
    if page := _page(values.get("file_path", "").replace("\\", "/").rpartition("/")[2]):
        return page
    path = values.get("url_path", "").replace("\\", "/")
    return next((page for part in path.split("/") if (page := _page(part))), None)


def _page(name: str) -> str | None:
    ending = _ENDING.search(name[-_ENDING_CHARACTERS:])
    return None if ending is None else name.removesuffix(ending["added"] or "").lower()


def client_of(values: Mapping[str, str], shared_addresses: frozenset[str]) -> str | None:
    """Who asked, if the row can tell: the connecting address, or whom a proxy forwarded.

    Anyone can send a forwarding header, so it counts only where the connecting address is one of
    the inside or stands for many. Each proxy adds at the end whom it saw; what stands before may
    be invented by the client. So the last entry that is no proxy itself is taken.
    """
    client = plain_address(values.get("client_ip", ""))
    if client is not None and client not in shared_addresses and not is_inside(client):
        return client
    entries = values.get("forwarded_for", "")[-_FORWARDED_CHARACTERS:].split(",")
    forwarded = [plain for entry in entries if (plain := plain_address(entry))]
    known = [one for one in forwarded if one not in shared_addresses]
    outside = [one for one in known if not is_inside(one)]
    if found := outside or known:
        return found[-1]
    return None if client in shared_addresses else client


def is_inside(plain: str) -> bool:
    """Whether an address in canonical form is of a private network."""
    address = ip_address(plain)
    return any(address in network for network in _INSIDE if network.version == address.version)


def plain_address(text: str) -> str | None:
    """An address in its canonical form, without port, brackets or zone; None for loopback."""
    return _plain_address(text) if len(text) <= ADDRESS_CHARACTERS else None


@lru_cache(maxsize=65536)
def _plain_address(text: str) -> str | None:
    text = text.strip().split("%")[0]
    if text.startswith("["):
        text = text[1:].split("]")[0]
    elif text.count(":") == 1:
        text = text.split(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if address.is_loopback or address.is_link_local or address.is_unspecified:
        return None
    return str(address)
