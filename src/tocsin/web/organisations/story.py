"""What happened to an organisation, or to one host, in order of time: the newest first.

Apps above this one know most of it: each registers what it can tell by `tells`, when it is ready.
Here are the decisions, which lie below.
"""

from __future__ import annotations

from datetime import datetime
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q

from tocsin.web.audit.queries import decisions_of
from tocsin.web.campaigns.models import Campaign
from tocsin.web.design.deeds import DEEDS
from tocsin.web.design.words import word_in
from tocsin.web.organisations.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Source = Callable[["About", int], Iterable["Moment"]]

MOST_HOSTS = 500
"""Of an organisation with more hosts, decisions about single hosts are told of so many."""
_SUBJECT = 200


class About(NamedTuple):
    """Whose story it is: that of an organisation with its hosts, or of one host alone."""

    campaign: Campaign
    hosts: tuple[str, ...]
    organisation: Organisation | None = None


class Moment(NamedTuple):
    """One thing that happened. `text` says what, as a sentence without its full stop.

    `since` is where it lies between two times. `host` and `url` are links, `who` did it; `written`
    says that a person wrote the text, with breaks between its lines. `alike` is what a sighting
    says; those that say the same between two other things are told as one, with them `behind` it.
    """

    at: datetime
    kind: str
    text: str
    since: datetime | None = None
    host: str = ""
    url: str = ""
    who: str = ""
    written: bool = False
    alike: str = ""
    behind: tuple[Moment, ...] = ()


_SOURCES: list[Source] = []


def tells(source: Source) -> Source:
    """Register what another app can tell: given a number, its newest so many moments or more."""
    if source not in _SOURCES:
        _SOURCES.append(source)
    return source


def moments(about: About, page: int = 1, size: int = 100) -> tuple[list[Moment], bool]:
    """One page of the story, and whether there are older ones."""
    most = page * size + 1
    told = [sorted(source(about, most), key=_when, reverse=True) for source in _SOURCES]
    found = list(islice(merge(*told, key=_when, reverse=True), (page - 1) * size, most))
    return told_together(found[:size]), len(found) > size


def told_together(found: Iterable[Moment]) -> list[Moment]:
    """Sightings that say the same as one, as long as nothing else happened between them."""
    told: list[Moment] = []
    run: dict[str, list[Moment]] = {}
    for one in found:
        if one.alike:
            run.setdefault(one.alike, []).append(one)
        else:
            told += [*_as_one(run), one]
            run = {}
    return [*told, *_as_one(run)]


def _as_one(run: dict[str, list[Moment]]) -> Iterable[Moment]:
    for alike, (newest, *older) in run.items():
        if not older:
            yield newest
            continue
        text = f"seen {len(older) + 1} times {alike}"
        yield Moment(newest.at, newest.kind, text, alike=alike, behind=(newest, *older))


def host_subject(key: str) -> str:
    """How decisions name a host."""
    return f"host {key}"[:_SUBJECT]


@tells
def _decisions(about: About, most: int) -> Iterable[Moment]:
    """Decisions about it in this campaign, and those about its constituency as a whole."""
    subjects = [host_subject(key) for key in about.hosts[:MOST_HOSTS]]
    wanted = Q(subject__in=subjects)
    if about.organisation is not None:
        wanted |= Q(subject__startswith=f"organisation {about.organisation.pk}: ")
    found = decisions_of(about.campaign).filter(wanted)
    for one in found.exclude(action__endswith=".read").order_by("-number")[:most]:
        yield Moment(
            at=one.at,
            kind="decision",
            text=f"{word_in(DEEDS, one.action)}: {one.subject}",
            who=one.actor_name,
        )


def _when(one: Moment) -> tuple[datetime, bool]:
    """The order of time. A change that a sighting shows stands before it, as the older one."""
    return one.at, bool(one.alike)
