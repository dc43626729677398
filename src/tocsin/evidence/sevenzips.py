"""7z archives: a child process unpacks them once, and every file is kept in the spool."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tocsin.evidence.damage import ArchiveError, MemberError
from tocsin.evidence.regions import BUFFER_BYTES
from tocsin.evidence.sevenzip_pipe import HEADER, LONGEST_MESSAGE_BYTES
from tocsin.evidence.times import from_filetime
from tocsin.model.artefact import FileTime, TimeKind, TimeOrigin
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

    from tocsin.evidence.regions import HandleRegion
    from tocsin.evidence.session import Container, Entries, Entry
    from tocsin.evidence.unpacking import Readable

_CHILD = "tocsin.evidence.sevenzip_worker"


def sevenzip_entries(region: HandleRegion, container: Container) -> Entries:
    """Every file that comes out of the archive; damage costs only the solid block it lies in.

    Raises `ArchiveError` where the archive's own directory cannot be read: it lies at the end, so
    an archive that was cut off gives nothing.
    """
    descriptor = region.handle.descriptor
    most_files = max(0, container.session.budget.left_members)
    numbers = (descriptor, region.start, region.size_bytes, int(region.masked), most_files)
    command = [sys.executable, "-P", "-m", _CHILD, *map(str, numbers)]
    with subprocess.Popen(  # noqa: S603 our own interpreter and module, and numbers
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(descriptor,),
    ) as child:
        if child.stdout is None:
            raise ArchiveError(ProblemCode.UNREADABLE, "no pipe", where=container.name)
        try:
            yield from _Listener(child.stdout, container).entries()
        finally:
            child.kill()


class _Listener:
    def __init__(self, pipe: Readable, container: Container) -> None:
        self._pipe = pipe
        self._container = container
        self._files = 0
        self.consumed = 0

    def entries(self) -> Iterator[Entry]:
        try:
            while True:
                kind, payload = self.hear()
                if kind == b"Z":
                    return
                if kind == b"X":
                    reason = json.loads(payload)
                    raise MemberError(ProblemCode(reason["code"]), reason["detail"])
                self._files += 1
                yield from self._entry(json.loads(payload))
        except MemberError as error:
            if not self._files:
                raise ArchiveError(
                    error.code, _advice(error), where=self._container.name
                ) from error
            self._container.report(error.code, None, f"not read to its end: {error.detail}")

    def hear(self) -> tuple[bytes, bytes]:
        """The next message. Raises `MemberError` where the child is gone."""
        header = self._pipe.read(HEADER.size)
        if len(header) == HEADER.size:
            kind, length, self.consumed = HEADER.unpack(header)
            payload = self._pipe.read(length) if length <= LONGEST_MESSAGE_BYTES else b""
            if len(payload) == length:
                return kind, payload
        detail = "the process that unpacks it ended unexpectedly: it is damaged or hostile"
        raise MemberError(ProblemCode.BAD_MEMBER, detail)

    def _entry(self, said: dict[str, Any]) -> Iterator[Entry]:
        content = _Content(self)
        name = str(said["name"])
        if said["link"]:
            self._container.report(ProblemCode.LINK, name, "a link or device; it is not followed")
        elif not said["folder"]:
            stream = io.BufferedReader(content, BUFFER_BYTES)
            yield from self._container.spooled(name, stream, lambda: self.consumed, _times(said))
        while not content.ended:
            self._pass_over(content)

    def _pass_over(self, content: _Content) -> None:
        try:
            data = content.read(BUFFER_BYTES)
        except MemberError:
            return  # of a link or of a file that was cut, which is reported already
        if not self._container.session.budget.take(len(data or b"")):
            raise MemberError(ProblemCode.BOMB, "all bytes that may be unpacked are used up")


class _Content(io.RawIOBase):
    """What the child says of one file until it says that the file ended."""

    def __init__(self, listener: _Listener) -> None:
        super().__init__()
        self._listener = listener
        self._pending = b""
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        while not self._pending and not self.ended:
            self._pending = self._next()
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._pending))
        view[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        return count

    def _next(self) -> bytes:
        try:
            kind, payload = self._listener.hear()
        except MemberError:
            self.ended = True
            raise
        if kind == b"D":
            return payload
        self.ended = True
        if kind == b"C":
            raise MemberError(ProblemCode.BAD_MEMBER, "its checksum is wrong")
        if kind == b"X":
            reason = json.loads(payload)
            raise MemberError(ProblemCode(reason["code"]), reason["detail"])
        return b""


def _times(said: dict[str, Any]) -> tuple[FileTime, ...]:
    found = (
        (TimeKind.CREATED, from_filetime(said["created"])),
        (TimeKind.MODIFIED, from_filetime(said["modified"])),
    )
    return tuple(
        FileTime(kind=kind, value=value, origin=TimeOrigin.ARCHIVE)
        for kind, value in found
        if value is not None
    )


def _advice(error: MemberError) -> str:
    if error.code is ProblemCode.ENCRYPTED:
        return "everything in this archive is encrypted: unpack it with its password first"
    return f"this 7z archive cannot be read: {error.detail}. Was the copy completed?"
