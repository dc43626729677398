"""The values of a constituency file, each read strictly: what is wrong, and what to write.

A list is a JSON array, or text with its parts between blanks, commas, semicolons or bars.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tocsin.campaign.observation import unmapped

if TYPE_CHECKING:
    from collections.abc import Callable

_PARTS = re.compile(r"[\s,;|]+")
_KEY_PARTS = re.compile(r"[,;|]+")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", re.ASCII)
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LONGEST_TEXT = 500
_LONGEST_NAME = 253
"""Source: RFC 1035, November 1987, section 2.3.4: 255 octets with their lengths and the root."""
_TOLD = 60
_ASN_DIGITS = 20
"""More digits are no number of a system, whatever stands before it."""
_WIDEST = {4: 6, 6: 12}
"""Shorter prefixes hold whole regions of the world."""


class BadValueError(ValueError):
    """A value cannot be used; the message says what to write."""


class Span(NamedTuple):
    """A network as numbers; sorted, what holds another comes before it."""

    version: int
    start: int
    minus_end: int

    @property
    def end(self) -> int:
        """Its last address."""
        return -self.minus_end


def span(network: str) -> Span:
    """A network that `networks` returned, as numbers."""
    parsed = ipaddress.ip_network(network)
    return Span(parsed.version, int(parsed.network_address), -int(parsed.broadcast_address))


def _told(value: object) -> str:
    """A value in quotes for a message, cut where it is long."""
    if isinstance(value, str) and len(value) > _TOLD:
        return f"{value[:_TOLD]!r}…"
    return repr(value)[: 2 * _TOLD]


def text(value: object) -> str | None:
    """Plain text of one line, None where it is empty."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadValueError(f"{_told(value)} is no text; put it into quotes")
    plain = " ".join(value.split())
    if len(plain) > _LONGEST_TEXT:
        raise BadValueError(f"is longer than {_LONGEST_TEXT} characters")
    return plain or None


def country(value: object) -> str | None:
    """An ISO 3166 code of two letters, in capitals."""
    code = text(value)
    if code is not None and not _COUNTRY.fullmatch(code):
        raise BadValueError(f"{_told(code)} is no code of two letters, such as NL")
    return code.upper() if code else None


def language(value: object) -> str | None:
    """A language tag. Source: RFC 5646, September 2009, in short."""
    tag = text(value)
    if tag is not None and not _LANGUAGE.fullmatch(tag):
        raise BadValueError(f"{_told(tag)} is no language tag, such as nl or de-CH")
    return tag


def networks(value: object) -> tuple[str, ...]:
    """Networks as CIDR; a range (``192.0.2.0-192.0.2.63``) becomes those that it consists of."""
    return tuple(one for part in _list(value) for one in _networks(part))


def hosts(value: object) -> tuple[str, ...]:
    """Addresses and names of single hosts."""
    return _each(value, _host)


def domains(value: object) -> tuple[str, ...]:
    """Domains in lower case, as in the DNS (``xn--…``)."""
    return _each(value, _domain)


def asns(value: object) -> tuple[int, ...]:
    """Numbers of autonomous systems, with ``AS`` before them or not."""
    found = []
    for part in _list(value):
        digits = part[2:] if part[:2].upper() == "AS" else part
        short = digits.isascii() and digits.isdigit() and len(digits) <= _ASN_DIGITS
        if not (short and 0 < int(digits) < 2**32):
            raise BadValueError(f"{_told(part)} is no autonomous system, such as AS64496")
        found.append(int(digits))
    return tuple(dict.fromkeys(found))


def contacts(value: object) -> tuple[str, ...]:
    """Mail addresses, or URIs (mailto, https, tel)."""
    return _each(value, _contact)


def keys(value: object) -> tuple[str, ...]:
    """Fingerprints, without blanks and in capitals, or URIs."""
    parts = (
        value
        if isinstance(value, list)
        else _KEY_PARTS.split(value if isinstance(value, str) else "")
    )
    found = []
    for part in parts:
        key = "".join((text(part) or "").split())
        is_uri = ":" in key
        if key and not is_uri and not re.fullmatch(r"[0-9A-Fa-f]{32,64}", key):
            raise BadValueError(
                f"{_told(key)} is neither a fingerprint (32 hex digits or more) nor a URI"
            )
        if key:
            found.append(key if is_uri else key.upper())
    return tuple(dict.fromkeys(found))


def _each(value: object, read: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(read(part) for part in _list(value)))


def _list(value: Any) -> list[str]:  # noqa: ANN401 what JSON or CSV held
    if isinstance(value, list):
        if not all(isinstance(one, str | int) and not isinstance(one, bool) for one in value):
            raise BadValueError("needs an array of texts")
        return [str(one).strip() for one in value if str(one).strip()]
    if isinstance(value, int) and not isinstance(value, bool):
        return [str(value)]
    if value is not None and not isinstance(value, str):
        raise BadValueError(f"{_told(value)} is neither text nor an array of texts")
    return [part for part in _PARTS.split(value or "") if part]


def _networks(part: str) -> list[str]:
    if "-" in part:
        return _range(part)
    try:
        network = ipaddress.ip_network(part)
    except ValueError as error:
        try:
            meant = ipaddress.ip_network(part, strict=False)
        except ValueError:
            raise BadValueError(f"{_told(part)} is no network, such as 192.0.2.0/24") from error
        raise BadValueError(
            f"{_told(part)} names a host inside a network; write {meant}, or the host under hosts"
        ) from error
    if network.prefixlen < _WIDEST[network.version]:
        raise BadValueError(f"{_told(part)} is far too wide for one organisation")
    return [str(network)]


def _range(part: str) -> list[str]:
    try:
        first, last = (ipaddress.ip_address(one.strip()) for one in part.split("-"))
        if first.version != last.version or int(last) - int(first) >= 2 ** (
            first.max_prefixlen - _WIDEST[first.version]
        ):
            raise BadValueError(f"{_told(part)} is no range of one organisation's")
        return [str(one) for one in ipaddress.summarize_address_range(first, last)]
    except BadValueError:
        raise
    except (ValueError, TypeError) as error:
        raise BadValueError(
            f"{_told(part)} is no range; write 192.0.2.0-192.0.2.63, or 192.0.2.0/26"
        ) from error


def _host(part: str) -> str:
    try:
        return str(unmapped(ipaddress.ip_address(part)))
    except ValueError:
        return _name(part, least=1, example="mail.example.org or 192.0.2.10")


def _domain(part: str) -> str:
    return _name(part.removeprefix("*."), least=2, example="example.org")


def _name(part: str, *, least: int, example: str) -> str:
    name = part.strip(".").lower()
    if len(name) > _LONGEST_NAME:  # IDNA takes seconds for a name of 200,000 characters
        raise BadValueError(
            f"{_told(part)} is longer than {_LONGEST_NAME} characters, which no name is"
        )
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise BadValueError(f"{_told(part)} is no name, such as {example}") from error
    labels = name.split(".")
    if len(labels) < least or len(name) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise BadValueError(f"{_told(part)} is no name, such as {example}")
    return name


def is_mail(text: str) -> bool:
    """Whether this is one mail address, and nothing that would begin another line of a mail."""
    # Source: RFC 5321 (2008), section 4.5.3.1.3: a path has at most 256 octets with its brackets.
    return len(text) <= 254 and text.isprintable() and _MAIL.fullmatch(text) is not None


def _contact(part: str) -> str:
    scheme, colon, rest = part.partition(":")
    if colon and scheme.lower() in {"mailto", "https", "tel"} and rest and part.isprintable():
        return part
    if not is_mail(part):
        raise BadValueError(f"{_told(part)} is no mail address and no URI (mailto:, https:, tel:)")
    return part
