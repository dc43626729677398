"""Has Python look for garbage in cycles less often, while very many small objects come and go.

Rows are freed as soon as nobody holds them. The collector looks through all that is young after
each 700 objects that stay, which took a sixth of the time of an import.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_AFTER = 50_000
"""Objects, of a hundred bytes or so each: some megabytes that wait to be looked through."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Around what makes objects by the million."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _AFTER), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
