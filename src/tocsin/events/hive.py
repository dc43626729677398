"""A registry hive, read key by key from where it lies: never all of it, and never trusting it.

A key that cannot be read is left out and counted in `Hive.damaged`; nothing here loops or grows
with what the hive claims. A hive that was copied from a running server may lack its last changes,
which are in the transaction logs beside it: see `Hive.is_dirty`.

Source: Maxim Suhanov, Windows registry file format specification.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"regf"
BINS_AT = 4096
FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

_CELL_BYTES = 64 * 1024
_VALUE_BYTES = 16 * 1024
"""Of one value; what we read are numbers, names and paths."""
_SUBKEYS = 100_000
_VALUES = 2_000
_KEYS = 500_000
"""Of one hive in all: lists may point to the same keys again and again."""
_LATIN_NAME = {b"nk": 0x20, b"vk": 0x01}
_TEXT_TYPES = (1, 2)
_DWORD, _DWORD_BIG_ENDIAN, _MULTI = 4, 5, 7


class HiveError(ValueError):
    """The file is no hive, or ends before its root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key. `at` is its byte in the file; `written` is when it was last changed, UTC."""

    name: str
    at: int
    written: datetime | None
    _subkeys: int
    _values: int
    _value_count: int


class Hive:
    """One hive over a stream that can seek."""

    def __init__(self, stream: BinaryIO) -> None:
        """Read the header and the root. Raises `HiveError`."""
        self._stream = stream
        self.damaged = 0
        self._keys_left = _KEYS
        head = self._read(0, 48)
        if head[:4] != MAGIC or len(head) < 48:
            raise HiveError("no regf header")
        first, second = struct.unpack_from("<II", head, 4)
        self.is_dirty: bool = first != second
        root = self._key(struct.unpack_from("<I", head, 36)[0])
        if root is None:
            raise HiveError("its root key cannot be read")
        self.root = root

    def find(self, path: str) -> Key | None:
        """The key under the root at `path`, parts divided by backslashes; case does not matter."""
        key: Key | None = self.root
        for part in path.lower().split("\\"):
            if key is None:
                return None
            key = next((one for one in self.subkeys(key) if one.name.lower() == part), None)
        return key

    def subkeys(self, key: Key) -> Iterator[Key]:
        """The keys below, in the order of the hive."""
        for offset in self._listed(key._subkeys, depth=2):  # noqa: SLF001 a key is its hive's own
            self._keys_left -= 1
            if self._keys_left < 0:
                self.damaged += 1
                return
            if (found := self._key(offset)) is not None:
                yield found
            else:
                self.damaged += 1

    def values(self, key: Key) -> dict[str, str]:
        """The values that are text or numbers, by name in lower case; the first of a name wins."""
        found: dict[str, str] = {}
        count = min(key._value_count, _VALUES)  # noqa: SLF001 a key is its hive's own
        listed = self._cell(key._values, 4 * count) if count else b""  # noqa: SLF001 as above
        for (offset,) in struct.iter_unpack("<I", listed[: len(listed) // 4 * 4]):
            name, value = self._value(offset)
            if name is None:
                self.damaged += 1
            elif value is not None:
                found.setdefault(name.lower(), value)
        return found

    def _listed(self, offset: int, *, depth: int) -> Iterator[int]:
        """The offsets in a list of subkeys, which may be a list of lists."""
        cell = self._cell(offset, _CELL_BYTES * 12)
        if len(cell) < 4:
            return
        step = {b"lf": 8, b"lh": 8, b"li": 4, b"ri": 4}.get(cell[:2])
        if step is None:
            self.damaged += 1
            return
        count = min(struct.unpack_from("<H", cell, 2)[0], _SUBKEYS, (len(cell) - 4) // step)
        for number in range(count):
            (below,) = struct.unpack_from("<I", cell, 4 + number * step)
            if cell[:2] != b"ri":
                yield below
            elif depth > 1:
                yield from self._listed(below, depth=depth - 1)

    def _key(self, offset: int) -> Key | None:
        cell = self._cell(offset, 76 + 1024)
        if len(cell) < 76 or cell[:2] != b"nk":
            return None
        subkey_count, _, subkeys, _, value_count, values = struct.unpack_from("<6I", cell, 20)
        (written,) = struct.unpack_from("<Q", cell, 4)
        (length,) = struct.unpack_from("<H", cell, 72)
        return Key(
            name=_name(cell, 76, length, struct.unpack_from("<H", cell, 2)[0]),
            at=BINS_AT + offset,
            written=_moment(written),
            _subkeys=subkeys if subkey_count else 0xFFFFFFFF,
            _values=values,
            _value_count=value_count,
        )

    def _value(self, offset: int) -> tuple[str | None, str | None]:
        """Name and text of a value; no text where it is neither text nor a number."""
        cell = self._cell(offset, 20 + 1024)
        if len(cell) < 20 or cell[:2] != b"vk":
            return None, None
        length, size, place, kind, flags = struct.unpack_from("<HIIIH", cell, 2)
        name = _name(cell, 20, length, flags)
        if size & 0x80000000:
            data = cell[8 : 8 + min(size & 0x7FFFFFFF, 4)]
        else:
            data = self._cell(place, min(size, _VALUE_BYTES))[:size]
        return name, _text(kind, data)

    def _cell(self, offset: int, most: int) -> bytes:
        """The content of a cell, `most` bytes at most; empty where it is free or not there."""
        if offset == 0xFFFFFFFF:
            return b""
        data = self._read(BINS_AT + offset, 4 + most)
        if len(data) < 4:
            return b""
        (size,) = struct.unpack_from("<i", data)
        return data[4:-size] if size < -4 else b""

    def _read(self, at: int, size: int) -> bytes:
        self._stream.seek(at)
        return self._stream.read(size)


def _name(cell: bytes, at: int, length: int, flags: int) -> str:
    raw = cell[at : at + length]
    latin = flags & _LATIN_NAME[cell[:2]]
    return raw.decode("latin-1") if latin else raw.decode("utf-16-le", "replace")


def _text(kind: int, data: bytes) -> str | None:
    if kind in _TEXT_TYPES:
        return data.decode("utf-16-le", "replace").partition("\0")[0]
    if kind == _MULTI:
        return data.decode("utf-16-le", "replace").rstrip("\0").replace("\0", "\n")
    if kind in {_DWORD, _DWORD_BIG_ENDIAN} and len(data) == 4:
        return str(int.from_bytes(data, "little" if kind == _DWORD else "big"))
    return None


def _moment(filetime: int) -> datetime | None:
    try:
        return FILETIME_EPOCH + timedelta(microseconds=filetime // 10) if filetime else None
    except OverflowError:
        return None
