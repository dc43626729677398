"""Write the smallest PE file that has a version: the sample that tests and synthetic servers use.

It holds no code and cannot run.

Source: Microsoft, PE format; VS_FIXEDFILEINFO (Win32 reference).
"""

from __future__ import annotations

import struct

_PE_AT = 0x80
_OPTIONAL_BYTES = 240
_FILE_ALIGNMENT = 0x200
_RESOURCES_AT = 0x1000
_NAME = "VS_VERSION_INFO\0".encode("utf-16-le")


def write_versioned(version: str) -> bytes:
    """A PE file without code whose file and product version is `version` (four numbers)."""
    resources = _resources(version)
    padded = resources.ljust(-(-len(resources) // _FILE_ALIGNMENT) * _FILE_ALIGNMENT, b"\0")
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", _PE_AT)
    coff = b"PE\0\0" + struct.pack("<2H3I2H", 0x8664, 1, 0, 0, 0, _OPTIONAL_BYTES, 0x22)
    optional = struct.pack(
        "<H2B5IQ2I6H4I2H4Q2I",
        *(0x20B, 14, 0, 0, len(padded), 0, 0, _RESOURCES_AT),
        *(0x140000000, 0x1000, _FILE_ALIGNMENT, 6, 0, 0, 0, 6, 0, 0),
        *(_RESOURCES_AT + 0x1000, _FILE_ALIGNMENT, 0, 3, 0),
        *(0x100000, 0x1000, 0x100000, 0x1000, 0, 16),
    )
    directories = [(0, 0)] * 16
    directories[2] = (_RESOURCES_AT, len(resources))
    optional += b"".join(struct.pack("<II", *one) for one in directories)
    section = struct.pack(
        "<8s6I2HI",
        *(b".rsrc", len(resources), _RESOURCES_AT, len(padded), _FILE_ALIGNMENT),
        *(0, 0, 0, 0, 0x40000040),
    )
    headers = dos.ljust(_PE_AT, b"\0") + coff + optional + section
    return headers.ljust(_FILE_ALIGNMENT, b"\0") + padded


def _resources(version: str) -> bytes:
    """Three directories of one entry each, then the version resource itself."""
    value = _version_info(version)
    tree = b""
    for identity, target in ((16, 24 | 1 << 31), (1, 48 | 1 << 31), (1033, 72)):
        tree += struct.pack("<2I4H2I", 0, 0, 0, 0, 0, 1, identity, target)
    return tree + struct.pack("<4I", _RESOURCES_AT + 88, len(value), 0, 0) + value


def _version_info(version: str) -> bytes:
    first, second, third, fourth = (int(part) for part in version.split("."))
    number = (first << 16 | second, third << 16 | fourth)
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, *number, *number, 0x3F, 0, 4, 1, 0, 0, 0)
    head = struct.pack("<3H", 0, len(fixed), 0) + _NAME
    whole = head.ljust(-(-len(head) // 4) * 4, b"\0") + fixed
    return struct.pack("<H", len(whole)) + whole[2:]
