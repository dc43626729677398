"""What of an address a saved view keeps. Pure."""

from __future__ import annotations

from django.http import QueryDict

_PASSING = ("page", "format", "view", "csrfmiddlewaretoken")
"""Parts of an address that are of the moment."""


def kept(query: str) -> str:
    """The part of the address that a view keeps, in one order, so that equal views are equal."""
    parts = QueryDict(query.removeprefix("?").replace("\0", ""))
    pairs = [
        (name, value)
        for name, values in sorted(parts.lists())
        if name not in _PASSING
        for value in values
        if value
    ]
    ordered = QueryDict(mutable=True)
    for name, value in pairs:
        ordered.appendlist(name, value)
    return ordered.urlencode()
