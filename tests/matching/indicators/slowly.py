"""What a match of an indicator is, said slowly: one indicator after the other, letter by letter."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from tocsin.matching.indicators.indicator import HASHES, Kind
from tocsin.matching.indicators.text import plain
from tocsin.matching.indicators.values import url_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tocsin.matching.indicators.indicator import Indicator, Part


def slow_match(
    indicators: Sequence[Indicator], values: Sequence[str], agents: Sequence[str]
) -> list[int]:
    """The places of all indicators that a row of these values has."""
    texts = [plain(value) for value in values]
    texts += [
        re.sub(r"(?<=[0-9a-z])/[0-9.]+(?=[^0-9.a-z_~$\-\u0080-\U0010ffff]|$)", " ", plain(one))
        for one in agents
    ]
    said = [plain(one).strip() for one in agents]
    return [
        place
        for place, indicator in enumerate(indicators)
        if all(_has(part, texts, said) for part in indicator.parts)
    ]


def _has(part: Part, texts: Sequence[str], agents: Sequence[str]) -> bool:
    if part.kind is Kind.USER_AGENT:
        return part.key in agents
    return any(_in_text(part, text) for text in texts)


def _in_text(part: Part, text: str) -> bool:
    kind, key = part
    if kind in HASHES:
        return any(_without_dots(text, start, end) for start, end in _occurrences(key, text))
    if kind is Kind.ADDRESS:
        return key in _addresses(text)
    if kind is Kind.NETWORK:
        return any(ip_address(one) in ip_network(key) for one in _addresses(text))
    if kind is Kind.DOMAIN:
        return any(
            _ends_name(text, end)
            and (start == 0 or text[start - 1] == "." or not _in_name(text[start - 1]))
            for start, end in _occurrences(key, text)
        )
    if kind is Kind.URL:
        return any(_begins(url, key) for url in _urls(text))
    single = re.sub("/+", "/", text)
    return any(_is_path(kind, key, single, start, end) for start, end in _occurrences(key, single))


def _occurrences(key: str, text: str) -> Iterator[tuple[int, int]]:
    start = text.find(key)
    while start >= 0:
        yield start, start + len(key)
        start = text.find(key, start + 1)


def _in_name(letter: str) -> bool:
    return letter in "0123456789abcdefghijklmnopqrstuvwxyz_~$.-" or letter > "\x7f"


def _ends_name(text: str, end: int) -> bool:
    while end < len(text) and text[end] == ".":
        end += 1
    return end == len(text) or not _in_name(text[end])


def _without_dots(text: str, start: int, end: int) -> bool:
    while start and text[start - 1] == ".":
        start -= 1
    return (start == 0 or not _in_name(text[start - 1])) and _ends_name(text, end)


def _is_path(kind: Kind, key: str, text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else ""
    if kind is Kind.FILE_NAME and "." not in key.strip("."):
        behind = text[end:].lstrip(".")
        return before == "/" and not behind.startswith("/") and _ends_name(text, end)
    return not (before and _in_name(before)) and _ends_name(text, end)


def _addresses(text: str) -> set[str]:
    found = set()
    for word in re.split(r"[^0-9a-z_~$.\-:\u0080-\U0010ffff]", text):
        for part in (word, *word.split(":")):
            bare = part.strip(".")
            try:
                address = ip_address(bare)
            except ValueError:
                continue
            if part is not word or ":" not in bare:
                # One of IPv6 is the whole word; a part between colons is one of IPv4 or none.
                found.update([str(address)] if address.version == 4 else [])
            elif not getattr(address, "ipv4_mapped", None):
                found.add(str(address))
    return found


def _urls(text: str) -> list[str]:
    return [url_key(one) for one in re.findall(r"://([^\s\"'<>|^`{}]+)", text)]


def _begins(url: str, key: str) -> bool:
    return url == key or (url.startswith(key) and url[len(key)] in "/?#&;,)")
