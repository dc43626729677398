"""Regular expressions that a hostile text cannot hang."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Protocol

import re2  # type: ignore[import-untyped] # it ships no types

from tocsin.errors import KnowledgeError

if TYPE_CHECKING:
    from tocsin.matching.sigma.text import TextTest

BACKTRACKING_LIMIT = 4096
"""Characters of a text that a pattern with look-around or back-references is shown."""


class _Pattern(Protocol):
    def search(self, text: bytes, /) -> object: ...


def regex(pattern: str, flags: re.RegexFlag) -> TextTest:
    """Say yes where `pattern` is found anywhere in the text; case matters unless it says not.

    RE2 does the work: its time grows with the length of the text, whatever the text. Look-around
    and back-references are beyond it; for these Python's engine is shown the first
    `BACKTRACKING_LIMIT` characters. Raises `KnowledgeError` where neither reads the pattern.
    """
    fast = _linear(pattern, flags)
    if fast is not None:
        search = fast.search
        # A lone surrogate stands for a byte that was no text; RE2 takes only what UTF-8 can say.
        return lambda text: search(text.encode("utf-8", "replace")) is not None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            slow = re.compile(pattern, flags).search
    except (re.error, OverflowError) as error:
        raise KnowledgeError(f"regular expression {pattern!r}: {error}") from error
    return lambda text: slow(text[:BACKTRACKING_LIMIT]) is not None


def is_linear(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> bool:
    """Whether RE2 reads `pattern`, so that no text can make it slow."""
    return _linear(pattern, flags) is not None


def _linear(pattern: str, flags: re.RegexFlag) -> _Pattern | None:
    options = re2.Options()
    options.log_errors = False
    letters = "".join(
        letter
        for letter, flag in (("i", re.IGNORECASE), ("m", re.MULTILINE), ("s", re.DOTALL))
        if flags & flag
    )
    try:
        compiled: _Pattern = re2.compile(f"(?{letters}){pattern}" if letters else pattern, options)
    except (re2.error, UnicodeEncodeError):
        return None
    return compiled
