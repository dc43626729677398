"""Builds archives, sound and hostile, with every field under the test's control."""

from __future__ import annotations

import io
import struct
import tarfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import py7zr

from tocsin.evidence.collection import Limits
from tocsin.evidence.damage import problem_of
from tocsin.evidence.open import open_collection

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tocsin.evidence.collection import Member
    from tocsin.model.problem import Problem, ProblemCode

LOG = b"#Fields: date time\r\n2021-03-03 00:00:00\r\n"
UNIX_LINK = 0o120777 << 16


@dataclass(kw_only=True)
class ZipMember:
    """One member of a raw zip; what is None is what is true."""

    name: bytes
    data: bytes = LOG
    method: int = 8
    packed: bytes | None = None
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    attributes: int = 0
    system: int = 3
    extra: bytes = b""
    header_at: int | None = None
    """Point the directory somewhere else, and write no local header."""
    time: int = 0
    date: int = 0x5263  # 2021-03-03

    def content(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method == 8:
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            return packer.compress(self.data) + packer.flush()
        return self.data


@dataclass
class RawZip:
    """A zip as it lies on disk, and where its parts are."""

    body: bytes = b""
    directory: bytes = b""
    end: bytes = b""
    headers_at: list[int] = field(default_factory=list)

    def all(self) -> bytes:
        return self.body + self.directory + self.end


def raw_zip(*members: ZipMember, comment: bytes = b"", disk: int = 0) -> RawZip:
    made = RawZip()
    for member in members:
        packed = member.content()
        crc = zlib.crc32(member.data) if member.crc is None else member.crc
        size = len(member.data) if member.size is None else member.size
        at = len(made.body) if member.header_at is None else member.header_at
        made.headers_at.append(at)
        streamed = member.flags & 8
        common = struct.pack("<4H", member.flags, member.method, member.time, member.date)
        if member.header_at is None:
            sizes = (0, 0, 0) if streamed else (crc, len(packed), size)
            made.body += b"PK\x03\x04" + struct.pack("<H", 20) + common
            made.body += struct.pack("<3L2H", *sizes, len(member.name), len(member.extra))
            made.body += member.name + member.extra + packed
            if streamed:
                made.body += b"PK\x07\x08" + struct.pack("<3L", crc, len(packed), size)
        made.directory += b"PK\x01\x02" + struct.pack("<BBH", 20, member.system, 20) + common
        made.directory += struct.pack("<3L", crc, len(packed), size)
        made.directory += struct.pack("<5H", len(member.name), len(member.extra), 0, 0, 0)
        made.directory += struct.pack("<2L", member.attributes, at) + member.name + member.extra
    counts = (len(members) & 0xFFFF,) * 2
    made.end = b"PK\x05\x06" + struct.pack("<2H", disk, disk) + struct.pack("<2H", *counts)
    made.end += struct.pack("<2LH", len(made.directory), len(made.body), len(comment)) + comment
    return made


def tar_of(*members: tarfile.TarInfo | tuple[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]  # the mode is a parameter here
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                info.mtime = 1614729600
                archive.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def link_of(name: str, kind: bytes, target: str = "a.log") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def sevenzip_of(
    files: Mapping[str, bytes], *, password: str | None = None, hide_names: bool = False
) -> bytes:
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(
        buffer, "w", password=password, header_encryption=hide_names
    ) as archive:
        for name, data in files.items():
            archive.writestr(data, name)
    return buffer.getvalue()


@dataclass(frozen=True, kw_only=True)
class Read:
    """All that could be read of a source: content by inside path, and every problem."""

    contents: dict[str, bytes]
    problems: list[Problem]

    @property
    def codes(self) -> list[ProblemCode]:
        return sorted(problem.code for problem in self.problems)

    def of(self, code: ProblemCode) -> list[str]:
        """The artefacts that have a problem of this code."""
        return [problem.artefact for problem in self.problems if problem.code is code]


def read(source: Path, limits: Limits | None = None) -> Read:
    """Open and read everything, the way a hunt does."""
    contents: dict[str, bytes] = {}
    with open_collection(source, limits or Limits()) as collection:
        problems = collection.problems
        for member in collection.members():
            data = b""
            try:
                with member.open() as stream:
                    data = stream.read()
                    data += stream.read()  # a damaged stream ends once before it raises
            except OSError as error:
                problems.append(problem_of(error, member.path.inside))
            contents[member.path.inside] = data
    return Read(contents=contents, problems=problems)


def saved(folder: Path, data: bytes, name: str = "evidence.bin") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def content_of(member: Member) -> bytes:
    with member.open() as stream:
        return stream.read()
