"""Keep memory that was freed, for the next block of the same log.

Arrays as large as a block of a log come straight from the system otherwise, and go back to it at
once: the pages are zeroed for each anew, which took a third of the time of reading a log. Kept
memory is bounded: it is what the process held at its peak.
"""

from __future__ import annotations

import ctypes
import sys

# Source: glibc, malloc.h: the numbers of mallopt's parameters.
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_LARGEST_BLOCK_BYTES = 32 * 2**20
_KEPT_BYTES = 256 * 2**20


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
