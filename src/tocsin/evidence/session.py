"""What one opening of a source shares among its containers: limits, spool, names and problems."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from tocsin.evidence.damage import MemberError, ProblemLog
from tocsin.evidence.naming import safe
from tocsin.evidence.regions import Handle, chunks_of, stream_of
from tocsin.evidence.spool import Spool
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Generator, Iterator

    from tocsin.evidence.collection import Limits
    from tocsin.evidence.regions import HandleRegion
    from tocsin.model.artefact import FileTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file as its container names it, before its name is made safe.

    `region` gives random access to the content where that costs nothing.
    """

    name: str
    size_bytes: int
    times: tuple[FileTime, ...]
    open: Callable[[], BinaryIO]
    region: Callable[[], HandleRegion] | None = None


Entries: TypeAlias = "Generator[Entry, None, None]"
"""What a container gives out; closing it ends what it keeps running."""


class Budget:
    """How much more may be unpacked, over all containers of one source together."""

    def __init__(self, limits: Limits) -> None:
        """Start with all that `limits` allow."""
        self.left_bytes = limits.total_bytes
        self.left_members = limits.members

    def take(self, size_bytes: int) -> bool:
        """Take `size_bytes` if they are left."""
        if size_bytes > self.left_bytes:
            return False
        self.left_bytes -= size_bytes
        return True

    def take_member(self) -> bool:
        """Take one member if one is left."""
        self.left_members -= 1
        return self.left_members >= 0


class Session:
    """Open while the collection is; `close` gives everything back."""

    def __init__(self, limits: Limits, on_bytes: Callable[[int], None] | None) -> None:
        """Open nothing yet; `on_bytes` hears of every byte that is unpacked into the spool."""
        self.limits = limits
        self.budget = Budget(limits)
        self.problems: list[Problem] = []
        self.resources = ExitStack()
        self.spool = Spool(on_bytes)
        self.resources.callback(self.spool.close)

    def keep(self, descriptor: int) -> Handle:
        """Own an open file descriptor until the end."""
        handle = Handle(descriptor)
        self.resources.callback(handle.close)
        return handle

    def close(self) -> None:
        """Give back files and the spool."""
        self.resources.close()


class Container:
    """One archive or folder that is being opened: where its members lie and its problems go.

    `prefix` is the container's own path with a slash, empty for the source itself.
    """

    def __init__(self, session: Session, prefix: str, name: str) -> None:
        """`name` stands for the container as a whole in problems."""
        self.session = session
        self.prefix = prefix
        self.name = prefix.rstrip("/") or name
        self._log = ProblemLog(session.problems, self.name)

    @property
    def limits(self) -> Limits:
        """The limits of the whole source."""
        return self.session.limits

    def report(self, code: ProblemCode, member: str | None, detail: str) -> None:
        """Report a problem of a member by its raw name, or of the container itself."""
        inside = self.name if member is None else self.prefix + safe(member).inside
        self._log.add(code, inside, detail)

    def close(self) -> None:
        """Say how many problems were only counted."""
        self._log.close()

    def spooled(
        self,
        name: str,
        stream: io.BufferedIOBase,
        consumed: Callable[[], int],
        times: tuple[FileTime, ...] = (),
    ) -> Iterator[Entry]:
        """Keep what `stream` holds, as far as limits and damage allow, and report what is cut.

        Yields the entry, or nothing where nothing came out.
        """
        watch = Watch(self.session, consumed)
        region = self.session.spool.write(watch.chunks(stream))
        if watch.cut is not None:
            self.report(watch.cut.code, name, watch.cut.detail)
        if region.size_bytes or watch.cut is None:
            yield entry_of(name, region, times)


class Watch:
    """Lets through what comes out of one member, until a limit or damage cuts it."""

    def __init__(self, session: Session, consumed: Callable[[], int]) -> None:
        """Start at zero; `consumed` counts the packed bytes that went in."""
        self.cut: MemberError | None = None
        self._limits = session.limits
        self._budget = session.budget
        self._consumed = consumed
        self._consumed_before = consumed()
        self._produced = 0

    def chunks(self, stream: BinaryIO | io.BufferedIOBase) -> Iterator[bytes]:
        """The content, up to where `cut` then says why it ends."""
        try:
            for chunk in chunks_of(stream):
                self._count(len(chunk))
                yield chunk
        except MemberError as error:
            self.cut = error

    def _count(self, size_bytes: int) -> None:
        limits = self._limits
        self._produced += size_bytes
        packed = max(1, self._consumed() - self._consumed_before)
        if self._produced > limits.member_bytes:
            detail = f"it is larger than the {limits.member_bytes} bytes allowed for one file"
        elif self._produced > max(limits.ratio_from_bytes, limits.ratio * packed):
            detail = f"{packed} bytes unpack to {self._produced} and more"
        elif not self._budget.take(size_bytes):
            detail = f"the {limits.total_bytes} bytes allowed for all files are used up"
        else:
            return
        raise MemberError(ProblemCode.BOMB, f"{detail}; the rest is left out")


def entry_of(name: str, region: HandleRegion, times: tuple[FileTime, ...]) -> Entry:
    """An entry whose content is `region`."""
    return Entry(
        name=name,
        size_bytes=region.size_bytes,
        times=times,
        open=lambda: stream_of(region),
        region=lambda: region,
    )
