"""The server's files as a collecting tool lays them out, with that tool's own metadata.

Source: what KAPE (copy log) and Velociraptor (``Windows.KapeFiles.Targets``) write; the columns
are those that `tocsin.evidence` reads.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from tocsin.samples.archive import Member
from tocsin.samples.logs import BOM, csv_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from tocsin.samples.journal import ServerFile
    from tocsin.samples.recipe import Recipe

_KAPE_COLUMNS = (
    "CopiedTimestamp",
    "SourceFile",
    "DestinationFile",
    "FileSize",
    "SourceFileSha1",
    "DeferredCopy",
    "CreatedOnUtc",
    "ModifiedOnUtc",
    "LastAccessedOnUtc",
    "CopyDuration",
)


def collect(files: Iterable[ServerFile], recipe: Recipe) -> list[Member]:
    """`files` as the recipe's collector packs them, in the order of their paths."""
    ordered = sorted(files, key=lambda file: file.path)
    return sorted(_LAYOUTS[recipe.layout](ordered, recipe), key=lambda member: member.path)


def _plain(files: list[ServerFile], recipe: Recipe) -> Iterator[Member]:
    """Somebody dragged the folders into an archive; every time is the time of that."""
    for file in files:
        path = f"{recipe.server.name}/{file.path.replace(':', '')}"
        yield Member(path=path, content=file.content, time=recipe.collected)


def _kape(files: list[ServerFile], recipe: Recipe) -> Iterator[Member]:
    log = [csv_line(_KAPE_COLUMNS)]
    copied = recipe.collected
    for file in files:
        copied += timedelta(milliseconds=7)
        inside = f"{recipe.server.name}/{file.path.replace(':', '')}"
        yield Member(path=inside, content=file.content, time=copied)
        log.append(csv_line(_kape_row(file, inside, copied)))
    yield Member(
        path=f"{recipe.server.name}/{recipe.collected:%Y-%m-%dT%H%M%S}_CopyLog.csv",
        content=(BOM + "".join(f"{line}\r\n" for line in log)).encode(),
        time=copied,
    )


def _kape_row(file: ServerFile, inside: str, copied: datetime) -> tuple[str, ...]:
    def stamp(time: datetime) -> str:
        return f"{time:%Y-%m-%d %H:%M:%S.%f}0"

    return (
        stamp(copied),
        file.path.replace("/", "\\"),
        "E:\\kape\\" + inside.replace("/", "\\"),
        str(len(file.content)),
        hashlib.sha1(file.content, usedforsecurity=False).hexdigest(),
        "False",
        stamp(file.created),
        stamp(file.modified),
        stamp(copied),
        "00:00:00.0070000",
    )


def _velociraptor(files: list[ServerFile], recipe: Recipe) -> Iterator[Member]:
    rows: list[str] = []
    for file in files:
        parts = ["uploads", "auto", *file.path.split("/")]
        inside = "/".join(quote(part, safe=" ()[]{}$#&+,;=@!~'.-_") for part in parts)
        yield Member(path=inside, content=file.content, time=recipe.collected)
        rows.append(json.dumps(_velociraptor_row(file, recipe.collected)))
    for name, content in (
        ("results/Windows.KapeFiles.Targets%2FUploads.json", "".join(f"{r}\n" for r in rows)),
        ("client_info.json", json.dumps({"os_info": {"hostname": recipe.server.name}}) + "\n"),
    ):
        yield Member(path=name, content=content.encode(), time=recipe.collected)


def _velociraptor_row(file: ServerFile, copied: datetime) -> dict[str, str | int]:
    def stamp(time: datetime) -> str:
        return f"{time:%Y-%m-%dT%H:%M:%S.%f}Z"

    source = file.path.replace("/", "\\")
    return {
        "CopiedOnTimestamp": stamp(copied),
        "SourceFile": source,
        "DestinationFile": source,
        "FileSize": len(file.content),
        "SourceFileSha256": hashlib.sha256(file.content).hexdigest(),
        "Created": stamp(file.created),
        "Changed": stamp(file.modified),
        "Modified": stamp(file.modified),
        "LastAccessed": stamp(file.modified),
        "_Source": "Windows.KapeFiles.Targets",
    }


_LAYOUTS: dict[str, Callable[[list[ServerFile], Recipe], Iterator[Member]]] = {
    "kape": _kape,
    "velociraptor": _velociraptor,
    "plain": _plain,
}
