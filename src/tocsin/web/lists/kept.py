"""What of an address a saved view keeps, and at which page it is opened again."""

from __future__ import annotations

from django.http import QueryDict
from django.urls import NoReverseMatch, reverse

from tocsin.web.campaigns.models import Campaign

_PASSING = ("page", "format", "view", "csrfmiddlewaretoken")
"""Parts of an address that are of the moment."""


def kept(query: str) -> str:
    """The part of the address that a view keeps, in one order, so that equal views are equal."""
    parts = QueryDict(query.removeprefix("?"))
    ordered = QueryDict(mutable=True)
    for name, values in sorted(parts.lists()):
        if name not in _PASSING:
            ordered.setlist(name, [value for value in values if value.strip("\0 ")])
    return ordered.urlencode()


def page_of(listing: str, campaign: Campaign) -> str | None:
    """The address of a list by its name; None where there is no list of this name."""
    try:
        return reverse(f"{listing}:list", kwargs={"campaign": campaign.slug})
    except NoReverseMatch:
        return None
