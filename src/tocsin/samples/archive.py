"""A zip that is the same, byte for byte, whenever and wherever it is made."""

from __future__ import annotations

import io
import warnings
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_ENCRYPTED = 0x1
_FLAGS_IN_LOCAL_HEADER = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of the zip. `time` is the one that the archive claims; a zip knows no zone."""

    path: str
    content: bytes
    time: datetime
    encrypted: bool = False


def pack(members: Iterable[Member]) -> bytes:
    """A zip of `members`, in their order; two may have the same name.

    A member that is `encrypted` only says so: its bytes are whatever the caller put there. For
    readers without the password that is the same.
    """
    memory = io.BytesIO()
    marked: list[int] = []
    with zipfile.ZipFile(memory, "w") as archive, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Duplicate name")
        for member in members:
            info = zipfile.ZipInfo(member.path, member.time.timetuple()[:6])
            info.create_system = 0  # else it tells on which system we built
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.content, compresslevel=9)
            if member.encrypted:
                info.flag_bits |= _ENCRYPTED
                marked.append(info.header_offset)
    packed = bytearray(memory.getvalue())
    for offset in marked:
        packed[offset + _FLAGS_IN_LOCAL_HEADER] |= _ENCRYPTED
    return bytes(packed)
