"""Where a file of a collection lay on the server, from the way collecting tools lay files out.

Known are, at any depth below folders of somebody's own:

* KAPE and copies by hand: a folder for each drive, ``C/inetpub/...``;
* Velociraptor: ``uploads/<accessor>/<volume>/...`` with percent-encoded parts, where the volume is
  ``C%3A`` or a device such as ``%5C%5C.%5CC%3A``;
* Acquire: ``fs/C:/...``, and ``sysvol`` for the system's drive in its older versions;
* a part of a server without its drive: ``inetpub/...``, ``V15/Logging/...``: its place stays as it
  is, since nobody says which drive it was.

Source: Velociraptor's knowledge base on offline collector archives; reporting/container.go and
accessors in its repository; the acquire and velociraptor loaders of dissect.target; KAPE's
published target output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Iterable

_DRIVE = re.compile(r"([A-Za-z])(?::|%3[Aa])?")
_MARKED_DRIVE = re.compile(r"([A-Za-z])(?::|%3[Aa]|_)")
# `\\.\C:` and `C:`, with the quotes and colons that older versions put around it.
_VOLUME = re.compile(r'[\\/:"]*(?:[.?][\\/:]+)?([A-Za-z])(?::|_)?"?')
_SHADOW_COPY = re.compile(r"(HarddiskVolumeShadowCopy\d+)\W*", re.IGNORECASE)
_DEVICE_PREFIX = re.compile(r"^[\\/]{2,}[.?][\\/]+")

_ACCESSORS = frozenset(
    {"auto", "file", "ntfs", "lazy_ntfs", "ntfs_vss", "mft", "raw_ntfs", "raw_file", "file_nocase"}
)
# Below one of these we are on the server's drive: a folder `w` in a web site is no drive.
_SERVER_FOLDERS = frozenset(
    {
        "inetpub", "program files", "program files (x86)", "programdata", "windows", "winnt",
        "users", "documents and settings", "exchange server", "exchsrvr", "v14", "v15", "logging",
        "logfiles", "frontend", "clientaccess", "transportroles", "httpproxy",
        "httperr", "system32", "winevt", "perflogs", "$recycle.bin", "system volume information",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A member's two paths, and whether it lies on the server's own drive."""

    path: EvidencePath
    on_server: bool


def locate(inside: str, drive: str | None = None) -> Place:
    """Find the place on the server of the member at `inside` (forward slashes).

    `drive` is the letter of the drive that the whole collection may be a copy of, by its own
    name. A file whose layout tells nothing keeps its path and is not `on_server`.
    """
    parts = inside.split("/")
    server = _server_path(parts)
    if server is None and drive is not None and parts[0].lower() in _SERVER_FOLDERS:
        server = f"{drive.upper()}:/{inside}"
    on_server = server is not None or not _SERVER_FOLDERS.isdisjoint(
        part.lower() for part in parts[:-1]
    )
    return Place(path=EvidencePath(inside=inside, server=server or inside), on_server=on_server)


def drive_of(name: str) -> str | None:
    """The drive's letter where `name`, a folder's, is that of a copied drive."""
    found = _DRIVE.fullmatch(name)
    return found[1].upper() if found else None


def folded_source(path: str) -> str:
    r"""A path as a collecting tool's log writes it (``\\.\C:\inetpub``), as `folded` paths are."""
    return _DEVICE_PREFIX.sub("", path).replace("\\", "/").lower()


def _server_path(parts: list[str]) -> str | None:
    for index, part in enumerate(parts[:-1]):
        folded = part.lower()
        rest = parts[index + 1 :]
        if folded in _SERVER_FOLDERS:
            return None
        if folded == "uploads" and len(rest) > 2 and rest[0].lower() in _ACCESSORS:
            return _from_velociraptor(rest[1:])
        if folded == "fs" and len(rest) > 1 and (found := _MARKED_DRIVE.fullmatch(rest[0])):
            return _joined(found[1], rest[1:])
        if folded == "sysvol" and parts[:index] in ([], ["fs"]):
            return _joined("C", rest)
        if found := _DRIVE.fullmatch(part):
            return _joined(found[1], map(_decoded, rest) if "%" in part else rest)
    return None


def _from_velociraptor(parts: list[str]) -> str:
    volume, *rest = parts
    rest = [_decoded(part) for part in rest]
    device = unquote_to_bytes(volume).decode("utf-8", errors="replace")
    if found := _VOLUME.fullmatch(device):
        return _joined(found[1], rest)
    if found := _SHADOW_COPY.search(device):
        return "/".join([found[1], *rest])
    return "/".join([_decoded(volume), *rest])


def _joined(letter: str, parts: Iterable[str]) -> str:
    return "/".join([f"{letter.upper()}:", *parts])


def _decoded(part: str) -> str:
    """One part of a path; what would make several parts of it, or none, stays encoded."""
    try:
        text = unquote_to_bytes(part).decode("utf-8")
    except UnicodeDecodeError:
        return part
    if text in ("", ".", "..") or "/" in text or "\\" in text or not text.isprintable():
        return part
    return text
