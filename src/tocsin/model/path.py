"""Paths as they are inside evidence: Windows paths, whatever system we run on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property


@dataclass(frozen=True, kw_only=True)
class EvidencePath:
    """One file's place in a collection, and the place it had on the server.

    `inside` is the path inside the collection as it lies there, with forward slashes: what a
    citation names. `server` is what we believe the path was on the server, with forward slashes,
    drive letter and percent-decoding resolved (``C:/inetpub/logs/...``); where the collector's
    layout does not tell a drive it is the same as `inside`. Compare with `matches`, never with
    ``==``: Windows paths have no case.
    """

    inside: str
    server: str

    @classmethod
    def plain(cls, path: str) -> EvidencePath:
        """Make a path whose place on the server is not known beyond its own text."""
        text = path.replace("\\", "/")
        return cls(inside=text, server=text)

    @cached_property
    def folded(self) -> str:
        """`server` in lower case."""
        return self.server.lower()

    @property
    def name(self) -> str:
        """The last part of the path, as written."""
        return self.server.rsplit("/", 1)[-1]

    @property
    def extension(self) -> str:
        """The ending after the last dot, lower case, with the dot; empty where there is none."""
        stem, dot, ending = self.name.rpartition(".")
        return f".{ending.lower()}" if dot and stem else ""

    def matches(self, pattern: str) -> bool:
        """Whether the server path fits a glob: ``*`` within a part, ``**/`` over any parts.

        Case does not matter. A pattern fits from the start of the path or from any folder
        border, since a copied server rarely starts at the drive's root.
        """
        return _compiled(pattern).search(self.folded) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    index = 0
    text = pattern.lower()
    while index < len(text):
        if text.startswith("**/", index):
            parts.append("(?:[^/]+/)*")
            index += 3
        elif text[index] == "*":
            parts.append("[^/]*")
            index += 1
        else:
            parts.append(re.escape(text[index]))
            index += 1
    return re.compile(r"(?:^|/)" + "".join(parts) + r"\Z", re.DOTALL)
