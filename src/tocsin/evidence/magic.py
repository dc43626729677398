"""What a file is, by its first bytes: an archive, a compressed file, or nothing we open."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tocsin.evidence.damage import MemberError
from tocsin.evidence.tar_header import BLOCK_BYTES, is_header
from tocsin.evidence.unpacking import Codec, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO


class Kind(StrEnum):
    """What we open."""

    ZIP = "zip"
    TAR = "tar"
    SEVENZIP = "7z"
    SINGLE = "single"
    """One compressed file."""
    REFUSED = "refused"
    """An archive or disk image that we do not open: somebody else's tool has to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """`codec` is what a tar or single file is compressed with; `advice` is for what we refuse."""

    kind: Kind
    codec: Codec | None = None
    advice: str = ""


_ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_SEVENZIP = b"7z\xbc\xaf\x27\x1c"
_BZIP2_STARTS = (b"1AY&SY", b"\x17rE8P\x90")
_CODECS = {
    b"\x1f\x8b\x08": Codec.GZIP,
    **{b"BZh%d" % level + start: Codec.BZIP2 for level in range(1, 10) for start in _BZIP2_STARTS},
    b"\xfd7zXZ\x00": Codec.XZ,
    b"\x28\xb5\x2f\xfd": Codec.ZSTD,
}
_MOUNT = "a disk image ({}): mount it read-only and hunt in the folder"
_REFUSED = {
    b"Rar!\x1a\x07": "a RAR archive: unpack it and hunt in the folder",
    b"MSCF\0\0\0\0": "a cabinet file: unpack it and hunt in the folder",
    b"MSWIM\0\0\0": "a Windows image (WIM): unpack it and hunt in the folder",
    b"vhdxfile": _MOUNT.format("VHDX"),
    b"conectix": _MOUNT.format("VHD"),
    b"EVF\x09\x0d\x0a\xff\x00": _MOUNT.format("EnCase"),
    b"EVF2\x0d\x0a\x81\x00": _MOUNT.format("EnCase"),
    b"KDMV": _MOUNT.format("VMDK"),
    b"QFI\xfb": _MOUNT.format("QCOW2"),
    b"ADSEGMENTEDFILE\0": _MOUNT.format("AD1"),
}
_ENDINGS = {
    Codec.GZIP: (".gz", ".gzip"),
    Codec.BZIP2: (".bz2",),
    Codec.XZ: (".xz",),
    Codec.ZSTD: (".zst", ".zstd"),
}
COMPRESSED_ENDINGS = tuple(ending for endings in _ENDINGS.values() for ending in endings)
_LOG_ENDINGS = (".log", ".txt", ".csv", ".json", ".jsonl", ".xml", ".evtx")


def recognise(start: Callable[[], BinaryIO]) -> Recognised | None:
    """What the file that `start` opens is, or None where it is a file like any other.

    Raises `OSError` where it cannot be read.
    """
    with start() as stream:
        head = stream.read(BLOCK_BYTES)
    if head.startswith(_ZIPS):
        return Recognised(kind=Kind.ZIP)
    if head.startswith(_SEVENZIP):
        return Recognised(kind=Kind.SEVENZIP)
    if is_header(head):
        return Recognised(kind=Kind.TAR)
    for magic, advice in _REFUSED.items():
        if head.startswith(magic):
            return Recognised(kind=Kind.REFUSED, advice=advice)
    for magic, codec in _CODECS.items():
        if head.startswith(magic):
            kind = Kind.TAR if is_header(_first_block(start, codec)) else Kind.SINGLE
            return Recognised(kind=kind, codec=codec)
    return None


def name_inside(name: str, codec: Codec) -> str:
    """How the one file in the compressed file `name` is called."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    for ending in _ENDINGS[codec]:
        if last.lower().endswith(ending) and len(last) > len(ending):
            return last[: -len(ending)]
    return last


def is_packed_log(name: str, codec: Codec) -> bool:
    """Whether the compressed file `name` holds a log, and not somebody's backup or memory dump."""
    return name_inside(name, codec).lower().endswith(_LOG_ENDINGS)


def _first_block(start: Callable[[], BinaryIO], codec: Codec) -> bytes:
    with unpacked(start(), codec) as stream:
        try:
            return stream.read(BLOCK_BYTES)
        except MemberError:
            return b""
