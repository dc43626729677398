"""What a rule found in a file, shown so that it can be read and can do no harm."""

from __future__ import annotations

import re

_BEFORE, _AFTER = 24, 72
"""Characters before and after the beginning of what was found."""
_JUDGED_BYTES = 64
_LINE_BREAK = re.compile(rb"[\r\n]")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\ufffc]+")
# What runs must not lie in a report as it was: an anti-virus would take the report for it.
_DEFANGED = str.maketrans({"<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", "(": "\u2768"})


def excerpt(data: bytes, offset: int, length: int) -> str:
    """The part of its line around the bytes at `offset`; hex where those are no text.

    What is in UTF-16 (little-endian, as Windows writes it) is shown as the text that it is.
    """
    found = data[offset : offset + max(1, min(length, _JUDGED_BYTES))]
    width = 2 if data[offset + 1 : offset + 2] == b"\0" else 1
    before = data[max(0, offset - width * _BEFORE) : offset]
    after = data[offset : offset + width * _AFTER]
    if width > 1:
        found, before, after = (part.replace(b"\0", b"") for part in (found, before, after))
    if not _is_text(found):
        return data[offset : offset + 16].hex(" ")
    line = _LINE_BREAK.split(before)[-1] + _first_line(after)
    text = _UNPRINTABLE.sub(" ", line.decode("utf-8", "replace"))
    return " ".join(text.split()).translate(_DEFANGED)


def _first_line(text: bytes) -> bytes:
    """Up to the first break that comes after something."""
    text = text.lstrip()
    return _LINE_BREAK.split(text, maxsplit=1)[0]


def _is_text(found: bytes) -> bool:
    printable = sum(byte in b"\t\r\n" or 0x20 <= byte < 0x7F for byte in found)
    return printable * 4 >= len(found) * 3 > 0
