"""The table of log sources (``logsources.toml``), as the code asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.root import cached, data_root
from tocsin.matching.sigma.origin import How, Origin
from tocsin.matching.sigma.uri import Part, web_log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.matching.sigma.uri import Web


class _Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    from_: tuple[str, ...] = msgspec.field(name="from")
    as_: Literal["same", "number", "account", "registry"] = msgspec.field(
        name="as", default="same"
    )
    words: dict[str, str] = {}


_Fields = dict[str, str | _Field]


class _Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    product: str | None = None
    category: str | None = None
    service: str | None = None
    formats: tuple[str, ...] = ()
    streams: tuple[str, ...] | None = None
    event_ids: tuple[str, ...] | None = None
    for_users: bool = False
    fields: _Fields = {}


class _Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    whole: tuple[str, ...]
    stem: tuple[str, ...]
    query: tuple[str, ...]
    extension: tuple[str, ...]


class _Web(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: str
    stem: str | None = None
    query: str | None = None
    uri: str | None = None
    plus: tuple[str, ...] = ()
    fields: _Fields = {}


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    event_log_formats: tuple[str, ...]
    format_products: tuple[str, ...]
    request: _Request
    source: tuple[_Source, ...]
    web: tuple[_Web, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One log source: all events of its formats where `streams` and `event_ids` are None.

    `streams` are case-folded. `for_users`: not for the rules of packs.
    """

    product: str | None
    category: str | None
    service: str | None
    formats: frozenset[str]
    streams: frozenset[str] | None
    event_ids: frozenset[str] | None
    for_users: bool
    names: Mapping[str, Origin]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Everything that the file says; `web` by format."""

    event_log_formats: frozenset[str]
    format_products: tuple[str, ...]
    sources: tuple[Source, ...]
    web: Mapping[str, Web]


@cached
def table() -> Table:
    """The table in use. Raises `KnowledgeError` where it cannot be read."""
    try:
        file = msgspec.toml.decode((data_root() / "logsources.toml").read_bytes(), type=_File)
        return Table(
            event_log_formats=frozenset(file.event_log_formats),
            format_products=file.format_products,
            sources=tuple(_source(one, file) for one in file.source),
            web={one.format: _web(one, file.request) for one in file.web},
        )
    except (msgspec.DecodeError, ValueError) as error:
        raise KnowledgeError(str(error), where="logsources.toml") from error


def _source(one: _Source, file: _File) -> Source:
    return Source(
        product=one.product,
        category=one.category,
        service=one.service,
        formats=frozenset(one.formats or file.event_log_formats),
        streams=None if one.streams is None else frozenset(map(str.casefold, one.streams)),
        event_ids=None if one.event_ids is None else frozenset(one.event_ids),
        for_users=one.for_users,
        names=_origins(one.fields),
    )


def _origins(fields: _Fields) -> dict[str, Origin]:
    return {name: _origin(name, field) for name, field in fields.items()}


def _origin(name: str, field: str | _Field) -> Origin:
    if isinstance(field, str):
        return Origin(columns=(field,))
    how = How(field.as_)
    count = len(field.from_)
    if not count or (how is How.ACCOUNT and count % 3) or (how is How.REGISTRY and count != 2):
        raise ValueError(f"{name}: {count} columns do not make a text as '{how}'")
    return Origin(columns=field.from_, how=how, words=tuple(field.words.items()))


def _web(one: _Web, request: _Request) -> Web:
    if one.uri is not None and (one.stem is not None or one.query is not None):
        raise ValueError(f"{one.format}: has either uri, or stem and query")
    return web_log(
        (one.stem, one.query) if one.uri is None else (one.uri,),
        {part: getattr(request, part.value) for part in Part},
        _origins(one.fields),
        frozenset(one.plus),
    )
