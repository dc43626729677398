"""How damage in a container travels: as an `OSError` with a code while reading, then a `Problem`.

Nothing here stops a run, except `ArchiveError` for the source itself.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tocsin.errors import SourceError
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT_OF_EACH_CODE = 1_000
"""Problems of one code that one archive may list singly; a hostile one names millions."""


class MemberError(OSError):
    """A member cannot be read further; `code` says why. What was read before it stands."""

    def __init__(self, code: ProblemCode, detail: str) -> None:
        """Keep the code beside the text."""
        super().__init__(detail)
        self.code = code
        self.detail = detail


class ArchiveError(SourceError):
    """A whole archive cannot be opened: fatal for the source, a `Problem` for a nested one."""

    def __init__(self, code: ProblemCode, detail: str, *, where: str | None = None) -> None:
        """Keep the code and the bare text for the case of a nested archive."""
        super().__init__(detail, where=where)
        self.code = code
        self.detail = detail


def problem_of(error: OSError, inside: str) -> Problem:
    """The problem that a failed `Member.open` or read amounts to."""
    if isinstance(error, MemberError):
        return Problem(artefact=inside, line=None, code=error.code, detail=error.detail)
    detail = error.strerror or str(error) or type(error).__name__
    return Problem(artefact=inside, line=None, code=ProblemCode.UNREADABLE, detail=detail)


class ProblemLog:
    """Collects the problems of one container, and counts those beyond what a reader can use."""

    def __init__(self, problems: list[Problem], container: str) -> None:
        """Append to `problems`; `container` is named where the rest is only counted."""
        self._problems = problems
        self._container = container
        self._seen: Counter[ProblemCode] = Counter()

    def add(self, code: ProblemCode, inside: str, detail: str) -> None:
        """Report one place."""
        self._seen[code] += 1
        if self._seen[code] <= KEPT_OF_EACH_CODE:
            self._problems.append(Problem(artefact=inside, line=None, code=code, detail=detail))

    def close(self) -> None:
        """Say how many were only counted, so that none is lost silently."""
        self._problems.extend(self._rest())

    def _rest(self) -> Iterator[Problem]:
        for code, count in sorted(self._seen.items()):
            if count > KEPT_OF_EACH_CODE:
                yield Problem(
                    artefact=self._container,
                    line=None,
                    code=code,
                    detail=f"{count - KEPT_OF_EACH_CODE} more members like this, not listed",
                )
