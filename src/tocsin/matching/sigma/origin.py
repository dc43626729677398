"""Where a field that rules name takes its text from in a log that calls it otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Fields = Mapping[str, str]
    Make = Callable[[Fields, Sequence[str]], str | None]


class How(StrEnum):
    """What is made of the columns; the first ones may stand in the table of log sources."""

    SAME = "same"
    """The text of the first column that is there."""
    NUMBER = "number"
    """The same, and a hexadecimal number in decimal."""
    ACCOUNT = "account"
    r"""``DOMAIN\name``, from triples of SID, domain and name: the first that has a name."""
    REGISTRY = "registry"
    r"""``HKLM\key\value``, from a key as the kernel names it, and a value."""
    STEM = "stem"
    """What stands before the first ``?`` of one column."""
    QUERY = "query"
    """What stands behind it; missing where nothing does."""
    URI = "uri"
    """Stem, ``?`` and query, from two columns; the query may have brought its ``?`` along."""
    EXTENSION = "extension"
    """What follows the last dot in the last part of a path."""


VERBATIM = frozenset({How.SAME, How.STEM, How.QUERY, How.URI, How.EXTENSION})
"""These take their text, or the pieces of it, from the columns as they were logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The columns, what is made of them, and the words that rules use for those of the log."""

    columns: tuple[str, ...]
    how: How = How.SAME
    words: tuple[tuple[str, str], ...] = ()

    def text(self, fields: Fields) -> str | None:
        """The field's text in a row with these columns, or None."""
        text = _MAKE[self.how](fields, self.columns)
        if text is not None and self.words:
            return dict(self.words).get(text, text)
        return text


_HEXADECIMAL = re.compile(r"0[xX][0-9A-Fa-f]{1,16}", re.ASCII)
_SERVICES = {
    "S-1-5-18": r"NT AUTHORITY\SYSTEM",
    "S-1-5-19": r"NT AUTHORITY\LOCAL SERVICE",
    "S-1-5-20": r"NT AUTHORITY\NETWORK SERVICE",
}
"""The Security log calls these by the name of the machine; Sysmon, and so all rules, by these.
Source: Microsoft, Well-known SIDs."""
_HIVES = {"\\registry\\machine": "HKLM", "\\registry\\user": "HKU"}
"""Source: Microsoft, Sysmon: the abbreviations of root keys in its registry events."""


def _same(fields: Fields, columns: Sequence[str]) -> str | None:
    for column in columns:
        if (text := fields.get(column)) is not None:
            return text
    return None


def _number(fields: Fields, columns: Sequence[str]) -> str | None:
    text = _same(fields, columns)
    return str(int(text, 16)) if text is not None and _HEXADECIMAL.fullmatch(text) else text


def _account(fields: Fields, columns: Sequence[str]) -> str | None:
    for start in range(0, len(columns), 3):
        sid, domain, name = (fields.get(column) for column in columns[start : start + 3])
        if sid in _SERVICES:
            return _SERVICES[sid]
        if name is not None:
            return name if domain is None else f"{domain}\\{name}"
    return None


def _registry(fields: Fields, columns: Sequence[str]) -> str | None:
    key, value = (fields.get(column) for column in columns)
    if key is None:
        return None
    for kernel, short in _HIVES.items():
        if f"{key}\\".casefold().startswith(f"{kernel}\\"):
            key = short + key[len(kernel) :]
            break
    return key if value is None else f"{key}\\{value}"


def _stem(fields: Fields, columns: Sequence[str]) -> str | None:
    text = _same(fields, columns)
    return None if text is None else text.partition("?")[0] or None


def _query(fields: Fields, columns: Sequence[str]) -> str | None:
    text = _same(fields, columns)
    return None if text is None else text.partition("?")[2] or None


def _uri(fields: Fields, columns: Sequence[str]) -> str | None:
    stem, query = (fields.get(column) for column in columns)
    return joined(stem, query)


def joined(stem: str | None, query: str | None) -> str | None:
    """Stem, ``?`` and query; the stem alone where there is no query. None where there is none."""
    if query is None:
        return stem
    return f"{stem or ''}{'' if query.startswith('?') else '?'}{query}"


def _extension(fields: Fields, columns: Sequence[str]) -> str | None:
    _, dot, extension = (_stem(fields, columns) or "").rpartition("/")[2].rpartition(".")
    return extension if dot else None


_MAKE: dict[How, Make] = {
    How.SAME: _same,
    How.NUMBER: _number,
    How.ACCOUNT: _account,
    How.REGISTRY: _registry,
    How.STEM: _stem,
    How.QUERY: _query,
    How.URI: _uri,
    How.EXTENSION: _extension,
}
