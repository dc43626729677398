"""One header block of a tar archive.

Read by ourselves and not with `tarfile`, which takes a damaged header for the archive's end and
reads extended headers of any size into memory.
Source: POSIX.1-2001 pax interchange format; GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.evidence.naming import decoded

BLOCK_BYTES = 512
_CHECKSUM = slice(148, 156)


@dataclass(frozen=True, slots=True, kw_only=True)
class TarHeader:
    """What a block says; `name` is not decoded, since an extended header may name it anew."""

    name: bytes
    size_bytes: int
    mtime: int
    type: bytes

    @property
    def stored_bytes(self) -> int:
        """How much the content takes up in the archive: it ends at a block's border."""
        return -(-self.size_bytes // BLOCK_BYTES) * BLOCK_BYTES


def is_header(block: bytes) -> bool:
    """Whether `block` starts with a header whose checksum is right."""
    if len(block) < BLOCK_BYTES or not block[0]:
        return False
    claimed = number(block[_CHECKSUM])
    if claimed is None:
        return False
    block = block[:BLOCK_BYTES]
    unsigned = sum(block) - sum(block[_CHECKSUM]) + 8 * ord(" ")
    if claimed == unsigned:
        return True
    # Some old writers summed signed characters.
    high = sum(1 for value in block if value > 127) - sum(1 for v in block[_CHECKSUM] if v > 127)
    return claimed == unsigned - 256 * high


def parse(block: bytes) -> TarHeader | None:
    """The header in `block`, or None where it is none."""
    if not is_header(block):
        return None
    size = number(block[124:136])
    if size is None or size < 0:
        return None
    name = _text(block[0:100])
    prefix = _text(block[345:500])
    if block[257:263] == b"ustar\0" and prefix:
        name = prefix + b"/" + name
    return TarHeader(
        name=name, size_bytes=size, mtime=number(block[136:148]) or 0, type=block[156:157]
    )


def number(field: bytes) -> int | None:
    """A number in octal digits, or in base 256 as GNU tar writes large ones."""
    if field[:1] in (b"\x80", b"\xff"):
        value = int.from_bytes(field[1:], "big")
        return value - 256 ** (len(field) - 1) if field[0] == 0xFF else value
    digits = _text(field).strip()
    try:
        return int(digits or b"0", 8)
    except ValueError:
        return None


def pax_records(data: bytes) -> dict[str, str]:
    """The records of an extended header; what is damaged ends it."""
    records: dict[str, str] = {}
    at = 0
    while at < len(data):
        digits, space, _ = data[at : at + 20].partition(b" ")
        if not space or not digits.isdigit():
            break
        length = int(digits)
        record = data[at + len(digits) + 1 : at + length]
        keyword, equals, value = record[:-1].partition(b"=")
        if not equals or not record.endswith(b"\n") or at + length > len(data):
            break
        records[decoded(keyword)] = decoded(value)
        at += length
    return records


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]
