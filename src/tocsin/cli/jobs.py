"""`--jobs N`: how many processes share the work."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tocsin.errors import UsageError
from tocsin.matching.crew import can_fork

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

MOST_JOBS = 256


def configure(parser: ArgumentParser) -> None:
    """Add the option."""
    group = parser.add_argument_group("how it is done")
    group.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        default=1,
        help="share the work among so many processes, 0 for one on each processor; the result is "
        "the same (%(default)s unless given)",
    )


def jobs_from(arguments: Namespace) -> int:
    """How many processes. Raises `UsageError` for what cannot be; says where it must be one."""
    jobs: int = arguments.jobs
    if not 0 <= jobs <= MOST_JOBS:
        raise UsageError(f"needs a number from 0 to {MOST_JOBS}", where="--jobs")
    if jobs != 1 and not can_fork():
        print("tocsin: --jobs: this system cannot fork safely; one process works", file=sys.stderr)
        return 1
    return jobs or len(os.sched_getaffinity(0))
