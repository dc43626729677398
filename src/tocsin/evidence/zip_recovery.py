"""Find the members of a zip archive whose directory is lost, by their own headers."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from tocsin.evidence.regions import BUFFER_BYTES, RegionStream
from tocsin.evidence.unpacking import DAMAGE, of_zip_method
from tocsin.evidence.zip_directory import CENTRAL, DESCRIPTOR, END, LOCAL, local_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.evidence.collection import Limits
    from tocsin.evidence.regions import Region
    from tocsin.evidence.unpacking import Decompressor
    from tocsin.evidence.zip_directory import ZipEntry

_SMALLEST_WINDOW_BYTES = 4 * 1024
_LARGEST_WINDOW_BYTES = 1024 * 1024
_WORK_PER_BYTE = 16
_RECORDS = (LOCAL, CENTRAL, END, DESCRIPTOR, b"PK\x06\x06", b"PK\x06\x08")


def recovered_entries(region: Region, limits: Limits) -> Iterator[ZipEntry]:
    """Every member whose local header can be found, in the order they lie there.

    A member that is cut off is given too: reading it gives what is left of it.
    """
    return _Recovery(region, limits).entries()


class _Recovery:
    """One pass over a damaged archive.

    Headers may say that only the data's end tells the size. Looking for that end is paid from
    `_work_left` (bytes), since crafted headers could make every one of them lead to the far end.
    """

    def __init__(self, region: Region, limits: Limits) -> None:
        self._region = region
        self._limits = limits
        self._work_left = _WORK_PER_BYTE * region.size_bytes + limits.ratio_from_bytes

    def entries(self) -> Iterator[ZipEntry]:
        found = self._find(LOCAL, 0)
        while found is not None:
            entry = local_entry(self._region, found)
            if entry is None or entry.data_at is None:
                found = self._find(LOCAL, found + 1)
                continue
            if entry.size_bytes is None and not entry.is_encrypted:
                entry = self._measured(entry, entry.data_at)
            yield entry
            found = self._find(LOCAL, self._end_of(entry, found + 1))

    def _end_of(self, entry: ZipEntry, otherwise: int) -> int:
        """Where the member ends; a size that leads to no other record is a lie."""
        end = (entry.data_at or 0) + entry.packed_bytes
        if entry.size_bytes is None or end > self._region.size_bytes:
            return otherwise
        return end if self._region.read_at(end, 4) in (*_RECORDS, b"") else otherwise

    def _measured(self, entry: ZipEntry, start: int) -> ZipEntry:
        known = of_zip_method(entry.method)
        if known is None:
            return self._measured_stored(entry, start)
        make, input_bytes = known
        measured = self._run(make(), input_bytes, start)
        if measured is None:
            return replace(entry, packed_bytes=self._region.size_bytes - start)
        packed, size, crc = measured
        return replace(entry, packed_bytes=packed, size_bytes=size, crc=crc)

    def _measured_stored(self, entry: ZipEntry, start: int) -> ZipEntry:
        found = self._find(DESCRIPTOR, start)
        while found is not None and self._work_left > 0:
            record = self._region.read_at(found + 4, 12).ljust(12, b"\0")
            crc, packed, size = struct.unpack("<3L", record)
            if packed == found - start:
                return replace(entry, packed_bytes=packed, size_bytes=size, crc=crc)
            found = self._find(DESCRIPTOR, found + 1)
        return replace(entry, packed_bytes=self._region.size_bytes - start)

    def _run(
        self, decompressor: Decompressor, input_bytes: int, start: int
    ) -> tuple[int, int, int] | None:
        """Packed bytes, size and checksum, or None where the end does not show itself."""
        stream = RegionStream(self._region)
        stream.seek(start)
        size = crc = 0
        while not decompressor.eof and self._work_left > 0:
            data = stream.read(input_bytes) if decompressor.needs_input else b""
            try:
                output = decompressor.decompress(data, BUFFER_BYTES)
            except DAMAGE:
                return None
            size += len(output)
            crc = zlib.crc32(output, crc)
            self._work_left -= len(output) + len(data)
            stuck = not output and not data and decompressor.needs_input
            if stuck or self._is_bomb(size, stream.consumed):
                return None
        left = decompressor.unused_data if decompressor.eof else None
        return None if left is None else (stream.tell() - len(left) - start, size, crc)

    def _is_bomb(self, size: int, packed: int) -> bool:
        limits = self._limits
        most = max(limits.ratio_from_bytes, limits.ratio * max(1, packed))
        return size > min(most, limits.member_bytes)

    def _find(self, signature: bytes, start: int) -> int | None:
        position = start
        overlap = len(signature) - 1
        window_bytes = _SMALLEST_WINDOW_BYTES
        while window := self._region.read_at(position, window_bytes):
            index = window.find(signature)
            self._work_left -= len(window) if index < 0 else index
            if index >= 0:
                return position + index
            if len(window) <= overlap:
                return None
            position += len(window) - overlap
            window_bytes = min(2 * window_bytes, _LARGEST_WINDOW_BYTES)
        return None
