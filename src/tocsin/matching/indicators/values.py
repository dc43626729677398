"""Read what a list says: which kind of thing it is, and how it is spelled when compared.

Every function raises `ValueError` with the reason where a text is no indicator that can be used.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from tocsin.matching.indicators.indicator import Kind, Part
from tocsin.matching.indicators.text import longest_name, plain

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 2048
"""Characters of a value. No address, name or path that is worth a list is longer."""
_SHORTEST_NAME = 3
_WIDEST = {4: 8, 6: 16}
"""The shortest prefix of a network that is taken; a wider one is the internet, no indicator."""

_DEFANGED = (
    (re.compile(r"\bh(?:xx|\*\*|tt)p(s?)(?=\[?:)", re.IGNORECASE), r"http\1"),
    (re.compile(r"\bfxp(?=\[?:)", re.IGNORECASE), "ftp"),
    (re.compile(r"\[://\]|\[:\]//|:\[//\]"), "://"),
    (re.compile(r"\[:\]"), ":"),
    (re.compile(r"\[/\]"), "/"),
    (re.compile(r"\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?", re.IGNORECASE), "."),
    (re.compile(r"(?<=[0-9A-Za-z])\[\.|\.\](?=[0-9A-Za-z])"), "."),
)
_LOOKS_DEFANGED = re.compile(r"[\[({]|\bh(?:xx|\*\*)p|\bfxp", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*://", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{32,128}", re.IGNORECASE)
_HASH_LENGTH = {32: Kind.MD5, 40: Kind.SHA1, 64: Kind.SHA256}
_IPV4 = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(/\d{1,2}|:\d{1,5})?")
_IPV6 = re.compile(r"\[?[0-9a-f]*:[0-9a-f:]*:[0-9a-f:.]*(?:%\w+)?\]?(?:/\d{1,3})?", re.IGNORECASE)
_LETTER = r"[^\x00-/:-@\[-^`{-\x7f]"
_LETTER_OR_HYPHEN = r"[^\x00-,./:-@\[-^`{-\x7f]"
_LABEL = rf"(?:{_LETTER}(?:{_LETTER_OR_HYPHEN}{{0,61}}{_LETTER})?)"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
"""Of letters, digits, low lines and all that is not ASCII, told by what is none of them: to list
all letters of Unicode, or to ignore their case, takes 40 ms to compile."""
_ALL_DIGITS_BEHIND = re.compile(r"\.\d+$")
_DRIVE = re.compile(r"^/*(?:[?.]/)?(?:[a-z]:|%[a-z0-9_()]+%)(?=/|$)|^[a-z]:")
_IS_PATH = re.compile(r"[A-Za-z]:[\\/]|\\|%[A-Za-z0-9_()]+%[\\/]|/")
_USUAL_PORT = re.compile(r":(?:80|443)$")
_FILE_ENDING = re.compile(
    r"7z|asa|asax|ascx|ashx|asmx|asp|aspx|bat|bin|bmp|cab|cer|cfg|cmd|compiled|config|cpl|css|"
    r"csv|dat|dll|dmp|doc|docx|eml|evtx|exe|gif|gz|hta|htm|html|ico|img|ini|iso|jar|jpeg|jpg|"
    r"js|json|jsp|jspx|lnk|log|msi|msp|nupkg|ocx|pdf|php|png|ppt|pptx|ps1|psd1|psm1|pst|py|rar|"
    r"reg|rtf|scr|shtml|sql|svc|swf|sys|tar|tmp|txt|vbe|vbs|war|wsf|xls|xlsx|xml|zip",
    re.IGNORECASE,
)
"""Endings of files. Of those that are top-level domains too, only what lists use for files."""


def part_of(text: str, kind: Kind | None = None) -> Part:
    """The thing that `text` names; its kind is told by its form where the list does not say."""
    text = cleaned(text)
    found = guess(text) if kind is None else _told_by_form(text, kind)
    key = _KEYS[found](text)
    if found is Kind.NETWORK and "/" not in key:
        found = Kind.ADDRESS
    if found is Kind.PATH and "/" not in key:
        found = Kind.FILE_NAME
    return Part(found, key)


def cleaned(text: str) -> str:
    """`text` without what lists put around it, and spelled out where it was defanged."""
    text = text.strip().strip("\"'`").strip()
    if not text:
        raise ValueError("is empty")
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    if "\0" in text:
        raise ValueError("holds NUL bytes")
    return refanged(text)


def refanged(text: str) -> str:
    """``hxxp://evil[.]example`` as ``http://evil.example``."""
    if _LOOKS_DEFANGED.search(text):
        for pattern, instead in _DEFANGED:
            text = pattern.sub(instead, text)
    return text


def guess(text: str) -> Kind:
    """The kind of a cleaned text, by its form."""
    if _HEX.fullmatch(text) and len(text) in _HASH_LENGTH:
        return _HASH_LENGTH[len(text)]
    if _SCHEME.match(text):
        return Kind.URL
    if _IPV4.fullmatch(text) or _IPV6.fullmatch(text):
        return Kind.NETWORK if "/" in text else Kind.ADDRESS
    if _IS_PATH.match(text) or "\\" in text:
        return Kind.PATH
    return _guess_name(text)


def _guess_name(text: str) -> Kind:
    host, slash, _ = text.partition("/")
    bare = _USUAL_PORT.sub("", host.removeprefix("*."))
    if _is_domain(bare):
        return Kind.URL if slash or _USUAL_PORT.search(host) else Kind.DOMAIN
    if not slash and "." in text and _FILE_ENDING.fullmatch(text.rpartition(".")[2]):
        return Kind.FILE_NAME
    raise ValueError("is no hash, address, network, domain, URL, path or file name")


def _is_domain(text: str) -> bool:
    ending = text.rstrip(".").rpartition(".")[2].lower()
    return (
        _DOMAIN.fullmatch(text.rstrip(".")) is not None
        and _FILE_ENDING.fullmatch(ending) is None
        and not ending.isdigit()
        and len(ending) > 1
    )


def _told_by_form(text: str, kind: Kind) -> Kind:
    """Lists take one hash for another, and a domain for a URL: the form of the text is right."""
    if kind not in _FAMILY or (kind is Kind.DOMAIN and _is_name_of_host(text)):
        return kind
    if kind is Kind.URL and text.startswith("/"):
        return Kind.PATH
    found = guess(text)
    if _FAMILY.get(found) != _FAMILY[kind]:
        raise ValueError(f"is no {kind}, as the list says, but a {found}")
    return found


def _is_name_of_host(text: str) -> bool:
    return "/" not in text and ":" not in text and _IPV4.fullmatch(text) is None


def _hash(text: str) -> str:
    if _HEX.fullmatch(text) is None or len(text) not in _HASH_LENGTH:
        raise ValueError("is no MD5, SHA-1 or SHA-256 in hex")
    return text.lower()


def _address(text: str) -> str:
    ipv4 = _IPV4.fullmatch(text)
    bare = ipv4[1] if ipv4 else text.strip("[]").partition("%")[0]
    try:
        address = ip_address(bare)
    except ValueError as error:
        raise ValueError("is no address") from error
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback or address.is_unspecified:
        raise ValueError("is this machine itself, on every machine: refused")
    return str(address)


def _network(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError("is no network") from error
    if network.prefixlen < _WIDEST[network.version]:
        raise ValueError(f"would match {'' if network.prefixlen else 'all of '}the internet")
    if network.is_loopback:
        raise ValueError("is this machine itself, on every machine: refused")
    if network.prefixlen == network.max_prefixlen:
        return _address(str(network.network_address))
    return str(network)


def _domain(text: str) -> str:
    text = plain(text.removeprefix("*.")).strip(".")
    if text == "localhost" or text.endswith(".localhost"):
        raise ValueError("is this machine itself, on every machine: refused")
    if _DOMAIN.fullmatch(text) is None or _ALL_DIGITS_BEHIND.search(text):
        raise ValueError("is no domain of two labels or more")
    return text if text.isascii() else _as_dns_has_it(text)


def _as_dns_has_it(domain: str) -> str:
    try:
        return domain.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def _url(text: str) -> str:
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() :] if scheme else text
    key = url_key(plain(rest))
    host = key.partition("/")[0].partition("?")[0].partition(":")[0]
    if "*" in key or host in {"localhost", "127.0.0.1"} or not ("." in host or "[" in host):
        raise ValueError("names no host that tells anything")
    return key


def url_key(plain_rest: str) -> str:
    """A URL behind its scheme as it is compared: no user, no usual port, no slash at the end."""
    host, slash, rest = _split_authority(plain_rest)
    host = _USUAL_PORT.sub("", host.rpartition("@")[2]).rstrip(".")
    return (host + slash + rest).rstrip("/?#")


def _split_authority(text: str) -> tuple[str, str, str]:
    for place, letter in enumerate(text):
        if letter in "/?#":
            return text[:place], letter, text[place + 1 :]
    return text, "", ""


def _path(text: str) -> str:
    key = path_key(plain(text))
    if "*" in key:
        raise ValueError("has a wildcard, which no list of ours can have: use a pattern")
    if len(longest_name(key)) < _SHORTEST_NAME:
        raise ValueError(f"has no name of {_SHORTEST_NAME} letters: it would match everywhere")
    return key


def path_key(plain_text: str) -> str:
    """A path without drive, environment variable and outer slashes, with single slashes."""
    text = _DRIVE.sub("", plain_text)
    return re.sub("/{2,}", "/", text).strip("/ ")


def _file_name(text: str) -> str:
    key = path_key(plain(text)).rpartition("/")[2]
    if set("*?|<>") & set(key):
        raise ValueError("has a wildcard, which no list of ours can have: use a pattern")
    if len(longest_name(key).strip(".")) < _SHORTEST_NAME:
        raise ValueError(f"has no name of {_SHORTEST_NAME} letters: it would match everywhere")
    return key


def _user_agent(text: str) -> str:
    key = plain(text).strip()
    if len(longest_name(key)) < _SHORTEST_NAME:
        raise ValueError(f"has no word of {_SHORTEST_NAME} letters: it would match everywhere")
    return key


_KEYS: dict[Kind, Callable[[str], str]] = {
    Kind.SHA256: _hash,
    Kind.SHA1: _hash,
    Kind.MD5: _hash,
    Kind.ADDRESS: _address,
    Kind.NETWORK: _network,
    Kind.DOMAIN: _domain,
    Kind.URL: _url,
    Kind.PATH: _path,
    Kind.FILE_NAME: _file_name,
    Kind.USER_AGENT: _user_agent,
}
_FAMILY = {
    **dict.fromkeys((Kind.SHA256, Kind.SHA1, Kind.MD5), "hash"),
    **dict.fromkeys((Kind.ADDRESS, Kind.NETWORK, Kind.DOMAIN, Kind.URL), "place on the net"),
}
