"""Whatever an address asks for: each page with each hostile parameter answers, and never fails.

PostgreSQL refuses NUL and numbers out of range where SQLite takes them, so both must be asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from django.test import Client

from tests.web.addresses import Address, all_addresses
from tests.web.test_roles import BACKEND, OF_ALLAUTH
from tocsin.web.accounts.models import User
from tocsin.web.audit.listing import DECISIONS
from tocsin.web.lists.listing import RESERVED

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

    from tocsin.web.campaigns.models import Campaign

PAGES = [one for one in all_addresses() if one.name not in OF_ALLAUTH]
LISTS = (
    "assets:list",
    "audit:list",
    "cases:list",
    "hunts:list",
    "imports:list",
    "imports:quarantine",
    "organisations:list",
)
"""Pages of `list_page`. A new one belongs here: the test of names below looks for them."""

HUGE = "9" * 400
VALUES = {
    "nul": "%00",
    "nul within": "a%00b",
    "broken utf-8": "%ff%fe%c0%80",
    "surrogate": "%ed%a0%80",
    "not latin": quote("„Ünïcode‟ \u202e\u2066 \u0661\u0662 \U0001f600"),
    "wildcards": quote("%_\\%__%\\"),
    "quotes": quote("'\"`;--</script>{{7*7}}"),
    "above 32 bits": "4294967296",
    "above 64 bits": "99999999999999999999",
    "huge": HUGE,
    "more digits than int takes": "9" * 5000,
    "negative": "-1",
    "exponent": "1e999999",
    "no number": "NaN",
    "infinite": "-Infinity",
    "other digits": quote("\u0661\u0662"),
    "year 0": "0000-00-00",
    "year 1": "0001-01-01",
    "last year": "9999-12-31",
    "no day": "2021-02-31",
    "long": "a" * 100_000,
    "many words": "a+" * 5_000,
    "relation": "owner__user__password",
    "relation backwards": "-owner__user__password",
    "random order": "?",
    "empty": "",
    "json": quote('{"a":[1]}'),
}
TO_FILTERS = ("nul", "not latin", "above 32 bits", "above 64 bits", "year 1", "last year")
NAMES = (
    *sorted(RESERVED),
    *("state", "host", "organisation", "pack", "feed", "next", "field", "code", "row", "seal"),
)
"""What pages that are no list read; filters of lists are added below."""


@pytest.fixture
def client(campaign: Campaign) -> Client:
    """Of an administrator, who may open all of them."""
    user = User.objects.create(username="the-desk", is_administrator=True)
    client = Client(raise_request_exception=True)
    client.force_login(user, backend=BACKEND)
    return client


def read(response: Response) -> bytes:
    """All of it: an export fails, if it does, while it is being read."""
    return b"".join(response) if response.streaming else response.content


def names_of(client: Client, path: str) -> set[str]:
    """The filters of a list, a range by its two fields."""
    context = client.get(path).context
    form = context.get("form") if context else None
    if form is None:
        return set()
    found = set(form.fields)
    return found | {f"{name}{end}" for name in found for end in ("_after", "_before")}


of_each_list = pytest.mark.parametrize(
    "address", [one for one in PAGES if one.name in LISTS], ids=lambda one: one.name
)


@pytest.mark.parametrize("address", PAGES, ids=lambda one: one.name)
def test_no_page_fails_whatever_its_address_asks_for(
    address: Address, campaign: Campaign, client: Client
) -> None:
    path = address.path(campaign)
    is_list = address.name in LISTS
    names = {*NAMES, *(names_of(client, path) if is_list else ())}
    for named, value in VALUES.items():
        if not (is_list or named in TO_FILTERS):
            continue
        # `page` apart: an empty list has no pages that could fail.
        every = "&".join(f"{name}={value}" for name in sorted(names) if len(value) < 1000)
        for query in (every, f"q={value}&page={value}"):
            response = client.get(f"{path}?{query}")
            assert response.status_code < 500, named
            if response.status_code == 405:
                return


@of_each_list
def test_no_filter_and_no_export_fails(
    address: Address, campaign: Campaign, client: Client
) -> None:
    """Each by itself: beside another that cannot be read, a filter is never asked."""
    path = address.path(campaign)
    for name in sorted(names_of(client, path) | {"q", "sort"}):
        for named in TO_FILTERS:
            response = client.get(f"{path}?format=csv&{name}={VALUES[named]}")
            assert response.status_code in {200, 400}, (name, named)
            read(response)


@of_each_list
def test_thousands_of_parameters_are_refused_in_words(
    address: Address, campaign: Campaign, client: Client
) -> None:
    path = address.path(campaign)
    for name in ("q", "sector", "x"):
        assert 200 == client.get(f"{path}?" + f"{name}=a&" * 900).status_code
    assert 413 == client.get(f"{path}?" + "x=a&" * 5000).status_code


@of_each_list
def test_lists_sort_by_their_own_columns_alone(
    address: Address, campaign: Campaign, client: Client
) -> None:
    path = address.path(campaign)
    for field in ("owner__user__password", "by__password", "assignee__password", "pk", "id", "?"):
        response = client.get(f"{path}?sort={field}")
        assert b"There is no column" in response.content


@pytest.mark.parametrize("search", ["%", "_", "\\", "%25", "192%0", "1_2"], ids=repr)
def test_wildcards_of_the_database_stand_for_themselves(
    search: str, campaign: Campaign, client: Client
) -> None:
    path = next(one for one in PAGES if one.name == "assets:list").path(campaign)
    address = next(one for one in PAGES if one.name == "assets:detail")
    address.path(campaign)  # makes a host
    assert 1 == client.get(path).context["matching"]
    assert 0 == client.get(path, {"q": search}).context["matching"]


NUMBERS = ("0", "2147483648", "9223372036854775808", HUGE, "9" * 5000, "0" * 100 + "7" * 30)


@pytest.mark.parametrize(
    "address",
    [one for one in PAGES if {"pk", "number", "claim", "contact"} & set(one.arguments)],
    ids=lambda one: one.name,
)
def test_numbers_that_nothing_has_are_not_found(
    address: Address, campaign: Campaign, client: Client
) -> None:
    path = address.path(campaign)
    for number in NUMBERS:
        parts = [number if part.isdecimal() else part for part in path.split("/")]
        for ask in (client.get, client.post):
            assert ask("/".join(parts)).status_code in {404, 405}, number


def test_every_list_is_asked() -> None:
    assert DECISIONS.name == "audit"
    known = {one.name for one in PAGES}
    assert set(LISTS) <= known
    named = {name for name in known if name.endswith(":list") and "campaign" in _of(name)}
    assert named <= set(LISTS)


def _of(name: str) -> tuple[str, ...]:
    return next(one for one in PAGES if one.name == name).arguments
