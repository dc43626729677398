"""Why a file could not be taken, or not whole: in a word for scripts and a sentence for people."""

from __future__ import annotations

import errno

from tocsin.evidence.own_manifest import Trouble, TroubleCode

_LOCKED_WINDOWS = (32, 33)
"""ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION: another program keeps it for itself."""
_CODES = {
    TroubleCode.LOCKED: (errno.EBUSY, errno.EAGAIN, errno.ETXTBSY, errno.EDEADLK),
    TroubleCode.PERMISSION: (errno.EACCES, errno.EPERM),
    TroubleCode.VANISHED: (errno.ENOENT, errno.ENOTDIR, errno.ESTALE),
    TroubleCode.LINK: (errno.ELOOP,),
}


def trouble_of(error: OSError, path: str) -> Trouble:
    """The trouble that `error` amounts to, with the file at `path` in the collection."""
    detail = error.strerror or str(error) or type(error).__name__
    if getattr(error, "winerror", None) in _LOCKED_WINDOWS:
        return Trouble(path=path, code=TroubleCode.LOCKED, detail=detail)
    code = next(
        (code for code, numbers in _CODES.items() if error.errno in numbers),
        TroubleCode.UNREADABLE,
    )
    return Trouble(path=path, code=code, detail=detail)
