"""What a JSON feed is, told by the keys of its first record, which may be longer than the head."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from tocsin.campaign.json_records import TOKEN
from tocsin.events.lines import encoding_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATHS_KEPT = 2000
_KEY_FOLLOWS = re.compile(rb"\s*+:\s*+")


@lru_cache(maxsize=2)
def head_paths(head: bytes) -> Mapping[str, str]:
    """The keys of the first record as paths with dots, each with its text where it is one.

    Lists are passed through (``services.port``). The record may be longer than the head. All feeds
    ask for the same.
    """
    data = _head_as_utf8(head)
    found: dict[str, str] = {}
    path: list[str] = []
    key = ""
    depth_of_record = at = 0
    while len(found) < _PATHS_KEPT and (token := TOKEN.search(data, at)):
        at, word = token.end(), token[0]
        if word == b'"':
            break
        if word in b"{[":
            path.append(key)
            key = ""
            if word == b"{" and not depth_of_record:
                depth_of_record = len(path)
        elif word in b"}]":
            del path[-1:]
            key = ""
            if len(path) < depth_of_record:
                break
        elif colon := _KEY_FOLLOWS.match(data, at):
            at, key = colon.end(), word[1:-1].decode("utf-8", "replace")
            found.setdefault(".".join([*filter(None, path), key]), _text_at(data, at))
        else:
            key = ""
    return MappingProxyType(found)


def _text_at(data: bytes, at: int) -> str:
    value = TOKEN.match(data, at)
    return value[0][1:-1].decode("utf-8", "replace") if value and len(value[0]) > 1 else ""


def _head_as_utf8(head: bytes) -> bytes:
    encoding = encoding_of(head)
    data = head if encoding == "utf-8" else head.decode(encoding, "replace").encode()
    return data.removeprefix(codecs.BOM_UTF8)
