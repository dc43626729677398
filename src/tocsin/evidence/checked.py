"""A seekable stream over a member that is unpacked while it is read, and watched meanwhile.

Claims in archives lie, so limits hold for the bytes that really come out.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from tocsin.evidence.damage import MemberError
from tocsin.evidence.regions import BUFFER_BYTES
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

    from tocsin.evidence.collection import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the container says of a member; None where it does not say."""

    size_bytes: int | None
    crc: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One run of unpacking: the output, and how many packed bytes went in so far."""

    output: io.BufferedIOBase
    consumed: Callable[[], int]


class CheckedStream(io.RawIOBase):
    """Unpacks from the start; going back starts again.

    Where a limit is reached, where more or less comes out than was claimed, or where the checksum
    is wrong, the stream first ends and the read after that raises `MemberError`: so a reader that
    asks for much gets all that came before, down to the last unfinished line.
    """

    def __init__(self, start: Callable[[], Source], claim: Claim, limits: Limits) -> None:
        """`start` begins a new run of unpacking."""
        super().__init__()
        self._start = start
        self._claim = claim
        self._limits = limits
        self._source = start()
        self._position = 0
        self._wanted = 0
        self._crc = 0
        self._failure: MemberError | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes, at the price of unpacking again when going back."""
        return True

    def tell(self) -> int:
        """Where the next read starts."""
        return self._wanted

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Remember where to go; the next read goes there."""
        if whence == io.SEEK_CUR:
            offset += self._wanted
        elif whence == io.SEEK_END:
            offset += self._size()
        self._wanted = max(0, offset)
        return self._wanted

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill `buffer` as far as one step goes."""
        view = memoryview(buffer).cast("B")
        try:
            data = self._next(len(view))
        except MemberError as error:
            self._failure = error
            return 0
        if self._failure is not None:
            raise self._failure
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the current run."""
        if not self.closed:
            self._source.output.close()
        super().close()

    def _next(self, count: int) -> bytes:
        if self._wanted < self._position:
            self._restart()
        while self._position < self._wanted and self._failure is None:
            if not self._step(min(BUFFER_BYTES, self._wanted - self._position)):
                return b""
        if self._failure is not None:
            return b""
        data = self._step(count)
        self._wanted = self._position
        return data

    def _size(self) -> int:
        if self._claim.size_bytes is not None:
            return self._claim.size_bytes
        while self._step(BUFFER_BYTES):
            pass
        return self._position

    def _restart(self) -> None:
        self._source.output.close()
        self._source = self._start()
        self._position = 0
        self._crc = 0
        self._failure = None

    def _step(self, count: int) -> bytes:
        allowed = self._allowed()
        data = self._source.output.read1(min(count, allowed) or 1)
        if not data:
            self._check_end()
            return data
        if not allowed:
            self._refuse()
        self._check_ratio(self._position + len(data))
        self._position += len(data)
        if self._claim.crc is not None:
            self._crc = zlib.crc32(data, self._crc)
        return data

    def _allowed(self) -> int:
        most = self._limits.member_bytes
        if self._claim.size_bytes is not None:
            most = min(most, self._claim.size_bytes)
        return most - self._position

    def _refuse(self) -> None:
        if self._position >= self._limits.member_bytes:
            detail = (
                f"it is larger than the {self._limits.member_bytes} bytes allowed for one file"
            )
        else:
            detail = f"it claims {self._position} bytes and holds more"
        raise MemberError(ProblemCode.BOMB, detail)

    def _check_ratio(self, produced: int) -> None:
        packed = max(1, self._source.consumed())
        limits = self._limits
        if produced > max(limits.ratio_from_bytes, limits.ratio * packed):
            detail = f"{packed} bytes unpack to {produced} and more"
            raise MemberError(ProblemCode.BOMB, detail)

    def _check_end(self) -> None:
        claimed = self._claim.size_bytes
        if claimed is not None and self._position < claimed:
            detail = f"it ends after {self._position} of {claimed} bytes"
            raise MemberError(ProblemCode.TRUNCATED, detail)
        if self._claim.crc is not None and self._crc != self._claim.crc:
            raise MemberError(ProblemCode.BAD_MEMBER, "its checksum is wrong")


def checked(start: Callable[[], Source], claim: Claim, limits: Limits) -> BinaryIO:
    """A buffered `CheckedStream`."""
    return io.BufferedReader(CheckedStream(start, claim, limits), BUFFER_BYTES)
