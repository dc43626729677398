r"""Which executable web files Exchange itself puts under ``FrontEnd\HttpProxy``.

There are very few, so an unknown page there stands out. It is still no proof: builds later than
the last one here, other vendors' modules and themes may bring pages.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.root import cached, data_root

if TYPE_CHECKING:
    from pathlib import Path

_TABLE = "exchange/legit_frontend_files.json"
_FOLDER = "httpproxy/"
_NO_PAGES = "aspnet_client/"
"""A folder of IIS for scripts and pictures, in which no build of Exchange has a page."""


class Allowed(StrEnum):
    """How far a page is known."""

    HASH = "hash"
    """Path and content are those of a shipped page."""
    NAME = "name"
    """The path is that of a shipped page, the content is in none of the builds."""
    NONE = "none"
    """No build has a page at this path."""


class FrontEndFiles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""The list: paths below ``FrontEnd\HttpProxy`` in lower case with forward slashes.

    `files` holds, for each path, the SHA-256 (lower hexadecimal) of every content it had, with the
    first and the last build that had it.
    """

    source: str
    note: str
    folder: str
    builds: int
    first_build: str
    last_build: str
    files: dict[str, dict[str, tuple[str, str]]]

    def judge(self, path: str, sha256: str) -> Allowed | None:
        """How far a page is known, by its path on the server (forward slashes) and its hash.

        None for a place that the list says nothing of.
        """
        folded = f"/{path.lower()}"
        if f"/{_NO_PAGES}" in folded:
            return Allowed.NONE
        _, found, relative = folded.partition(f"/{_FOLDER}")
        if not found:
            return None
        hashes = self.files.get(relative)
        if hashes is None:
            return Allowed.NONE
        return Allowed.HASH if sha256 in hashes else Allowed.NAME


@cached
def frontend_files(path: Path | None = None) -> FrontEndFiles:
    """Read the list, the one in use unless `path` names another.

    Raises `KnowledgeError` where the file is not what it should be.
    """
    path = path or data_root() / _TABLE
    try:
        return msgspec.json.decode(path.read_bytes(), type=FrontEndFiles)
    except (OSError, msgspec.DecodeError) as error:
        raise KnowledgeError(str(error), where=path.name) from error
