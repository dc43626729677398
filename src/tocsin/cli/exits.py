"""The exit codes of `tocsin`; each has its line in the reference.

Source: the team's interface page ("Commands") for 0 to 3. The others keep what went wrong with us
or around us from looking like a verdict.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a script learns from the exit code."""

    DONE = 0
    """The work was done."""
    LEVEL_REACHED = 1
    """The work was done, and the verdict is as bad as `--fail-on` says, or worse."""
    USAGE = 2
    """Wrong usage, or unusable knowledge of ours."""
    SOURCE = 3
    """A source could not be opened or read at all."""
    BUG = 70
    """A mistake in Tocsin; there is no result. As EX_SOFTWARE of sysexits.h."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C; there is no result."""
    PIPE_CLOSED = 141
    """Whoever read our output stopped reading."""
