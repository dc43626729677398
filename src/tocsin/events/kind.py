"""The kind of a source, as coverage counts it and packs ask for it."""

from __future__ import annotations

from functools import lru_cache

from tocsin.events.format import all_formats

EVENTS = "events"
_STREAMS = {"frontend": "front end", "backend": "back end"}
_EVENT_LOGS = frozenset({"evtx", "events_json"})


_CHARACTERS = 128
"""Of a sub-log's name; the row may say a megabyte, and kinds are remembered."""


def kind_of(format_name: str, stream: str) -> str:
    """The kind of source that an event of this format and stream belongs to.

    A Windows event counts under its channel (``events:Security``), whether it came as EVTX or as
    an export; other sub-logs under the format (``httpproxy:ecp``, ``iis:frontend``).
    """
    return _kind_of(format_name, stream[:_CHARACTERS])


@lru_cache(maxsize=4096)
def _kind_of(format_name: str, stream: str) -> str:
    if format_name in _EVENT_LOGS:
        return f"{EVENTS}:{stream}" if stream else EVENTS
    return f"{format_name}:{stream.lower()}" if stream else format_name


def serves(kind: str, needed: str) -> bool:
    """Whether a source of `kind` is one that a pack means by `needed` (``iis`` means any site)."""
    return kind.lower() == needed.lower() or kind.lower().startswith(needed.lower() + ":")


@lru_cache(maxsize=4096)
def in_words(kind: str) -> str:
    """A kind of source as a person would name it: ``Exchange HttpProxy log (ecp)``.

    What a title says about its syntax, after a colon or in brackets, is left out.
    """
    name, _, stream = kind.partition(":")
    if name == EVENTS:
        return (
            f"{stream.removeprefix('Microsoft-Windows-')} events" if stream else "Windows events"
        )
    form = all_formats().get(name)
    title = form.title.split(":")[0].removesuffix(" (W3C)") if form else name
    return f"{title} ({_STREAMS.get(stream, stream)})" if stream else title
