"""What stops a task in one file, as a problem of that file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.evidence.damage import problem_of
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.evidence.collection import Member


def failure_of(read: Callable[[], None], member: Member) -> Problem | None:
    """Why a file could not be read, or not to its end."""
    try:
        read()
    except Exception as error:  # noqa: BLE001 a worker: see `as_problem`
        return as_problem(error, member.path.inside)
    return None


def as_problem(error: Exception, path: str) -> Problem:
    """What keeps us from reading a file, or the rest of it.

    A defect of ours in one file must cost neither the other files nor the truth: the responder
    has one server and little time. So the work goes on, the file counts as lost (nothing is
    claimed of it), and the problem says that it is our fault.
    """
    if isinstance(error, OSError):
        return problem_of(error, path)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else "nowhere"
    return defect(path, f"{type(error).__name__} in {where}")


def defect(path: str, what: str) -> Problem:
    """A problem that is no fault of the evidence."""
    detail = f"a defect of Tocsin, please report it: {what}"
    return Problem(artefact=path, line=None, code=ProblemCode.DEFECT, detail=detail)
