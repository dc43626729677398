"""Takes rights away from itself, and becomes another program. Run as a script, by its path.

``python -I confine.py MEMORY FILE COMMAND...``, in bytes. What it takes away stays away from the
program and from all that it starts: memory, size of files, core dumps, rights of set-user-ID
files, precedence. It dies with the worker that started it. Only the standard library is used,
since a function that runs between fork and exec is not safe in a process with threads.

Source: Linux man-pages, setrlimit(2), prctl(2).
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_NICE = 10


def main(memory_bytes: int, file_bytes: int, command: list[str]) -> None:
    """Never returns."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.nice(_NICE)
    os.umask(0o077)
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, file_bytes),
        # Not RLIMIT_AS: YARA's engine reserves addresses by the GiB, and writes to few of them.
        (resource.RLIMIT_DATA, memory_bytes),
    ):
        resource.setrlimit(kind, (most, most))
    os.execv(command[0], command)  # noqa: S606 no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
