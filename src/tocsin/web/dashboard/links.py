"""Where a number leads to: the list of hosts with the filters that count the same."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from tocsin.web.campaigns.models import Campaign

SEEN = {"vanished": "false"}
"""Colours are of hosts that are seen; those that vanished stand apart."""


def hosts_url(campaign: Campaign, **filters: str) -> str:
    """The list of hosts with these filters."""
    return _list("assets:list", campaign, filters)


def seen_url(campaign: Campaign, **filters: str) -> str:
    """The list of hosts that did not vanish."""
    return hosts_url(campaign, **filters, **SEEN)


def organisations_url(campaign: Campaign, **filters: str) -> str:
    """The list of organisations with these filters."""
    return _list("organisations:list", campaign, filters)


def _list(view: str, campaign: Campaign, filters: dict[str, str]) -> str:
    url = reverse(view, kwargs={"campaign": campaign.slug})
    return f"{url}?{urlencode(filters)}" if filters else url
