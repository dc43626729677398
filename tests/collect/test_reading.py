from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import pytest

from tocsin.collect.reading import BLOCK_BYTES, HOLE_BYTES, ReadFile
from tocsin.collect.troubles import trouble_of
from tocsin.evidence.own_manifest import Note, TroubleCode

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "a.log"
    found.write_bytes(os.urandom(3 * BLOCK_BYTES + 7))
    return found


def opened(path: Path, most_bytes: int = 2**40) -> ReadFile:
    return ReadFile(os.fsencode(path), most_bytes=most_bytes)


def test_a_file_is_hashed_while_it_is_read(path: Path) -> None:
    content = path.read_bytes()
    seen: list[int] = []
    with ReadFile(os.fsencode(path), most_bytes=2**40, on_bytes=seen.append) as file:
        assert content == b"".join(file.blocks())
    assert hashlib.sha256(content).hexdigest() == file.sha256
    assert (len(content), zlib.crc32(content), None) == (file.size_bytes, file.crc, file.note)
    assert [BLOCK_BYTES] * 3 + [7] == seen


def test_a_log_that_grows_is_cut_at_the_size_it_had(path: Path) -> None:
    content = path.read_bytes()
    with opened(path) as file:
        blocks = file.blocks()
        read = next(blocks)
        with path.open("ab") as stream:
            stream.write(b"more")
        read += b"".join(blocks)
    assert content == read
    assert (Note.GREW, len(content)) == (file.note, file.size_bytes)
    assert f"grew to {len(content) + 4}" in file.detail


def test_a_file_that_shrinks_is_taken_as_far_as_it_goes(path: Path) -> None:
    with opened(path) as file:
        blocks = file.blocks()
        read = next(blocks)
        os.truncate(path, 2 * BLOCK_BYTES)
        read += b"".join(blocks)
    assert 2 * BLOCK_BYTES == len(read) == file.size_bytes
    assert Note.CUT == file.note
    assert "shrank" in file.detail


def test_a_file_that_is_written_to_meanwhile_says_so(path: Path) -> None:
    with opened(path) as file:
        blocks = file.blocks()
        next(blocks)
        with path.open("r+b") as stream:
            stream.write(b"other")
        os.utime(path, (0, 0))
        list(blocks)
    assert Note.WRITTEN == file.note


def test_what_is_written_beyond_a_hole_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as stream:
        stream.write(b"start")
        stream.seek(HOLE_BYTES + 5)
        stream.write(b"end")
    with opened(path) as file:
        assert HOLE_BYTES + 8 == file.planned_bytes
    with path.open("r+b") as stream:
        stream.truncate(3 * HOLE_BYTES)
    with opened(path) as file:
        assert HOLE_BYTES + 8 <= file.planned_bytes < HOLE_BYTES + BLOCK_BYTES
        assert Note.CUT == file.note


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("pipe", "link", ".", "nowhere"):
        with pytest.raises(OSError):  # noqa: PT011 which error it is depends on the kind
            opened(tmp_path / name)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionError(13, "denied"), TroubleCode.PERMISSION),
        (FileNotFoundError(2, "gone"), TroubleCode.VANISHED),
        (OSError(16, "busy"), TroubleCode.LOCKED),
        (OSError(5, "input/output error"), TroubleCode.UNREADABLE),
        (OSError(40, "too many links"), TroubleCode.LINK),
        (OSError("no number"), TroubleCode.UNREADABLE),
    ],
)
def test_why_a_file_could_not_be_opened_is_said_in_a_word(
    error: OSError, code: TroubleCode
) -> None:
    trouble = trouble_of(error, "C/a.log")
    assert ("C/a.log", code) == (trouble.path, trouble.code)
    assert trouble.detail


def test_a_lock_of_windows_is_told_from_a_missing_right() -> None:
    """Both are a `PermissionError` there; only Windows' own number tells."""
    error = PermissionError(13, "used by another process")
    error.winerror = 32  # type: ignore[attr-defined]  # this attribute exists on Windows only
    assert TroubleCode.LOCKED == trouble_of(error, "C/a.log").code


def test_the_command_can_be_loaded_where_the_system_is_windows() -> None:
    """As far as Linux can tell: without the flags of `os` and the module that Windows lacks."""
    script = (
        "import os, sys\n"
        "for name in ('O_CLOEXEC', 'O_NOFOLLOW', 'O_NONBLOCK', 'O_NOATIME', 'pread', 'pwrite'):\n"
        "    delattr(os, name)\n"
        "sys.modules['resource'] = None\n"
        "import tocsin.cli.commands.collect\n"
        "import tocsin.hunt\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert 0 == done.returncode, done.stderr.decode()
