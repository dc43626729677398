"""How this process uses memory: what was freed is kept, and garbage is looked for seldom.

Arrays as large as a block of a log come straight from the system otherwise, and go back to it at
once: the pages are zeroed for each anew, which took a third of the time of reading a log. Kept
memory is bounded: it is what the process held at its peak.

Python looks for cycles after every 700 new objects, and rules are made of hundreds of thousands
that stay: that was a twentieth of the time of a whole run. Hardly anything here makes cycles.
"""

from __future__ import annotations

import ctypes
import gc
import sys

# Source: glibc, malloc.h: the numbers of mallopt's parameters.
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_LARGEST_BLOCK_BYTES = 32 * 2**20
_KEPT_BYTES = 256 * 2**20
_NEW_OBJECTS = 50_000
"""New objects that may be parts of cycles before they are looked at; some ten MB at most."""


def keep_freed_memory() -> bool:
    """Tell the C library, where it is glibc; whether it took it. Elsewhere nothing changes."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    taken = mallopt(_MMAP_THRESHOLD, _LARGEST_BLOCK_BYTES) and mallopt(
        _TRIM_THRESHOLD, _KEPT_BYTES
    )
    return bool(taken)


def collect_seldom() -> None:
    """Look for garbage less often than Python does by itself."""
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
