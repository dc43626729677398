"""Which column of a free CSV file probably holds what: a proposal, for a person to confirm."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from tocsin.campaign.observing import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "ip": "Address (IPv4 or IPv6)",
        "hostname": "Name of the host",
        "time": "Time seen",
        "port": "Port",
        "build": "Build or version of Exchange",
        "tag": "Tags",
        "server_name": "What the server calls itself",
        "asn": "Autonomous system",
        "country": "Country",
        "sector": "Sector",
    }
)
"""What a mapping may name, in words."""
_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ip": ("ip", "ipaddress", "ipaddr", "address", "srcip", "sourceip", "hostip", "ipv4"),
        "hostname": ("hostname", "host", "fqdn", "rdns", "ptr", "domain", "name", "dnsname"),
        "time": ("timestamp", "time", "seen", "lastseen", "date", "datetime", "observed", "when"),
        "port": ("port", "serviceport", "dstport", "srcport", "tcpport"),
        "build": (
            "build",
            "version",
            "exchange",
            "exchangeversion",
            "exchangebuild",
            "owaversion",
        ),
        "tag": ("tag", "tags", "label", "labels", "remark"),
        "server_name": ("servername", "feserver", "xfeserver", "server", "netbios"),
        "asn": ("asn", "as", "asnumber", "autonomoussystem"),
        "country": ("country", "cc", "geo", "countrycode"),
        "sector": ("sector", "industry", "branch"),
    }
)
"""How columns are called that hold it, without signs, the likelier first."""
_NO_LETTER = re.compile(r"[\W_]+")


def proposed(columns: Sequence[str]) -> dict[str, str]:
    """A mapping from our names to these columns; each column is used once."""
    left: dict[str, str] = {}
    for column in columns:
        left.setdefault(_NO_LETTER.sub("", column).lower(), column)
    found = {}
    for ours in COLUMNS:
        for word in _WORDS[ours]:
            if word in left:
                found[ours] = left.pop(word)
                break
    return found
