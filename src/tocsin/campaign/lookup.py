"""Who else might be told: registration data (RDAP) and security.txt, from recorded answers.

Off unless it is asked for. Nothing here opens a connection: answers were recorded before, each in
a file, and what they say is never the owner but a contact to try. An answer that cannot be read
is told as such.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.campaign.rdap import RdapAnswer, read_rdap
from tocsin.campaign.security_txt import SecurityTxt, read_security_txt
from tocsin.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

MAX_BYTES = 2**20
"""A longer answer is not read."""
_NAME = re.compile(r"[a-z0-9._-]{1,253}", re.ASCII)


class RecordedAnswers:
    """Answers in a folder: ``rdap/192.0.2.1.json`` and ``security.txt/example.org.txt``.

    An answer about a network serves all its addresses: ``rdap/192.0.2.0_24.json``, the longest
    prefix first. A colon is written as a hyphen, for Windows: ``rdap/2001-db8--1.json``.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UsageError(f"{folder} is no folder of recorded answers")
        self._folder = folder

    def rdap(self, ip: str) -> bytes | None:
        """What a registry said of an address or the nearest network around it (RFC 9083)."""
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            return None
        for length in range(address.max_prefixlen, 7, -1):
            network = ipaddress.ip_network((address, length), strict=False)
            single = length == address.max_prefixlen
            name = str(address) if single else f"{network.network_address}_{length}"
            found = self._read("rdap", f"{name.replace(':', '-')}.json")
            if found is not None:
                return found
        return None

    def security_txt(self, domain: str) -> bytes | None:
        """The file that a domain publishes, or the nearest one above it (RFC 9116)."""
        name = domain.lower().strip(".")
        while _NAME.fullmatch(name) and ".." not in name and "." in name:
            found = self._read("security.txt", f"{name}.txt")
            if found is not None:
                return found
            name = name.partition(".")[2]
        return None

    def _read(self, kind: str, name: str) -> bytes | None:
        try:
            with (self._folder / kind / name).open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(
                f"{kind}/{name} cannot be read: {error.strerror}", where=str(self._folder)
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found for one host; None where there is no answer."""

    rdap: RdapAnswer | None
    security_txt: SecurityTxt | None


def look_up(
    answers: RecordedAnswers, *, ip: str | None, domains: tuple[str, ...], now: datetime
) -> Found:
    """What is known of an address, and of the first of `domains` that publishes a file.

    `now` (UTC) tells whether a file has expired.
    """
    registered = answers.rdap(ip) if ip is not None else None
    published = None
    for domain in domains:
        content = answers.security_txt(domain)
        if content is not None:
            published = read_security_txt(content[:MAX_BYTES], now)
            break
    return Found(
        rdap=None if registered is None else read_rdap(registered[:MAX_BYTES]),
        security_txt=published,
    )
