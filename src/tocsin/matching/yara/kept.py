"""Compiled rules as bytes, for the cache: thousands of them take seconds to compile."""

from __future__ import annotations

import io
from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec
import yara_x

from tocsin.matching.cache import key_of
from tocsin.matching.yara.compile import Compiled, CompiledSet
from tocsin.matching.yara.info import lead
from tocsin.matching.yara.panic import is_panic
from tocsin.model.result import RuleFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from tocsin.matching.cache import RuleCache
    from tocsin.matching.yara.gather import Unit

_SCHEME = "yara 2"
"""Counted up when the meaning of what is kept changes."""


class _Kept(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is needed to ask the rules: namespace, name and id; and id, title and file."""

    compiled: bytes
    ids: tuple[tuple[str, str, str], ...]
    slow: tuple[str, ...]
    leads: tuple[tuple[str, str, str], ...]
    failed: tuple[RuleFailure, ...]


def kept_or_made(
    units: Sequence[Unit],
    taken: Collection[str],
    cache: RuleCache | None,
    make: Callable[[], Compiled],
) -> Compiled:
    """The rules of `units` as they were kept, else as `make` makes them; and then keep them."""
    if cache is None or not units:
        return make()
    key = key_of(*_what_counts(units, taken))
    content = cache.load(key)
    kept = unpacked(content) if content is not None else None
    if kept is None:
        kept = make()
        cache.store(key, packed(kept))
    return kept


def packed(rules: Compiled) -> bytes:
    """Everything that was made of the user's files, as bytes."""
    stream = io.BytesIO()
    rules.rules.compiled.serialize_into(stream)
    return msgspec.msgpack.encode(
        _Kept(
            compiled=stream.getvalue(),
            ids=tuple((*where, rule) for where, rule in rules.rules.ids.items()),
            slow=rules.rules.slow,
            leads=tuple((one.id, one.title, one.file) for one in rules.infos.values()),
            failed=rules.failed,
        )
    )


def unpacked(content: bytes) -> Compiled | None:
    """What `packed` gave; None where it is of another version or no such thing.

    The bytes must be those that were written, which the cache checks: YARA-X does not always
    notice a flipped bit, and the rules would mean something else.
    """
    try:
        kept = msgspec.msgpack.decode(content, type=_Kept)
        compiled = yara_x.Rules.deserialize_from(io.BytesIO(kept.compiled))
    except (msgspec.DecodeError, ValueError, OSError):
        return None
    except BaseException as error:
        if not is_panic(error):
            raise
        return None
    return Compiled(
        rules=CompiledSet(
            compiled=compiled,
            ids={(namespace, name): rule for namespace, name, rule in kept.ids},
            slow=kept.slow,
        ),
        infos={slug: lead(slug, title, file) for slug, title, file in kept.leads},
        failed=kept.failed,
    )


def _what_counts(units: Sequence[Unit], taken: Collection[str]) -> Iterator[str]:
    """Whatever the compiled rules depend on."""
    yield from (_SCHEME, version("yara-x"), str(len(taken)), *sorted(taken))
    for unit in units:
        yield from (unit.file, str(len(unit.pieces)), str(len(unit.private)))
        for piece in unit.pieces:
            yield from (piece.file, str(piece.line), piece.text)
