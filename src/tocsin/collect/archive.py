"""The archive that a collection becomes: its parts, its journal, and the list at its end."""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from tocsin.collect.deflating import deflated
from tocsin.collect.journal import Journal, Taken, is_sound
from tocsin.collect.reading import BLOCK_BYTES, ReadFile
from tocsin.collect.troubles import trouble_of
from tocsin.collect.zip_part import ZipPart, stored_member
from tocsin.errors import UsageError
from tocsin.evidence import own_manifest
from tocsin.evidence.own_manifest import Head, ListedFile, PartMarker, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tocsin.collect.file_times import FileTimes
    from tocsin.collect.walk import Found
    from tocsin.collect.zip_part import Written
    from tocsin.evidence.own_manifest import LeftOut, Tail

_MOST_WORKERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to write. `most_bytes` is the most that is taken of one file.

    `list_bytes` is kept free for the list in the first part.
    """

    output: Path
    split_bytes: int | None
    list_bytes: int
    most_bytes: int
    times: Callable[[bytes, os.stat_result], FileTimes]


class Archive:
    """A collection being written. Leave it by `finish`, or by `abandon` to go on later."""

    def __init__(self, settings: Settings, head: Head) -> None:
        """Nothing is written yet: see `begin` and `resume`."""
        self._settings = settings
        self.head = head
        self.journal = journal_of(settings.output)
        self._workers = min(_MOST_WORKERS, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="deflate")
        self._parts: list[ZipPart] = []
        self._done: set[str] = set()
        self.files = self.size_bytes = 0
        self.noted: list[ListedFile] = []

    def begin(self) -> None:
        """Start an archive that does not exist yet."""
        with _disk(self._settings.output):
            self.journal.begin(self.head)
            self._next_part()

    def resume(self, on_bytes: Callable[[int], None]) -> None:
        """Take up what was broken off: what is there is checked against its hash first."""
        sound: list[Taken] = []
        for entry in self.journal.entries():
            path = part_path(self._settings.output, entry.file.part)
            if entry.file.path not in self._done and is_sound(entry, path, on_bytes):
                sound.append(entry)
                self._count(entry.file)
        with _disk(self._settings.output):
            self.journal.keep(self.head, sound)
            last = max((entry.file.part for entry in sound), default=1)
            for part in range(1, last + 1):
                mine = [entry.written() for entry in sound if entry.file.part == part]
                self._reopen(part, mine)

    def has(self, found: Found) -> bool:
        """Whether the file is in the archive already."""
        return found.inside in self._done

    def take(self, found: Found, on_bytes: Callable[[int], None]) -> Trouble | None:
        """Copy one file. Returns what kept us from it; a file that was cut is in `noted`."""
        counted = _Counted(on_bytes)
        while True:
            try:
                file = ReadFile(
                    found.source,
                    most_bytes=self._settings.most_bytes,
                    on_bytes=counted.attempt(),
                )
            except OSError as error:
                return trouble_of(error, found.inside)
            with file, _disk(self._settings.output):
                times = self._settings.times(found.source, file.status)
                if self._copy(found, file, times):
                    return None
                self._next_part()

    def finish(
        self, left_out: Iterable[LeftOut], troubles: Iterable[Trouble], tail: Callable[[], Tail]
    ) -> list[Path]:
        """Write the list into the first part, and the directories. Returns the parts' paths."""
        with _disk(self._settings.output):
            if len(self._parts) > 1:
                self._parts[-1].close()
                self._parts[0] = ZipPart(self._parts[0].path, self._parts[0].members)
            lines = own_manifest.written(
                self.head,
                (entry.file for entry in self.journal.entries()),
                left_out,
                troubles,
                tail(),
            )
            self._write_list(self._parts[0], lines)
            self._parts[0].close()
            self.journal.path.unlink()
        self._pool.shutdown()
        return [part.path for part in self._parts]

    def abandon(self) -> None:
        """Stop here; everything that was taken can be resumed from."""
        self._pool.shutdown(cancel_futures=True)
        for part in self._parts:
            part.abandon()

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts so far."""
        return tuple(part.path.name for part in self._parts)

    def _copy(self, found: Found, file: ReadFile, times: FileTimes) -> bool:
        """Write the file into the current part; False where it does not fit in there."""
        part = self._parts[-1]
        part.begin(
            found.inside, file.planned_bytes, modified=times.modified, created=times.created
        )
        limit = self._settings.split_bytes
        if limit and len(self._parts) == 1:
            limit -= min(limit // 2, self._settings.list_bytes)
        is_alone = len(part.members) <= 1  # with nothing before it but the marker
        for data in deflated(file.blocks(), self._pool, self._workers):
            if limit and not is_alone and part.size_bytes + len(data) > limit:
                return False
            part.write(data)
        listed = ListedFile(
            path=found.inside,
            size=file.size_bytes,
            sha256=file.sha256,
            created=times.created,
            modified=times.modified,
            changed=times.changed,
            part=len(self._parts),
            asked_by=found.asked_by,
            note=file.note,
            detail=file.detail,
        )
        member = part.finish(file.size_bytes, file.crc)
        self.journal.add(
            Taken(
                file=listed,
                at=member.at,
                packed=member.packed_bytes,
                crc=member.crc,
                wide=member.wide,
            )
        )
        self._count(listed)
        return True

    def _count(self, listed: ListedFile) -> None:
        self._done.add(listed.path)
        self.files += 1
        self.size_bytes += listed.size
        if listed.note is not None:
            self.noted.append(listed)

    def _next_part(self) -> None:
        self._reopen(len(self._parts) + 1, [])

    def _reopen(self, number: int, members: list[Written]) -> None:
        """Open part `number` with what is in it, and make it the current one."""
        if self._parts:
            self._parts[-1].close()
        marker = PartMarker(schema=own_manifest.SCHEMA, id=self.head.id, part=number)
        data = msgspec.json.encode(marker)
        opening = stored_member(own_manifest.part_name(number), data, self.head.started)
        part = ZipPart(part_path(self._settings.output, number), [opening, *members])
        part.put_back(opening, data)
        self._parts.append(part)

    def _write_list(self, part: ZipPart, lines: Iterator[bytes]) -> None:
        most = 2 * self.journal.path.stat().st_size + 2**20
        part.begin(own_manifest.NAME, most, modified=self.head.started)
        summed = _Summed(lines)
        for data in deflated(summed.blocks(), self._pool, self._workers):
            part.write(data)
        part.finish(summed.size_bytes, summed.crc)


class _Counted:
    """Passes on how many bytes were read, and those of a second attempt only once."""

    def __init__(self, on_bytes: Callable[[int], None]) -> None:
        self._on_bytes = on_bytes
        self._seen = 0

    def attempt(self) -> Callable[[int], None]:
        position = 0

        def count(size_bytes: int) -> None:
            nonlocal position
            position += size_bytes
            if position > self._seen:
                self._on_bytes(position - self._seen)
                self._seen = position

        return count


class _Summed:
    """Lines gathered into blocks, with their size and CRC-32."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self.size_bytes = self.crc = 0

    def blocks(self) -> Iterator[bytes]:
        waiting: list[bytes] = []
        room = BLOCK_BYTES
        for line in self._lines:
            self.size_bytes += len(line)
            self.crc = zlib.crc32(line, self.crc)
            waiting.append(line)
            room -= len(line)
            if room <= 0:
                yield b"".join(waiting)
                waiting, room = [], BLOCK_BYTES
        yield b"".join(waiting)


def part_path(output: Path, number: int) -> Path:
    """Where part `number` lies: ``evidence.zip``, ``evidence.2.zip`` and so on."""
    return output if number == 1 else output.with_name(f"{output.stem}.{number}{output.suffix}")


def journal_of(output: Path) -> Journal:
    """The journal of the collection that becomes `output`."""
    return Journal(output.with_name(f"{output.name}.unfinished"))


@contextmanager
def _disk(output: Path) -> Iterator[None]:
    """Tell trouble with the disk that we write to apart from trouble with the server's."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written: {error.strerror}. What was taken so far is safe: make "
            "room, or give a disk with more, and go on with --resume",
            where="--output",
        ) from error
