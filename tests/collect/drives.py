"""Drives of a server that never was, on disk; and what a collection of them holds."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tocsin.collect.collect import Outcome, Request, collect
from tocsin.collect.roots import roots_from
from tocsin.evidence.own_manifest import NAME
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

NOW = datetime(2021, 3, 12, 10, tzinfo=UTC)
IIS = b"#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time cs-uri-stem\r\n"
LOG = "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"
ECP = "D/Exchange/Logging/ECP/Server/ECPServer20210303-1.LOG"
PAGE = "C/inetpub/wwwroot/aspnet_client/a.aspx"
SERVER = {
    LOG: IIS + b"2021-03-03 04:05:06 /owa/auth/x.js\r\n",
    ECP: b"#Software: Microsoft Exchange\r\n2021-03-03T04:05:06.000Z,EX01\r\n",
    PAGE: b'<%@ Page Language="C#" %>\r\n',
    "C/Windows/System32/winevt/Logs/Security.evtx": b"ElfFile\0" + bytes(4088),
    "C/Users/anna/Documents/letter.docx": b"private",
    "D/Exchange/Mailbox/DB1/DB1.edb": b"mail",
}
WANTED = sorted(path for path in SERVER if not path.endswith((".docx", ".edb")))


def lay_out(folder: Path, files: Mapping[str, bytes] = SERVER) -> Path:
    """Write `files` below `folder`, which then is a folder of drives."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


class Clock:
    """A minute later each time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        return NOW + timedelta(minutes=self.asked)


def taken(drives: Path | Iterable[str], output: Path, **options: Any) -> Outcome:  # noqa: ANN401 options of any kind
    """Collect the drives in the folder `drives`, or those named, as the command would."""
    names = [drives] if hasattr(drives, "joinpath") else drives
    trust = options.pop("trust_times", False)
    progress = options.pop("progress", SilentProgress())
    roots = roots_from([str(name) for name in names], trust_times=trust)
    request = Request(roots=roots, output=output, **options)
    return collect(request, Clock(), progress)


def contents(archive: Path) -> dict[str, bytes]:
    """What Python's own reader finds in it, without our own files."""
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        return {
            name: opened.read(name) for name in opened.namelist() if not name.startswith("tocsin-")
        }


def manifest(archive: Path) -> dict[str, Any]:
    with zipfile.ZipFile(archive) as opened:
        found: dict[str, Any] = json.loads(opened.read(NAME))
        return found


@dataclass(frozen=True, kw_only=True)
class State:
    """What must not change on a drive."""

    content: bytes
    modified_ns: int
    accessed_ns: int


def state_of(folder: Path) -> dict[str, State]:
    """Contents last, since looking at them may change the access time."""
    times = {
        path: (path.stat().st_mtime_ns, path.stat().st_atime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    found = {}
    for path, (modified, accessed) in times.items():
        descriptor = os.open(path, os.O_RDONLY | os.O_NOATIME)
        with os.fdopen(descriptor, "rb") as stream:
            found[str(path.relative_to(folder))] = State(
                content=stream.read(), modified_ns=modified, accessed_ns=accessed
            )
    return found


def hooked(progress_file: Callable[[str], None]) -> SilentProgress:
    """A listener that does something when a file begins."""

    class Hooked(SilentProgress):
        def file(self, path: str) -> None:
            progress_file(path)

    return Hooked()
