"""The file version in a Windows program (PE file), read without trusting anything in it.

Only the path to the one fixed structure that holds the number is followed: headers, sections,
resource directory, version resource. Text beside it (``FileVersion`` as a string) is not used:
anybody may write there what they like, and it depends on the language.

Source: Microsoft, PE format; VS_FIXEDFILEINFO (Win32 reference).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_VERSION_TYPE = 16
_SIGNATURE = struct.pack("<I", 0xFEEF04BD)
_SECTION_BYTES = 40
_SECTIONS = 96
_ENTRIES = 4096
_RESOURCE_BYTES = 64 * 1024
"""Of a version resource, which is a few hundred bytes."""


class NoVersionError(ValueError):
    """The file has no version that could be read; the message says where that was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVersion:
    """The file's and the product's version, each four numbers with dots."""

    file: str
    product: str


def file_version(data: bytes) -> FileVersion:
    """The version in the resources of a PE file. Raises `NoVersionError` for everything else."""
    resources, sections = _layout(data)
    entry = resources
    for wanted in (_VERSION_TYPE, None, None):
        entry = resources + _below(data, entry, wanted)
    address, size = _unpack("<II", data, entry)
    start = _offset(address, sections)
    block = data[start : start + min(size, _RESOURCE_BYTES)]
    at = block.find(_SIGNATURE)
    if at < 0:
        raise NoVersionError("the version resource has no fixed part")
    file_high, file_low, product_high, product_low = _unpack("<4I", block, at + 8)
    return FileVersion(
        file=_dotted(file_high, file_low), product=_dotted(product_high, product_low)
    )


def _layout(data: bytes) -> tuple[int, list[tuple[int, int, int]]]:
    """Where the resources lie, and every section as address, size and place in the file."""
    if data[:2] != b"MZ":
        raise NoVersionError("no MZ header")
    (header,) = _unpack("<I", data, 0x3C)
    if data[header : header + 4] != b"PE\0\0":
        raise NoVersionError("no PE header")
    (section_count,) = _unpack("<H", data, header + 6)
    (optional_size,) = _unpack("<H", data, header + 20)
    optional = header + 24
    (magic,) = _unpack("<H", data, optional)
    directories = {0x10B: 96, 0x20B: 112}.get(magic)
    if directories is None:
        raise NoVersionError(f"an unknown kind of optional header ({magic:#x})")
    address, _ = _unpack("<II", data, optional + directories + 2 * 8)
    sections = [
        _section(data, optional + optional_size + number * _SECTION_BYTES)
        for number in range(min(section_count, _SECTIONS))
    ]
    if not address:
        raise NoVersionError("no resources")
    return _offset(address, sections), sections


def _section(data: bytes, at: int) -> tuple[int, int, int]:
    virtual_size, address, raw_size, place = _unpack("<4I", data, at + 8)
    return address, max(virtual_size, raw_size), place


def _offset(address: int, sections: list[tuple[int, int, int]]) -> int:
    for start, size, place in sections:
        if start <= address < start + size:
            return place + address - start
    raise NoVersionError(f"the address {address:#x} lies in no section")


def _below(data: bytes, directory: int, wanted: int | None) -> int:
    """Where the entry `wanted` (any, where None) of a resource directory leads to."""
    named, numbered = _unpack("<HH", data, directory + 12)
    for number in range(min(named + numbered, _ENTRIES)):
        identity, target = _unpack("<II", data, directory + 16 + number * 8)
        if wanted is None or identity == wanted:
            return int(target) & 0x7FFFFFFF
    raise NoVersionError("no version resource")


def _unpack(layout: str, data: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(layout, data, at)
    except struct.error as error:
        raise NoVersionError(f"the file ends before byte {at}") from error


def _dotted(high: int, low: int) -> str:
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"
