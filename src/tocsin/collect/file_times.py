"""When a file was created, written and changed, as exactly as the file system tells, in UTC.

Python has no creation time on Linux before 3.15, so the kernel is asked (`statx`), and for NTFS
through FUSE the driver's attribute. Source: statx(2) of the Linux man-pages; ntfs-3g's page
"Extended Attributes" (``system.ntfs_crtime_be``: FILETIME, the highest byte first).
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.evidence.times import from_filetime, from_unix_ns

if TYPE_CHECKING:
    from datetime import datetime

_AT_FDCWD, _AT_SYMLINK_NOFOLLOW, _STATX_BTIME = -100, 0x100, 0x800
_STATX_BYTES, _MASK_AT, _BTIME_AT = 256, 0, 80
_NTFS_CREATED = "system.ntfs_crtime_be"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTimes:
    """A file's times in UTC; None where the file system does not tell.

    `changed` is when the file's record was changed, which on NTFS is hard to forge.
    """

    created: datetime | None = None
    modified: datetime | None = None
    changed: datetime | None = None


def file_times(path: bytes, status: os.stat_result) -> FileTimes:
    """The times of the file at `path`; never raises on a file that is gone."""
    modified = from_unix_ns(status.st_mtime_ns)
    if sys.platform == "win32":
        # Where `ctime` is the creation; Windows shows the record's change to nobody.
        return FileTimes(created=from_unix_ns(status.st_ctime_ns), modified=modified)
    created = _by_driver(path) or _by_kernel(path)
    return FileTimes(created=created, modified=modified, changed=from_unix_ns(status.st_ctime_ns))


def _by_driver(path: bytes) -> datetime | None:
    try:
        value = os.getxattr(path, _NTFS_CREATED, follow_symlinks=False)
    except (OSError, AttributeError):
        return None
    return from_filetime(int.from_bytes(value, "big")) if len(value) == 8 else None


def _by_kernel(path: bytes) -> datetime | None:
    if _STATX is None:
        return None
    buffer = ctypes.create_string_buffer(_STATX_BYTES)
    if _STATX(_AT_FDCWD, path, _AT_SYMLINK_NOFOLLOW, _STATX_BTIME, buffer) != 0:
        return None
    (mask,) = struct.unpack_from("=L", buffer, _MASK_AT)
    seconds, nanoseconds = struct.unpack_from("=qL", buffer, _BTIME_AT)
    return from_unix_ns(seconds * 10**9 + nanoseconds) if mask & _STATX_BTIME else None


def _statx() -> ctypes._NamedFuncPointer | None:
    try:
        function = ctypes.CDLL(None, use_errno=True).statx
    except (OSError, AttributeError, TypeError):
        return None  # no glibc, or one before 2.28
    function.argtypes = (
        ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p,
    )  # fmt: skip
    function.restype = ctypes.c_int
    return function


_STATX = _statx()
