"""Regular expressions that a hostile text cannot hang."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import re2  # type: ignore[import-untyped] # it ships no types

from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.cost import steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tocsin.matching.sigma.text import TextTest

BACKTRACKING_LIMIT = 4096
"""Characters of a text that a pattern with look-around or back-references is shown."""
_SHOWN = (BACKTRACKING_LIMIT, 2048, 1024, 512, 256)
"""Characters shown: the first of these with which the search ends within `_STEPS`."""
_STEPS = 2**28
"""Steps of a search, so that no text costs more than seconds."""

_REMEMBERED = 256
_SHORT = 256
"""Characters. Together they keep the memory of one pattern below 300 KiB, whatever the texts."""


class _Pattern(Protocol):
    def search(self, text: bytes, /) -> object: ...


def regex(pattern: str, flags: re.RegexFlag) -> TextTest:
    """Say yes where `pattern` is found anywhere in the text; case matters unless it says not.

    RE2 does the work: its time grows with the length of the text, whatever the text. Look-around
    and back-references are beyond it; for these Python's engine is shown the first
    `BACKTRACKING_LIMIT` characters, and fewer where the pattern could take too long with them
    (`tocsin.matching.sigma.cost`). Raises `KnowledgeError` where neither reads the pattern, or
    where it could run for ever.
    """
    fast = _linear(pattern, flags)
    if fast is not None:
        return _remembering(_searching(fast))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            slow = re.compile(pattern, flags).search
            fitting = (one for one in _SHOWN if steps(pattern, flags, one) <= _STEPS)
            shown = next(fitting, None)
    except (re.error, OverflowError, RecursionError) as error:
        raise KnowledgeError(f"regular expression {pattern!r}: {error}") from error
    if shown is None:
        raise KnowledgeError(
            f"regular expression {pattern!r}: look-around or back-references beside repeats that "
            "stand inside or after each other; a text could make it run for ever"
        )
    return lambda text: slow(text[:shown]) is not None


def regex_of_ascii(patterns: Sequence[tuple[str, re.RegexFlag]]) -> Callable[[bytes], bool] | None:
    """The same for text that is ASCII and given as bytes: whether one of them is found.

    None where a pattern is beyond RE2.
    """
    found = [_linear(pattern, flags) for pattern, flags in patterns]
    searches = [one.search for one in found if one is not None]
    if len(searches) < len(found):
        return None
    if len(searches) == 1:
        (only,) = searches
        return lambda text: only(text) is not None
    return lambda text: any(search(text) is not None for search in searches)


def is_linear(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> bool:
    """Whether RE2 reads `pattern`, so that no text can make it slow."""
    return _linear(pattern, flags) is not None


def _searching(pattern: _Pattern) -> TextTest:
    search = pattern.search
    # A lone surrogate stands for a byte that was no text; RE2 takes only what UTF-8 can say.
    return lambda text: search(text.encode("utf-8", "replace")) is not None


def _remembering(test: TextTest) -> TextTest:
    """The same test, which asks RE2 once for a short text: logs say the same again and again."""
    remembered = lru_cache(maxsize=_REMEMBERED)(test)
    return lambda text: remembered(text) if len(text) <= _SHORT else test(text)


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
