"""Windows events and files of a sample server."""

from __future__ import annotations

import urllib.parse
from datetime import datetime
from typing import TYPE_CHECKING

from tocsin.samples.journal import Record, ServerFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.samples.happening import Happening


def event(it: Happening) -> Iterator[Record]:
    """Verb ``event``: a record with named data (``data.TargetFilename=...``)."""
    yield Record(
        channel=it.need("channel"),
        provider=it.need("provider"),
        event_id=int(it.need("id")),
        level=int(it.get("level", "4")),
        time=it.time,
        data=tuple(it.named("data.").items()),
    )


def file(it: Happening) -> Iterator[ServerFile]:
    """Verb ``file``: a file that is still there when the evidence is collected.

    The line's time is when it was created and, unless `modified` says otherwise, last written.
    `text` is percent-decoded, so that no recipe needs to hold what a scanner stops at.
    """
    modified = it.get("modified")
    yield ServerFile(
        path=it.need("path"),
        content=urllib.parse.unquote(it.get("text")).replace("\n", "\r\n").encode(),
        created=it.time,
        modified=datetime.fromisoformat(modified) if modified else it.time,
    )
