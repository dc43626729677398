"""The exceptions of Tocsin, and when each is raised.

::

    TocsinError
    ├── UsageError        the caller asked for something that cannot be done (exit code 2)
    ├── KnowledgeError    a pack, rule, chain or table of ours is unusable (exit code 2)
    │   └── PluginError   a plugin file does not hold what its folder promises
    └── SourceError       a source could not be opened or read at all (exit code 3)

Damage *inside* evidence is never an exception: it is a `tocsin.model.problem.Problem`, counted
and shown.
"""

from __future__ import annotations


class TocsinError(Exception):
    """The root: every error that Tocsin raises on purpose.

    The message says what happened, where, and what to do about it.
    """

    def __init__(self, message: str, *, where: str | None = None) -> None:
        """Keep `where` (file, line or key) in front of the message."""
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


class UsageError(TocsinError):
    """The command line or the calling code asked for something that cannot be done."""


class KnowledgeError(TocsinError):
    """A pack, rule, chain, benign pattern or table in `knowledge/data` is unusable.

    It stops the run: an analyst must never hunt with a rule silently missing.
    """


class PluginError(KnowledgeError):
    """A plugin file lacks its constant, or the constant has the wrong type."""


class SourceError(TocsinError):
    """A source does not exist, is of no kind that we read, or cannot be opened at all."""
