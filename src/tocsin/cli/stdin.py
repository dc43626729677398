"""Stdin as a file, for commands that look at a start twice."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STDIN = Path("-")
"""What users type for stdin; a file of this name is ``./-``."""


def check_once(sources: Sequence[Path], where: str = "") -> None:
    """Raise `UsageError` where stdin is named more than once."""
    if sources.count(STDIN) > 1:
        raise UsageError("stdin (-) can be read only once", where=where)


@contextmanager
def on_disk(sources: Sequence[Path]) -> Iterator[list[Path]]:
    """The sources, with stdin as a file that is gone afterwards."""
    if STDIN not in sources:
        yield list(sources)
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder:
        copy = Path(folder) / "stdin"
        with copy.open("xb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield [copy if source == STDIN else source for source in sources]
