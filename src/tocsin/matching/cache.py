"""A folder for what was compiled once: blobs by key, which anybody may delete at any time.

It is only ever a shortcut. Whatever is missing, damaged, somebody else's or impossible to write
reads as "not there", and is made anew. Nothing in it is code: no pickles, and each blob begins
with a checksum over the rest of it and its own key.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MAGIC = b"tocsin compiled rules 1\n"
_HEAD = len(_MAGIC) + hashlib.sha256().digest_size
_ENDING = ".cache"
_UNFINISHED = ".unfinished"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
SYSTEM = 0
"""The user id of whom folders belong to that all may use, such as ``/tmp``."""
BLOB_BYTES = 128 * 2**20
"""A larger blob is not kept."""
TOTAL_BYTES = 512 * 2**20
"""Beyond this, what was not used for the longest time goes."""


def key_of(*parts: str | bytes) -> str:
    """A key for whatever these parts tell apart: a file's name that says nothing about them."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCache:
    """The folder, which need not exist. Neither method ever raises for what lies in it."""

    folder: Path

    def refusal(self) -> str:
        """Why this folder is not used although it is there; empty where all is well."""
        try:
            about = self.folder.lstat()
        except OSError:
            return ""
        return _foreign(about, stat.S_ISDIR, "folder")

    def load(self, key: str) -> bytes | None:
        """What was stored under `key`; None where it is not there, or not to be trusted."""
        if self.refusal():
            return None
        path = self._path(key)
        try:
            with open(path, "rb", opener=_opened) as file:
                if _foreign(os.fstat(file.fileno()), stat.S_ISREG, "file"):
                    return None
                head, content = file.read(_HEAD), file.read(BLOB_BYTES)
        except OSError:
            return None
        if head != _head(key, content):
            return None
        with suppress(OSError):
            os.utime(path)  # What is in use is the last to go.
        return content

    def store(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`, or do nothing where that cannot be.

        The blob appears as a whole, so that several processes may load and store at once.
        """
        if len(content) > BLOB_BYTES or not self._prepared():
            return
        path = self._path(key)
        # A name for each thread; what a dead one of the same numbers left is written over.
        unfinished = path.with_suffix(f".{os.getpid()}-{get_ident()}{_UNFINISHED}")
        try:
            unfinished.unlink(missing_ok=True)
            with open(unfinished, "xb", opener=_opened) as file:
                file.write(_head(key, content))
                file.write(content)
            unfinished.replace(path)
            self._make_room()
        except OSError:  # No space, no right to, or somebody emptied the folder meanwhile.
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_ENDING}"

    def _prepared(self) -> bool:
        """Make the folder, for this user alone, and only below a folder of this user's.

        Otherwise a run as root would leave a folder in somebody's home that he cannot use.
        """
        try:
            if not self.folder.exists():
                above = next(one for one in self.folder.parents if one.exists())
                if os.name == "posix" and above.stat().st_uid not in {os.getuid(), SYSTEM}:
                    return False
                self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self.folder.mkdir(mode=0o700, exist_ok=True)
        except OSError:
            return False
        return not self.refusal()

    def _make_room(self) -> None:
        """Remove what was not used for the longest time, until the rest is small enough."""
        files: list[tuple[int, int, str]] = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.endswith((_ENDING, _UNFINISHED)):
                    about = entry.stat(follow_symlinks=False)
                    files.append((about.st_mtime_ns, about.st_size, entry.path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= TOTAL_BYTES:
                break
            Path(path).unlink(missing_ok=True)
            total -= size


def _head(key: str, content: bytes) -> bytes:
    digest = hashlib.sha256(key.encode())
    digest.update(content)
    return _MAGIC + digest.digest()


def _opened(path: str, flags: int) -> int:
    """Open for this user alone, and neither through a link nor waiting for a pipe's other end."""
    never = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(path, flags | never, mode=0o600)


def _foreign(about: os.stat_result, is_kind: Callable[[int], bool], kind: str) -> str:
    """Why something is not to be trusted; empty where it is this user's and nobody else's."""
    if not is_kind(about.st_mode):
        return f"it is no {kind}"
    if os.name != "posix":
        return ""  # There the folder lies in the user's profile, which the system guards.
    if about.st_uid != os.getuid():
        return "it belongs to another user"
    return "others may write to it" if about.st_mode & _OTHERS_WRITE else ""
