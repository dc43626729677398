"""Takes rights away from itself, and becomes another program. Run as a script, by its path.

``python -I confine.py MEMORY FILE TOLD COMMAND...``, in bytes; TOLD is a file descriptor to which
it writes what it could take away of the network. What it takes away stays away from the program
and from all that it starts: the network, sockets of any kind, looking into other processes,
memory, size of files, core dumps, rights of set-user-ID files, precedence. It dies with the worker
that started it. Only the standard library is used, since a function that runs between fork and
exec is not safe in a process with threads.

Source: Linux man-pages, setrlimit(2), prctl(2), unshare(2), user_namespaces(7), seccomp(2); the
kernel's Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path

NETWORK, SOCKETS = "network", "sockets"
"""No interface is there, in a network of its own; no socket can be made."""
_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_NOBODY = 65534
_NICE = 10
_REFUSED = {
    # socket, ptrace, process_vm_readv, process_vm_writev, io_uring_setup, pidfd_getfd
    "x86_64": (0xC000003E, (41, 101, 310, 311, 425, 438)),
    "aarch64": (0xC00000B7, (198, 117, 270, 271, 425, 438)),
}
"""The kernel's number of an architecture, and its numbers of calls that a hunt never needs."""
_OTHER_CALLS = 0x40000000
"""Numbers from here are those of x32, by which a filter would be passed."""
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _EACCES = 0x7FFF0000, 0x00050000 | 13


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def main(memory_bytes: int, file_bytes: int, told: int, command: list[str]) -> None:
    """Never returns."""
    libc = ctypes.CDLL(None, use_errno=True)
    away = [NETWORK] if leave_network(libc) else []
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if refuse_sockets(libc):
        away.append(SOCKETS)
    os.write(told, " ".join(away).encode())
    os.close(told)
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


def leave_network(libc: ctypes.CDLL) -> bool:
    """Move into a network in which nothing is. Whether the machine lets us."""
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return bool(libc.unshare(_CLONE_NEWNET) == 0)  # root may without a namespace of users
    with suppress(OSError):  # else it is nobody in there, which does as well
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/gid_map").write_text(f"{group or _NOBODY} {group} 1", "ascii")
        # Root is nobody in there, so that it has no rights over its own namespace.
        Path("/proc/self/uid_map").write_text(f"{user or _NOBODY} {user} 1", "ascii")
    return True


def refuse_sockets(libc: ctypes.CDLL) -> bool:
    """Let the kernel refuse calls that a hunt never needs. Whether it does."""
    architecture, calls = _REFUSED.get(platform.machine(), (0, ()))
    if not calls:
        return False
    last = len(calls) + 1
    """The place of what allows; what refuses stands behind it."""
    steps = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 0, last + 2, architecture),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, last, 0, _OTHER_CALLS),
        *((_EQUAL, len(calls) - at, 0, call) for at, call in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _EACCES),
    ]
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    set_filter: int = libc.prctl(
        _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0
    )
    return set_filter == 0


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
