"""Whether a text holds one of many words, at a cost that does not grow with their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import re2  # type: ignore[import-untyped] # it ships no types

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FEW = 4
"""Up to so many words, looking for one after the other is as fast."""
_MEMORY_BYTES = 2**28
"""What RE2 may use at the very most. Pivots are a few thousand words of a few dozen letters."""


def holding(words: Sequence[str]) -> Callable[[str], bool]:
    """Say yes to a lower-case text that holds one of `words`, which are lower case too.

    An intruder who attacks from 500 addresses gives 500 words to look for in every row.
    """
    if len(words) <= _FEW:
        few = tuple(words)
        return lambda text: any(word in text for word in few)
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    options.never_capture = True
    options.log_errors = False
    pattern = "|".join(re2.escape(word.encode("utf-8", "replace").decode()) for word in words)
    search = re2.compile(pattern, options).search
    return lambda text: search(text.encode("utf-8", "replace")) is not None
