"""What becomes of evidence before anybody reads it: half-written, half-copied, half-deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tocsin.samples.archive import Member
    from tocsin.samples.recipe import Damage

NUL_PADDING = 4096
"""How many NUL bytes a file gets whose last blocks were allocated but never written."""


def spoil(members: Iterable[Member], damage: Iterable[Damage]) -> list[Member]:
    """`members` after all of `damage`, in its order.

    Raises `KnowledgeError` for damage that meets no file: the recipe would promise too much.
    """
    left = list(members)
    for one in damage:
        hit = [EvidencePath.plain(member.path).matches(one.file) for member in left]
        if not any(hit):
            raise KnowledgeError("damages no file", where=one.file)
        left = [
            spoilt
            for member, meant in zip(left, hit, strict=True)
            for spoilt in (_SPOILERS[one.how](member, one.at) if meant else (member,))
        ]
    return left


def _lose(_member: Member, _at: float) -> Iterator[Member]:
    yield from ()


def _cut(member: Member, at: float) -> Iterator[Member]:
    yield replace(member, content=member.content[: _offset(member, at)])


def _cut_line(member: Member, at: float) -> Iterator[Member]:
    """A line that stops in its middle; the file goes on."""
    start = member.content.find(b"\n", _offset(member, at)) + 1
    end = member.content.find(b"\n", start)
    middle = start + (end - start) // 2
    yield replace(member, content=member.content[:middle] + b"\r\n" + member.content[end + 1 :])


def _nul(member: Member, at: float) -> Iterator[Member]:
    yield replace(member, content=member.content[: _offset(member, at)] + bytes(NUL_PADDING))


def _utf16(member: Member, _at: float) -> Iterator[Member]:
    """As an editor saves it whose owner only wanted to have a look."""
    text = member.content.decode("utf-8-sig")
    yield replace(member, content=text.encode("utf-16"))


def _bytes(member: Member, at: float) -> Iterator[Member]:
    """Bytes that are no UTF-8, as from a bad block."""
    offset = _offset(member, at)
    bad = bytes(range(0x80, 0x100))
    yield replace(member, content=member.content[:offset] + bad + member.content[offset:])


def _duplicate(member: Member, at: float) -> Iterator[Member]:
    """The same name twice, as when a collection is resumed."""
    yield member
    yield from _cut(member, at)


def _encrypt(member: Member, _at: float) -> Iterator[Member]:
    # Twelve bytes more than the content: the header that the old zip encryption puts in front.
    yield replace(member, content=bytes(12) + member.content[::-1], encrypted=True)


_SPOILERS: dict[str, Callable[[Member, float], Iterator[Member]]] = {
    "lose": _lose,
    "cut": _cut,
    "cut_line": _cut_line,
    "nul": _nul,
    "utf16": _utf16,
    "bytes": _bytes,
    "duplicate": _duplicate,
    "encrypt": _encrypt,
}


def _offset(member: Member, at: float) -> int:
    return int(len(member.content) * at)
