"""Which events a rule's log source means, and what the log calls the fields that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.matching.sigma.origin import VERBATIM, How
from tocsin.matching.sigma.table import table
from tocsin.matching.sigma.uri import Part
from tocsin.matching.sigma.view import NO_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tocsin.events.format import Format, LogSource
    from tocsin.matching.sigma.origin import Origin
    from tocsin.matching.sigma.uri import Web


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Some events of a format: all of them where `streams` and `event_ids` are None.

    `streams` are case-folded. `names` says where this log has the fields that rules call
    otherwise. `web` is set where a rule may look at the request in other views too.
    """

    streams: frozenset[str] | None = None
    event_ids: frozenset[str] | None = None
    names: Mapping[str, Origin] = field(default_factory=dict)
    web: Web | None = None

    @property
    def takes_all(self) -> bool:
        """Whether every event of the format is meant."""
        return self.streams is None and self.event_ids is None

    def takes(self, stream: str, event_id: str | None) -> bool:
        """Whether an event of this (case-folded) stream and id is meant."""
        return (self.streams is None or stream in self.streams) and (
            self.event_ids is None or event_id in self.event_ids
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where a rule's field can take its text from: what a search of the bytes of a log must know.

    `columns` are all logged fields that can be part of it. All else is what is possible, and never
    certain, for the row as logged counts as well:

    * `made`: its text need not stand in the row at all (a number written otherwise, a word for
      another word), so no literal of the rule may be demanded;
    * `joined`: it may be two columns with a ``?`` between them, so a literal may be demanded only
      in its pieces between question marks;
    * not `whole`: it may begin or end elsewhere than its column;
    * `percent`: the row may have it percent-encoded; `blanks`: with ``+`` for a blank.
    """

    columns: tuple[str, ...]
    whole: bool = True
    joined: bool = False
    percent: bool = False
    blanks: bool = False
    made: bool = False


def sources_of(name: str, route: Route, *, across: bool = True) -> Sources:
    """The logged fields whose text, verbatim or decoded, makes up field `name` on `route`.

    `route` is what `merged` gives for a rule and a kind of event, and `across` whether its rule
    sees the URI in one piece too. Keywords search all values and the record, as logged, whatever
    the route.
    """
    origin = route.names.get(name)
    columns = dict.fromkeys((*(origin.columns if origin else ()), name))
    how = origin.how if origin else How.SAME
    made = origin is not None and (how not in VERBATIM or bool(origin.words))
    part = route.web.parts.get(name) if route.web else None
    if route.web is None or part is None:
        return Sources(
            columns=tuple(columns),
            whole=how is How.SAME,
            joined=how is How.URI,
            blanks=route.web is not None and name in route.web.blanks,
            made=made,
        )
    return Sources(
        columns=tuple(dict.fromkeys((*columns, *route.web.columns)) if across else columns),
        whole=False,
        joined=across and part is not Part.EXTENSION,
        percent=True,
        blanks=True,
        made=made,
    )


def routes(wanted: LogSource, form: Format, *, users: bool = False) -> tuple[Route, ...]:
    """What part of `form` serves the log source `wanted`; nothing where it serves none of it.

    Every attribute that the rule names must agree; what it leaves out may be anything. `users`:
    for a rule that the user brought, which knows no log of ours: more logs serve it, under the
    names that SigmaHQ uses, and it may look at requests in all views.
    """
    known = table()
    web = known.web.get(form.name) if users else None
    whole = Route(names=web.names if web else NO_NAMES, web=web)
    if any(_agrees(wanted, one.product, one.category, one.service) for one in form.log_sources):
        return (whole,)
    if wanted.service is not None and any(
        _agrees(wanted, product, None, form.name) for product in known.format_products
    ):
        return (whole,)
    return tuple(
        Route(
            streams=one.streams,
            event_ids=one.event_ids,
            names={**web.names, **one.names} if web else one.names,
            web=web,
        )
        for one in known.sources
        if form.name in one.formats
        and (users or not one.for_users)
        and (one.category is None or wanted.category is not None)
        and _agrees(wanted, one.product, one.category, one.service)
    )


def merged(found: Sequence[Route], stream: str, event_id: str | None) -> Route | None:
    """The one way on which a rule with these routes sees a kind of event; None where it does not.

    `stream` is case-folded.
    """
    taken = [route for route in found if route.takes(stream, event_id)]
    if len(taken) < 2:
        return taken[0] if taken else None
    names = {name: origin for route in taken for name, origin in route.names.items()}
    return Route(names=names, web=taken[0].web)


def is_event_log(form: Format) -> bool:
    """Whether `form` holds Windows events, whose `EventID` tells them apart."""
    return form.name in table().event_log_formats


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
