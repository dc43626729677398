"""What every opened source looks like to the rest of Tocsin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType
    from typing import Self

    from tocsin.model.artefact import FileTime
    from tocsin.model.path import EvidencePath
    from tocsin.model.problem import Problem


class Member(Protocol):
    """One file in a collection. `size_bytes` is what the container claims."""

    @property
    def path(self) -> EvidencePath:
        """Where it lies in the collection, and lay on the server."""
        ...

    @property
    def size_bytes(self) -> int:
        """The size of the content, as the container claims it."""
        ...

    @property
    def times(self) -> tuple[FileTime, ...]:
        """Every time that somebody gives for it, each with its origin."""
        ...

    @property
    def has_random_access(self) -> bool:
        """Whether every place of it can be read without reading all that comes before it."""
        ...

    def open(self) -> BinaryIO:
        """A fresh, seekable stream at the start of the content.

        Raises `OSError` where the file vanished or its content is damaged. A stream may also end
        early and raise at the read after that: a parser sees all that came before the damage,
        and `tocsin.evidence.manifest.HashingStream.finish` raises. The caller turns it into a
        `Problem` with `tocsin.evidence.damage.problem_of`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Against hostile archives. All sizes in bytes; every limit that is hit is a `Problem`."""

    total_bytes: int = 200 * 2**30
    member_bytes: int = 64 * 2**30
    ratio: float = 250.0
    """Unpacked to packed, judged once more than `ratio_from_bytes` came out of a member."""
    ratio_from_bytes: int = 64 * 2**20
    members: int = 2_000_000
    nesting: int = 2
    """How many archives deep: 1 is the source itself."""


@dataclass(kw_only=True)
class Collection:
    """An opened source. Use it as a context manager; it closes what it opened.

    `problems` grows while `members` is walked. `members` may be walked more than once.
    `total_bytes` is what there is to read, as the container claims; None where it does not say.
    `claimed` holds, by the path inside, the SHA-256 that the collecting tool took on the server.
    """

    name: str
    problems: list[Problem] = field(default_factory=list)
    claimed: Mapping[str, str] = field(default_factory=dict)
    total_bytes: int | None = None

    def members(self) -> Iterator[Member]:
        """Every file, in the order of its path, without links and devices."""
        raise NotImplementedError

    def close(self) -> None:
        """Give back whatever is open or spooled."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()
