"""Which knowledge a command works with: the newest of what is installed and what we ship."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import tocsin
from tocsin.cli import folders
from tocsin.errors import KnowledgeError
from tocsin.knowledge import store
from tocsin.knowledge.root import BUILTIN, using
from tocsin.knowledge.version import builtin_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.knowledge.store import Chosen


@contextmanager
def in_use(*, builtin: bool) -> Iterator[None]:
    """Read facts from the chosen knowledge within the block.

    Raises `KnowledgeError` where installed knowledge cannot be used, and says how to go on:
    falling back unasked would mean to hunt with other rules than the analyst believes.
    """
    if builtin or not store.exists(folders.knowledge_store()):
        yield
        return
    with saying_how_to_go_on():
        selected = current()
    if selected.superseded is not None:
        print(
            f"tocsin: the knowledge of {selected.superseded} that was installed is older than "
            f"that of this release ({selected.version}), which is used",
            file=sys.stderr,
        )
    with using(selected.root):
        if selected.root == BUILTIN:
            yield
            return
        with saying_how_to_go_on():
            yield


def current() -> Chosen:
    """What the store says to use. Raises `KnowledgeError` where it is damaged."""
    return store.chosen(folders.knowledge_store(), builtin_version(), tocsin.__version__)


@contextmanager
def saying_how_to_go_on() -> Iterator[None]:
    """Add to a `KnowledgeError` what the user can do about installed knowledge."""
    try:
        yield
    except KnowledgeError as error:
        raise KnowledgeError(
            f"{error}. The installed knowledge cannot be used, and nobody should hunt with a part "
            "of it. Go on with that of this release: tocsin --builtin-knowledge COMMAND ...; or "
            "with the one before: tocsin pack rollback; or begin anew and remove "
            f"{folders.knowledge_store()}"
        ) from error
