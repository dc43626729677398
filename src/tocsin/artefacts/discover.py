"""Which format each file of a collection has: by its content first, then by its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tocsin.artefacts.head import readable_head
from tocsin.evidence.damage import problem_of
from tocsin.evidence.listed import is_own
from tocsin.model.artefact import Artefact
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tocsin.evidence.collection import Collection, Member
    from tocsin.model.path import EvidencePath

HEAD_BYTES = 64 * 1024


class Kind(Protocol):
    """What discovery needs of a log format: `tocsin.events.format.Format` is one."""

    @property
    def name(self) -> str:
        """The format's name, which the artefact carries."""
        ...

    @property
    def paths(self) -> tuple[str, ...]:
        """Globs of where it lies on a server."""
        ...

    @property
    def recognise(self) -> Callable[[bytes, EvidencePath], bool]:
        """Whether these first bytes, at this place, are the format."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """One file of the collection, and what it is. Every file comes exactly once.

    With an `artefact` it is to be parsed. Without one nobody looks into it, and it is only hashed
    for the manifest; `problem` then says why, where it lies in a place that matters. Where
    `readable` is false it could not even be opened: do not try again.
    """

    member: Member
    artefact: Artefact | None = None
    problem: Problem | None = None
    readable: bool = True


def discover(collection: Collection, kinds: Sequence[Kind]) -> Iterator[Discovered]:
    """Say of every file in `collection`, in its order, which of `kinds` it is.

    The choice: content and place agree, then content alone. Among equals the longest path
    pattern wins, then the first in `kinds`. Place alone makes no artefact but a problem:
    ``unrecognised``, or ``empty`` for a file without a byte.
    """
    for member in collection.members():
        if is_own(member.path.inside):
            yield Discovered(member=member)  # it quotes logs, and is none
            continue
        try:
            head = _head_of(member)
        except OSError as error:
            problem = problem_of(error, member.path.inside)
            yield Discovered(member=member, problem=problem, readable=False)
            continue
        yield _discovered(member, head, kinds)


def _head_of(member: Member) -> bytes:
    with member.open() as stream:
        return stream.read(HEAD_BYTES)


def _discovered(member: Member, head: bytes, kinds: Sequence[Kind]) -> Discovered:
    fits = {kind.name: _longest_fit(kind, member.path) for kind in kinds}
    kind = _choice(member, head, kinds, fits)
    if kind is not None:
        artefact = Artefact(
            path=member.path,
            format=kind.name,
            size_bytes=member.size_bytes,
            times=member.times,
        )
        return Discovered(member=member, artefact=artefact)
    expected = sorted(name for name, fit in fits.items() if fit)
    return Discovered(member=member, problem=_unexpected(member, head, expected))


def _choice(
    member: Member, head: bytes, kinds: Sequence[Kind], fits: dict[str, int]
) -> Kind | None:
    if not head:
        return None
    heads = [head] if (plain := readable_head(head)) is None else [head, plain]
    for candidate in heads:
        recognised = [kind for kind in kinds if kind.recognise(candidate, member.path)]
        if recognised:
            return max(recognised, key=lambda kind: fits[kind.name])
    return None


def _longest_fit(kind: Kind, path: EvidencePath) -> int:
    return max((len(pattern) for pattern in kind.paths if path.matches(pattern)), default=0)


def _unexpected(member: Member, head: bytes, expected: list[str]) -> Problem | None:
    if not expected:
        return None
    names = ", ".join(expected)
    if not head:
        code, detail = ProblemCode.EMPTY, f"it has no content; its place is that of: {names}"
    elif not head.strip(b"\0"):
        code, detail = ProblemCode.UNRECOGNISED, f"NUL bytes only; its place is that of: {names}"
    else:
        code, detail = ProblemCode.UNRECOGNISED, f"its content is not what lies here: {names}"
    return Problem(artefact=member.path.inside, line=None, code=code, detail=detail)
