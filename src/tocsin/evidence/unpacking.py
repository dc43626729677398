"""Decompressors behind one face, none of which gives out more than it is asked for.

Bounded means: what a single call returns stays within some tens of MiB, however hostile the data.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import zstandard
from isal import igzip_lib, isal_zlib

from tocsin.evidence.damage import MemberError
from tocsin.evidence.regions import BUFFER_BYTES
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

XZ_MEMORY_BYTES = 256 * 2**20
"""A hostile .xz asks for 4 GiB; `xz -9` needs 65 MiB."""
ZSTD_WINDOW_BYTES = 2**27
"""As much as the `zstd` tool takes without being told to."""
_INPUT_BYTES = 64 * 1024
# These two have no limit on their output: feed them little. The worst growth of zstd is 32,768
# (a block of 4 bytes becomes 128 KiB), that of Deflate64 about 1,000.
_ZSTD_INPUT_BYTES = 1024
_DEFLATE64_INPUT_BYTES = 8 * 1024

_ISAL_ERROR: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment] # its stub says that it is an instance
DAMAGE = (
    _ISAL_ERROR,
    lzma.LZMAError,
    zstandard.ZstdError,
    OSError,
    ValueError,
    EOFError,
)
"""What decompressors raise on damaged data."""


class Readable(Protocol):
    """A stream of packed bytes."""

    def read(self, count: int, /) -> bytes:
        """Up to `count` bytes, fewer only at the end."""
        ...

    def close(self) -> None:
        """Be done."""
        ...


class Decompressor(Protocol):
    """What `bz2` and `lzma` offer."""

    @property
    def eof(self) -> bool:
        """Whether the compressed stream came to its own end."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether nothing comes out without more input."""
        ...

    @property
    def unused_data(self) -> bytes | None:
        """What came after the end; None where the decompressor does not tell."""
        ...

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take `data` and give out at most about `max_length` bytes."""
        ...


class Codec(StrEnum):
    """Ways in which a single stream is compressed."""

    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTD = "zstd"


class UnpackedStream(io.RawIOBase):
    """Reads `source` and gives out what it decompresses to; several streams in a row are one.

    Damage raises `MemberError`: ``truncated`` where `source` ends too early, else ``bad_member``.
    """

    def __init__(
        self,
        source: Readable,
        make: Callable[[], Decompressor],
        *,
        input_bytes: int = _INPUT_BYTES,
        several: bool = False,
    ) -> None:
        """`make` gives a fresh decompressor; `several` streams may follow each other."""
        super().__init__()
        self._source = source
        self._make = make
        self._decompressor = make()
        self._input_bytes = input_bytes
        self._several = several
        self._pending = b""
        self._ended = False
        self._failed: MemberError | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill `buffer` as far as one step of the decompressor goes."""
        view = memoryview(buffer).cast("B")
        while not self._pending and not self._ended:
            self._pending = self._checked_step(max(len(view), BUFFER_BYTES))
        count = min(len(view), len(self._pending))
        view[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        return count

    def close(self) -> None:
        """Close `source` too."""
        if not self.closed:
            self._source.close()
        super().close()

    def _checked_step(self, wanted: int) -> bytes:
        if self._failed is None:
            try:
                return self._step(wanted)
            except MemberError as error:
                self._failed = error
        # Again and again: what a decompressor gives out after damage is not the content.
        raise self._failed

    def _step(self, wanted: int) -> bytes:
        if self._decompressor.eof:
            return self._next_stream()
        if not self._decompressor.needs_input:
            return self._decompress(b"", wanted)
        data = self._source.read(self._input_bytes)
        output = self._decompress(data, wanted)
        if not data and not output and not self._decompressor.eof:
            raise MemberError(ProblemCode.TRUNCATED, "its compressed data ends too early")
        return output

    def _next_stream(self) -> bytes:
        left = self._decompressor.unused_data or b""
        if self._several:
            left = left or self._source.read(self._input_bytes)
            left = left.lstrip(b"\0") or self._source.read(self._input_bytes)
        if not self._several or not left:
            self._ended = True
            return b""
        self._decompressor = self._make()
        return self._decompress(left, BUFFER_BYTES)

    def _decompress(self, data: bytes, wanted: int) -> bytes:
        try:
            return self._decompressor.decompress(data, wanted)
        except DAMAGE as error:
            detail = f"its compressed data is damaged: {error}"
            raise MemberError(ProblemCode.BAD_MEMBER, detail) from error
        except MemoryError as error:
            detail = "its compressed data asks for too much memory"
            raise MemberError(ProblemCode.BAD_MEMBER, detail) from error


def unpacked(source: Readable, codec: Codec) -> io.BufferedIOBase:
    """What the compressed file `source` holds, as a forward-only stream."""
    makers: dict[Codec, Callable[[], Decompressor]] = {
        Codec.GZIP: lambda: Inflater(zlib.MAX_WBITS | 16),
        Codec.BZIP2: bz2.BZ2Decompressor,
        Codec.XZ: lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY_BYTES),
        Codec.ZSTD: ZstdDecompressor,
    }
    step = _ZSTD_INPUT_BYTES if codec is Codec.ZSTD else _INPUT_BYTES
    raw = UnpackedStream(source, makers[codec], input_bytes=step, several=True)
    return io.BufferedReader(raw, BUFFER_BYTES)


class Inflater:
    """Deflate with the face of a `Decompressor`; ISA-L does it at three times `zlib`'s speed."""

    def __init__(self, window_bits: int = -zlib.MAX_WBITS) -> None:
        """Raw deflate, unless `window_bits` says otherwise."""
        self._inner = isal_zlib.decompressobj(window_bits)

    @property
    def eof(self) -> bool:
        """Whether the stream ended."""
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        """Whether all input was used up."""
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """What came after the end."""
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Inflate; input that does not fit waits for the next call."""
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


class ZstdDecompressor:
    """Zstandard with the face of a `Decompressor`; its output is bounded by its input."""

    needs_input = True

    def __init__(self) -> None:
        """One frame."""
        parameters = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES)
        self._inner = parameters.decompressobj()

    @property
    def eof(self) -> bool:
        """Whether the frame ended."""
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        """What came after the frame."""
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:  # noqa: ARG002 see the class
        """Decompress all of `data`."""
        return self._inner.decompress(data)


class Inflater64:
    """Deflate64, which Windows Explorer writes for large files, as a `Decompressor`."""

    needs_input = True
    unused_data = None

    def __init__(self) -> None:
        """One stream."""
        import inflate64  # noqa: PLC0415 - slow to import for what it is, and rarely needed

        self._inner = inflate64.Inflater()

    @property
    def eof(self) -> bool:
        """Whether the stream ended."""
        return bool(self._inner.eof)

    def decompress(self, data: bytes, max_length: int) -> bytes:  # noqa: ARG002 see the module
        """Inflate all of `data`."""
        return bytes(self._inner.inflate(data))


def of_zip_method(method: int) -> tuple[Callable[[], Decompressor], int] | None:
    """How to undo a zip compression method, and how much to feed it; None for one unknown to us.

    Source: APPNOTE.TXT of PKWARE, section 4.4.5.
    """
    known: dict[int, tuple[Callable[[], Decompressor], int]] = {
        8: (Inflater, _INPUT_BYTES),
        9: (Inflater64, _DEFLATE64_INPUT_BYTES),
        12: (bz2.BZ2Decompressor, _INPUT_BYTES),
        93: (ZstdDecompressor, _ZSTD_INPUT_BYTES),
    }
    return known.get(method)
