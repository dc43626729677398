"""Write small registry hives: the samples that tests and synthetic servers start from.

Only what those need: keys with their time, text and 32-bit numbers.

Source: Maxim Suhanov, Windows registry file format specification.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import timedelta
from functools import reduce
from operator import xor
from typing import TYPE_CHECKING

from tocsin.events.hive import BINS_AT, FILETIME_EPOCH, MAGIC

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_NOWHERE = 0xFFFFFFFF
_BIN_HEADER = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """One key: its values are texts or numbers; `written` is aware, UTC."""

    written: datetime
    values: Mapping[str, str | int] = field(default_factory=dict)
    keys: Mapping[str, NewKey] = field(default_factory=dict)


def write_hive(root: NewKey, name: str = "SOFTWARE") -> bytes:
    """A hive with these keys in one bin."""
    cells = _Cells()
    at = cells.key("ROOT", root, parent=_NOWHERE, flags=0x2C)
    content = bytes(cells.content)
    size = -(-(_BIN_HEADER + len(content)) // 4096) * 4096
    rest = size - _BIN_HEADER - len(content)
    if rest:
        content += struct.pack("<i", rest).ljust(rest, b"\0")
    one_bin = struct.pack("<4sII16xI", b"hbin", 0, size, 0).ljust(_BIN_HEADER, b"\0") + content
    head = MAGIC + struct.pack("<IIQ7I", 1, 1, _filetime(root.written), 1, 5, 0, 1, at, size, 1)
    head = (head + name.encode("utf-16-le")[:64].ljust(64, b"\0")).ljust(508, b"\0")
    checksum = reduce(xor, (word for (word,) in struct.iter_unpack("<I", head)))
    return (head + struct.pack("<I", checksum)).ljust(BINS_AT, b"\0") + one_bin


class _Cells:
    """The cells of one bin, as they are written."""

    def __init__(self) -> None:
        self.content = bytearray()

    def key(self, name: str, key: NewKey, *, parent: int, flags: int = 0x20) -> int:
        """Write a key with all below it, and say where it lies."""
        # The key's own cell comes first, because those below name it as their parent.
        at = self._add(b"\0" * (76 + len(name)))
        values = [self._value(*one) for one in key.values.items()]
        value_list = self._add(struct.pack(f"<{len(values)}I", *values)) if values else _NOWHERE
        below = [self.key(*one, parent=at) for one in sorted(key.keys.items())]
        listed = _NOWHERE
        if below:
            pairs = [part for offset in below for part in (offset, 0)]
            listed = self._add(struct.pack(f"<2sH{len(pairs)}I", b"lh", len(below), *pairs))
        written = struct.pack(
            "<2sHQ15I2H",
            *(b"nk", flags, _filetime(key.written), 0, parent, len(below), 0, listed, _NOWHERE),
            *(len(values), value_list, _NOWHERE, _NOWHERE, 0, 0, 0, 0, 0, len(name), 0),
        )
        place = at - _BIN_HEADER + 4
        self.content[place : place + 76 + len(name)] = written + name.encode("latin-1")
        return at

    def _value(self, name: str, value: str | int) -> int:
        if isinstance(value, int):
            kind, size, place = 4, 4 | 1 << 31, value
        else:
            data = f"{value}\0".encode("utf-16-le")
            kind, size, place = 1, len(data), self._add(data)
        head = struct.pack("<2sHIIIHH", b"vk", len(name), size, place, kind, 1, 0)
        return self._add(head + name.encode("latin-1"))

    def _add(self, data: bytes) -> int:
        at = _BIN_HEADER + len(self.content)
        size = -(-(len(data) + 4) // 8) * 8
        self.content += struct.pack("<i", -size) + data.ljust(size - 4, b"\0")
        return at


def _filetime(moment: datetime) -> int:
    return (moment - FILETIME_EPOCH) // timedelta(microseconds=1) * 10
