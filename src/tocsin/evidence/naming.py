"""Names of members: text whatever their bytes are, and safe whatever their text is."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from dataclasses import dataclass

LONGEST_NAME = 4_000
"""Characters. Windows ends at 32,767, real servers far below; archives can name 64 KiB each."""

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeName:
    """A member's path with forward slashes; `objection` says what was wrong with the original."""

    inside: str
    objection: str | None


def decoded(raw: bytes, fallback: str | None = None) -> str:
    """A name's text: UTF-8, else in the encoding `fallback`.

    Without a fallback each byte that is not UTF-8 is written as ``%XX``.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        if fallback is not None:
            return raw.decode(fallback, errors="replace")
        return _without_surrogates(raw.decode("utf-8", errors="surrogateescape"))


def safe(name: str) -> SafeName:
    r"""Make `name` a relative path that stays inside, and can be shown and written anywhere.

    Backslashes become slashes, since Windows tools write both. ``..``, drive letters at the
    start and unprintable or direction-changing characters are percent-escaped; a leading slash
    (absolute, UNC, ``\\?\``) is dropped.
    """
    objection = None
    text = _without_surrogates(name.replace("\\", "/"))
    if _UNSAFE.search(text):
        objection = "its name has control characters"
        text = _UNSAFE.sub(_escaped, text)
    if text.startswith("/"):
        objection = (
            "its name is a network path" if text.startswith("//") else "its name is absolute"
        )
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if parts and _DRIVE.match(parts[0]):
        objection = "its name starts with a drive"
        parts[0] = parts[0].replace(":", "%3A", 1)
    if ".." in parts:
        objection = "its name climbs out of the archive"
        parts = ["%2E%2E" if part == ".." else part for part in parts]
    inside = "/".join(parts) or "(no name)"
    if len(inside) > LONGEST_NAME:
        objection = f"its name has {len(inside)} characters"
        inside = f"{inside[:LONGEST_NAME]}~{zlib.crc32(inside.encode()):08x}"
    return SafeName(inside=inside, objection=objection)


class NameBook:
    """Gives each member of a collection a path of its own."""

    def __init__(self) -> None:
        """Know no names yet."""
        self._taken: set[str] = set()
        self._copies: Counter[str] = Counter()

    def unique(self, inside: str) -> str:
        """`inside` itself when it is new, else with ``#2``, ``#3`` and so on behind it."""
        name = inside
        while name in self._taken:
            self._copies[inside] += 1
            name = f"{inside}#{self._copies[inside] + 1}"
        self._taken.add(name)
        return name


def _without_surrogates(text: str) -> str:
    return _SURROGATE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8 (PEP 383)
        code -= 0xDC00
    return f"%{code:02X}" if code < 0x100 else f"%u{code:04X}"
