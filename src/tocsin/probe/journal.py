"""The output as a file: it grows row by row, and it is also the memory of a run to go on with."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from typing import TYPE_CHECKING, Self

import msgspec

from tocsin.errors import UsageError
from tocsin.probe.rows import SCHEMA
from tocsin.probe.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

    from tocsin.probe.targets import Targets

with contextlib.suppress(ImportError):
    # Windows has none, and nothing like it that lets others read: there nobody is refused.
    import fcntl

_LONGEST_LINE = 2**20
"""Bytes. A row of ours has a few thousand."""


class Done:
    """Which targets were asked already: one bit for each, so that millions fit."""

    def __init__(self, count: int) -> None:
        self._bits = bytearray((count + 7) // 8)
        self.count = 0

    def add(self, number: int) -> None:
        """Count this target as asked."""
        if number not in self:
            self._bits[number >> 3] |= 1 << (number & 7)
            self.count += 1

    def __contains__(self, number: int) -> bool:
        """Whether it was asked."""
        return bool(self._bits[number >> 3] & 1 << (number & 7))


class Journal:
    """A file that lines are added to, each of them handed to the system at once."""

    def __init__(self, path: Path, option: str, *, alone: bool = False) -> None:
        """Open `path` to add to it, `alone` so that no other run can. Raises `UsageError`.

        The system lets go of the lock when the process ends, however it ends.
        """
        self._option = option
        self.path = path
        try:
            self._file: BinaryIO = path.open("ab", buffering=0)
        except OSError as error:
            raise UsageError(
                f"{path} cannot be written: {error.strerror}", where=option
            ) from error
        if alone and not _locked(self._file):
            self._file.close()
            raise UsageError(
                f"another tocsin probe is writing {path}; wait for its end, or name another file",
                where=option,
            )

    def write(self, content: bytes, /) -> None:
        """Add whole lines. Raises `UsageError` where the disk is full or gone."""
        try:
            while content:
                content = content[self._file.write(content) :]
        except OSError as error:
            raise UsageError(
                f"{self.path} cannot be written: {error.strerror}; make room, and go on with "
                "--resume",
                where=self._option,
            ) from error

    def __enter__(self) -> Self:
        """Nothing more to do: the file is open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()


def _locked(file: BinaryIO) -> bool:
    """Lock a file for this process; False where another one holds it.

    Where files cannot be locked at all, as on some network drives, nobody is refused.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (NameError, OSError):
        return True
    return True


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a row must have to count; the rest of it is not looked at."""

    schema: str
    target: str
    port: int
    scheme: str
    last: bool


def begin_anew(path: Path) -> None:
    """Refuse to mix a new run into an old file. Raises `UsageError`."""
    if path.exists() and path.stat().st_size:
        raise UsageError(
            f"{path} exists; go on with it by --resume, or name another file", where="--output"
        )


def go_on(path: Path, targets: Targets) -> Done:
    """Find out what an earlier run finished, and cut off a last line that it did not.

    A target whose rows are not all there, or that the scope no longer holds, is not done. Raises
    `UsageError` where a whole line is no row: then it is another kind of file.
    """
    done = Done(len(targets))
    if not path.exists():
        return done
    _cut_torn_line(path)
    for number, line in _lines(path):
        try:
            row = msgspec.json.decode(line, type=_Known)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(
                f"line {number} is no row of tocsin probe ({error}); name another file",
                where=str(path),
            ) from error
        if row.schema != SCHEMA:
            raise UsageError(
                f"line {number} has the schema {row.schema!r}, and this is {SCHEMA!r}",
                where=str(path),
            )
        target = targets.number(_target(row))
        if row.last and target is not None:
            done.add(target)
    return done


def _target(row: _Known) -> Target:
    try:
        return Target(host=ipaddress.ip_address(row.target), port=row.port, scheme=row.scheme)
    except ValueError:
        return Target(host=row.target, port=row.port, scheme=row.scheme)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        yield from enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), start=1)


def _cut_torn_line(path: Path) -> None:
    """A line without its end was being written when the run was stopped."""
    try:
        with path.open("r+b") as file:
            end = file.seek(0, os.SEEK_END)
            keep = end
            while keep and keep > end - _LONGEST_LINE:
                file.seek(keep - 1)
                if file.read(1) == b"\n":
                    break
                keep -= 1
            if keep != end:
                file.truncate(keep)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from error
