"""Which events a rule's log source means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.root import cached, data_root
from tocsin.matching.sigma.view import NO_ALIASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.events.format import Format, LogSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Some events of a format: all of them where `streams` and `event_ids` are None.

    `streams` are case-folded. `aliases` are the field names that this log uses for those that
    rules use.
    """

    streams: frozenset[str] | None = None
    event_ids: frozenset[str] | None = None
    aliases: Mapping[str, str]

    def takes(self, stream: str, event_id: str | None) -> bool:
        """Whether an event of this (case-folded) stream and id is meant."""
        return (self.streams is None or stream in self.streams) and (
            self.event_ids is None or event_id in self.event_ids
        )


class _Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    product: str | None = None
    category: str | None = None
    service: str | None = None
    formats: tuple[str, ...] = ()
    streams: tuple[str, ...] | None = None
    event_ids: tuple[str, ...] | None = None
    fields: dict[str, str] = {}


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    event_log_formats: tuple[str, ...]
    format_products: tuple[str, ...]
    source: tuple[_Source, ...]


def routes(wanted: LogSource, form: Format) -> tuple[Route, ...]:
    """What part of `form` serves the log source `wanted`; nothing where it serves none of it.

    Every attribute that the rule names must agree; what it leaves out may be anything.
    """
    table = _table()
    whole = Route(aliases=NO_ALIASES)
    if any(_agrees(wanted, one.product, one.category, one.service) for one in form.log_sources):
        return (whole,)
    if wanted.service is not None and any(
        _agrees(wanted, product, None, form.name) for product in table.format_products
    ):
        return (whole,)
    return tuple(
        Route(
            streams=_folded(one.streams),
            event_ids=None if one.event_ids is None else frozenset(one.event_ids),
            aliases=one.fields,
        )
        for one in table.source
        if form.name in (one.formats or table.event_log_formats)
        and _agrees(wanted, one.product, one.category, one.service)
    )


def is_event_log(form: Format) -> bool:
    """Whether `form` holds Windows events, whose `EventID` tells them apart."""
    return form.name in _table().event_log_formats


def _agrees(
    wanted: LogSource, product: str | None, category: str | None, service: str | None
) -> bool:
    return all(
        asked is None or (given is not None and _spelling(asked) == _spelling(given))
        for asked, given in (
            (wanted.product, product),
            (wanted.category, category),
            (wanted.service, service),
        )
    )


def _spelling(word: str) -> str:
    """Rules write ``ecp-server``, Python files ``ecp_server``."""
    return word.casefold().replace("_", "-")


def _folded(streams: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if streams is None else frozenset(stream.casefold() for stream in streams)


@cached
def _table() -> _Table:
    try:
        return msgspec.toml.decode((data_root() / "logsources.toml").read_bytes(), type=_Table)
    except msgspec.DecodeError as error:
        raise KnowledgeError(str(error), where="logsources.toml") from error
