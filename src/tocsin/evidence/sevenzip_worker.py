"""The child process that unpacks a 7z archive and writes what comes out to a pipe.

A process of its own because 7z's many decoders are C code that is handed hostile data, and some
of them have no limit on the memory of one step. The system holds the limit here, and a crash ends
the child, not the hunt.
"""

from __future__ import annotations

import io
import json
import os
import stat
import sys
import zlib
from typing import Any, BinaryIO, cast

import py7zr
import py7zr.archiveinfo
from py7zr.io import Py7zIO, WriterFactory

from tocsin.evidence.regions import BUFFER_BYTES, Handle, HandleRegion, RegionStream
from tocsin.evidence.sevenzip_pipe import HEADER, LONGEST_MESSAGE_BYTES
from tocsin.model.problem import ProblemCode

MEMORY_BYTES = 1024 * 2**20
"""An archive made with `-mx9` needs 64 MiB and more; one that needs more than this is refused."""
MOST_FAILURES = 64
"""Solid blocks that cannot be read before the rest is given up."""


def main(arguments: list[str]) -> None:
    """Unpack the region that `arguments` name: descriptor, start, size, masked, most files."""
    descriptor, start, size, masked, most_files = map(int, arguments)
    import resource  # noqa: PLC0415 Windows has none, and only this process needs it

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.chdir("/")  # py7zr looks up the names it would extract to, which are numbers here
    py7zr.archiveinfo.MAX_NUMFILES = most_files
    region = HandleRegion(
        handle=Handle(descriptor), start=start, size_bytes=size, masked=bool(masked)
    )
    stream = io.BufferedReader(RegionStream(region), BUFFER_BYTES)
    _Speaker(sys.stdout.buffer, stream).say_all()


class _Speaker:
    def __init__(self, pipe: BinaryIO, archive: io.BufferedReader[RegionStream]) -> None:
        self._pipe = pipe
        self._archive = archive

    def send(self, kind: bytes, payload: bytes = b"") -> None:
        consumed = self._archive.raw.consumed
        for at in range(0, len(payload) or 1, LONGEST_MESSAGE_BYTES):
            part = payload[at : at + LONGEST_MESSAGE_BYTES]
            self._pipe.write(HEADER.pack(kind, len(part), consumed) + part)

    def say_all(self) -> None:
        try:
            with py7zr.SevenZipFile(self._archive, "r") as archive:
                _Unpacking(archive, self).run()
        except Exception as error:  # noqa: BLE001 a worker: whatever it is, the parent must hear it
            self.send(b"X", _reason(error))
        self.send(b"Z")
        self._pipe.flush()


class _Unpacking(WriterFactory):
    """Lets py7zr write into the pipe; files are known to it by their numbers only.

    Names and checksums are taken out of its hands: it refuses a whole archive for one hostile
    name, and gives up a whole block for one wrong checksum.
    """

    def __init__(self, archive: py7zr.SevenZipFile, speaker: _Speaker) -> None:
        self._archive = archive
        self._speaker = speaker
        self._waiting: dict[int, dict[str, Any]] = {}
        self._begun: int | None = None

    def run(self) -> None:
        self._say_what_has_no_content()
        failures = 0
        while self._waiting and failures < MOST_FAILURES:
            try:
                self._archive.reset()
                self._archive.extract(
                    targets={str(number) for number in self._waiting}, factory=self
                )
            except Exception as error:  # noqa: BLE001 a worker: the next blocks may be sound
                failures += 1
                self._give_up_block(_reason(error))
            else:
                break
        for number in list(self._waiting):
            self._fail(number, _reason(OSError("too much of the archive is damaged")))

    def create(self, filename: str) -> Py7zIO:
        return _Member(self, int(filename))

    def begin(self, number: int) -> int | None:
        """Announce a file, and say which checksum it should have."""
        self._begun = number
        about = self._waiting[number]
        self._speaker.send(b"F", json.dumps(about["said"]).encode())
        crc: int | None = about["crc"]
        return crc

    def content(self, data: bytes) -> None:
        self._speaker.send(b"D", data)

    def end(self, number: int, *, sound: bool) -> None:
        self._speaker.send(b"E" if sound else b"C")
        del self._waiting[number]
        self._begun = None

    def _say_what_has_no_content(self) -> None:
        for number, (file, info) in enumerate(
            zip(self._archive.files, self._archive.files.files_list, strict=True)
        ):
            about = {"said": _said(file), "crc": file.crc32, "block": file.folder}
            cast("dict[str, Any]", info).pop("digest", None)
            info["filename"] = str(number)
            self._waiting[number] = about
            if file.emptystream:
                self.begin(number)
                self.end(number, sound=True)
            elif file.folder is not None:
                file.folder.digestdefined = False
                file.folder.crc = None

    def _give_up_block(self, reason: bytes) -> None:
        """Say of every file of the block that failed that it cannot be read."""
        first = self._begun if self._begun is not None else min(self._waiting)
        block = self._waiting[first]["block"]
        lost = [number for number, about in self._waiting.items() if about["block"] is block]
        for number in lost:
            self._fail(number, reason)

    def _fail(self, number: int, reason: bytes) -> None:
        if self._begun != number:
            self.begin(number)
        self._speaker.send(b"X", reason)
        del self._waiting[number]
        self._begun = None


class _Member(Py7zIO):
    """Where py7zr writes one file."""

    def __init__(self, unpacking: _Unpacking, number: int) -> None:
        self._unpacking = unpacking
        self._number = number
        self._expected = unpacking.begin(number)
        self._crc = 0
        self._size = 0

    def write(self, s: bytes | bytearray) -> int:
        self._crc = zlib.crc32(s, self._crc)
        self._size += len(s)
        self._unpacking.content(bytes(s))
        return len(s)

    def close(self) -> None:
        sound = self._expected is None or self._crc == self._expected
        self._unpacking.end(self._number, sound=sound)

    def read(self, size: int | None = None) -> bytes:  # noqa: ARG002 only written to
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002 only written to
        return offset

    def flush(self) -> None:
        return

    def size(self) -> int:
        return self._size


def _said(file: py7zr.py7zr.ArchiveFile) -> dict[str, Any]:
    kind = file.st_fmt
    info = file.file_properties()
    return {
        "name": file.filename,
        "modified": int(info.get("lastwritetime") or 0),
        "created": int(info.get("creationtime") or 0),
        "folder": file.is_directory or kind == stat.S_IFDIR,
        "link": kind not in (None, 0, stat.S_IFREG, stat.S_IFDIR),
    }


def _reason(error: Exception) -> bytes:
    code = ProblemCode.BAD_MEMBER
    detail = f"{type(error).__name__}: {error}"[:300]
    if isinstance(error, py7zr.PasswordRequired):
        code, detail = ProblemCode.ENCRYPTED, "it needs a password"
    elif isinstance(error, MemoryError):
        detail = f"it needs more than the {MEMORY_BYTES} bytes of memory that are allowed"
    elif "numfiles value" in detail:
        code, detail = ProblemCode.TOO_MANY_MEMBERS, "it names more files than are allowed"
    elif isinstance(error, py7zr.exceptions.UnsupportedCompressionMethodError):
        code, detail = ProblemCode.UNREADABLE, "its compression method is not known here"
    return json.dumps({"code": code, "detail": detail}).encode()


if __name__ == "__main__":
    main(sys.argv[1:])
