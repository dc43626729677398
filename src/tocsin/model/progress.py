"""What a long run says about itself while it works, without knowing who listens."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Progress(Protocol):
    """Told how far the work is. It has no influence on the result.

    Calls come in this order, for each source: `start`, then any of `file`, `advance` and `step`,
    then `finish`. Texts may come from evidence: a listener that prints them escapes them.
    """

    def start(self, source: str, total_bytes: int | None) -> None:
        """Begin a source; `total_bytes` is what there is to read, None where nobody knows."""
        ...

    def file(self, path: str) -> None:
        """Begin one file, named by its path inside the collection."""
        ...

    def advance(self, read_bytes: int) -> None:
        """Count bytes that were read since the last call."""
        ...

    def step(self, title: str) -> None:
        """Begin another kind of work, such as a second reading; its bytes are not counted."""
        ...

    def finish(self) -> None:
        """End the source, whether it went well or not."""
        ...


class SilentProgress:
    """Listens and says nothing."""

    def start(self, source: str, total_bytes: int | None) -> None:
        """Say nothing."""

    def file(self, path: str) -> None:
        """Say nothing."""

    def advance(self, read_bytes: int) -> None:
        """Say nothing."""

    def step(self, title: str) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """Say nothing."""


@contextmanager
def running(progress: Progress, source: str, total_bytes: int | None) -> Iterator[None]:
    """Start `progress` and end it, however the work in between ends."""
    progress.start(source, total_bytes)
    try:
        yield
    finally:
        progress.finish()
