"""The lists of key and value that Exchange packs into one column, such as ECP's EventData.

Items are separated by ``;`` and look like ``S:CMD=Get-Mailbox`` (the first part is the type). An
item that holds a separator or a quote stands in single quotes, which are doubled inside.
Source: rows of HELSE CERT, 2021-march-exchange (2021), and Exchange's log writer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REWRITTEN = rb"[;,\"]'(?:[^'\n]|'')*'[^;'\r\n\"]"
"""Stands in every line where an item is not made of pieces of it: one goes on behind its quote."""
_ITEM = re.compile(r"([A-Za-z]\w{0,7}):([^=;]{1,128})=(.*)", re.DOTALL)


def add_items(fields: dict[str, str], data: str) -> None:
    """Add the items of `data` to a row's fields; a name that is taken gets ``#2``, ``#3`` ...

    Empty values are left out. What is no item of its own belongs to the one before it: a payload
    may hold the separator.
    """
    counts: dict[str, int] = dict.fromkeys(fields, 1)
    for key, value in items(data):
        count = counts[key] = counts.get(key, 0) + 1
        if value and value != "-":
            fields[key if count == 1 else f"{key}#{count}"] = value


def items(data: str) -> Iterator[tuple[str, str]]:
    """Key and value of every item, in order."""
    key = ""
    pieces: list[str] = []
    for text in _split(data):
        found = _ITEM.match(text)
        if found is None:
            pieces.append(text)
            continue
        if key:
            yield key, ";".join(pieces)
        key, pieces = found[2], [found[3]]
    if key:
        yield key, ";".join(pieces)


def _split(data: str) -> Iterator[str]:
    """The items without their single quotes; empty ones are left out."""
    start, length = 0, len(data)
    while start < length:
        if data[start] == "'":
            end = _closing_quote(data, start + 1)
            text = data[start + 1 : end].replace("''", "'")
            border = data.find(";", end + 1)
            border = length if border < 0 else border
            text += data[end + 1 : border]
        else:
            border = data.find(";", start)
            border = length if border < 0 else border
            text = data[start:border]
        if text:
            yield text
        start = border + 1


def _closing_quote(data: str, start: int) -> int:
    """Where the quoted item ends: at a quote that is not doubled, else at the end of `data`."""
    while True:
        quote = data.find("'", start)
        if quote < 0:
            return len(data)
        if data[quote + 1 : quote + 2] != "'":
            return quote
        start = quote + 2
