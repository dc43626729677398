"""What columns and types are called in the lists that people pass on.

The names were taken from lists of CERTs and vendors, and from MISP, OpenCTI, Defender and Sigma
users' exports; they compare without case, blanks, hyphens and underscores.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tocsin.matching.indicators.indicator import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

_SEPARATORS = re.compile(r"[\s_\-./|:]+")

VALUES = frozenset(
    {
        *("indicator", "indicatorvalue", "value", "ioc", "iocvalue", "observable", "artifact"),
        *("observablevalue", "iocs", "indicators", "entity", "data", "sampledata"),
    }
)
TYPES = frozenset(
    {"type", "indicatortype", "ioctype", "kind", "observabletype", "datatype", "valuetype"}
)
COMMENTS = (
    *("comment", "comments", "description", "notes", "note", "details", "detail", "title"),
    *("threat", "malware", "family", "campaign", "name", "context", "tags"),
)
"""The first of these that a row has is its comment."""
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(
        ("sha256", "sha256hash", "filesha256", "filehashsha256", "hashsha256"), Kind.SHA256
    ),
    **dict.fromkeys(("sha1", "sha1hash", "filesha1", "filehashsha1", "hashsha1"), Kind.SHA1),
    **dict.fromkeys(
        ("md5", "md5hash", "filemd5", "filehashmd5", "hashmd5", "hash", "filehash", "hashes"),
        Kind.MD5,
    ),
    **dict.fromkeys(
        (
            *("ip", "ipv4", "ipv6", "ipaddress", "ipaddresses", "address", "ipaddr", "ips"),
            *("ipv4addr", "ipv6addr", "ipsrc", "ipdst", "srcip", "dstip", "sourceip", "clientip"),
            *(
                "destinationip",
                "ipv4address",
                "ipv6address",
                "remoteip",
                "c2ip",
                "cidr",
                "network",
            ),
            *("ipport", "ipv4cidr", "ipv6cidr", "netblock", "subnet", "ipdstport", "ipsrcport"),
        ),
        Kind.ADDRESS,
    ),
    **dict.fromkeys(
        (
            *("domain", "domainname", "domains", "hostname", "host", "fqdn", "hostnames"),
            *("ipaddressordomain", "domainorip", "c2", "c2domain", "hostnameport"),
        ),
        Kind.DOMAIN,
    ),
    **dict.fromkeys(("url", "urls", "uri", "link", "httpurl"), Kind.URL),
    **dict.fromkeys(
        ("filepath", "path", "fullpath", "filefullpath", "directory", "folder", "filelocation"),
        Kind.PATH,
    ),
    **dict.fromkeys(("filename", "file", "filenames", "name of file"), Kind.FILE_NAME),
    **dict.fromkeys(("useragent", "httpuseragent", "ua", "useragents"), Kind.USER_AGENT),
}
"""A name, folded: as the type of a value, or as the header of a column of such values."""


def folded(name: str) -> str:
    """A column's or type's name without case and separators."""
    return _SEPARATORS.sub("", name.strip().strip("\"'").lower())


def kind_named(name: str) -> Kind:
    """The kind that a list calls `name`. Raises `ValueError` for one we look for nowhere."""
    try:
        return KINDS[folded(name)]
    except KeyError:
        raise ValueError(f"is of type {name[:40]!r}, which is looked for nowhere") from None
