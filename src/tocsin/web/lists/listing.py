"""What a list of the desk is: its rows, its columns, and how they are found.

An app says it once, in a constant or in a function, and `tocsin.web.lists.views.list_page` does
the rest::

    HOSTS = Listing(
        name="assets",
        title="Hosts",
        nouns=("host", "hosts"),
        queryset=lambda campaign: campaign.assets.select_related("owner"),
        columns=(
            Column("key", "Host", sort=("place", "key")),
            Column("colour", "Status", sort=("colour",), cell="assets/cells/colour.html"),
        ),
        filters=AssetFilter,
        search=("key", "hostname", "owner__name"),
        default_sort="key",
        empty=Empty("No host yet.", "Import a feed", lambda campaign: reverse(...)),
        row_url=lambda asset: reverse(...),
    )
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model, QuerySet
from django_filters import FilterSet

from tocsin.web.campaigns.models import Campaign

RESERVED = frozenset({"q", "sort", "page", "per", "format", "view"})
"""Names in the address that the list itself uses, so that no filter may have them."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    `value` is an attribute (``owner.name`` goes further), or a function of the row; the name is
    taken where it is left out. It is what an export holds, and what a page shows where there is no
    `cell`: times, numbers, lists and nothing are written as everywhere in the desk. `cell` is a
    template with `row`, `value`, `column`, `campaign` and `url`. `sort` are the fields of the
    database that order it. `number` puts it to the right. The first column of a list is the link
    to the row: its cell holds none of its own. What is not `shown` is in exports alone.
    """

    name: str
    label: str
    value: str | Callable[[Any], object] = ""
    sort: tuple[str, ...] = ()
    cell: str | None = None
    number: bool = False
    shown: bool = True
    missing: str = "not known"

    def of(self, row: Any) -> object:  # noqa: ANN401 a row of any model
        """The value in `row`; None where an attribute on the way is None."""
        if callable(self.value):
            return self.value(row)
        found: Any = row
        for part in (self.value or self.name).split("."):
            if found is None:
                return None
            found = getattr(found, part)
        return found


@dataclass(frozen=True, slots=True)
class Empty:
    """What a list says when there is nothing at all yet, and the link with which to go on."""

    say: str
    do: str = ""
    url: Callable[[Campaign], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list.

    `name` is the app's, such as ``assets``: saved views keep it, and find the page again as
    ``<name>:list``. A list at another address (the rows of one import) has `saved` off. `queryset`
    gives all rows of the campaign, with what the cells read already selected. `filters` is the
    form above the list, `search` the lookups that the search looks into (``owner__name``).
    `default_sort` is a column's name, with ``-`` for the last first. `as_of` is the time that the
    rows are from. `personal` lists are recorded as reads of personal data.
    """

    name: str
    title: str
    queryset: Callable[[Campaign], QuerySet[Any]]
    columns: tuple[Column, ...]
    nouns: tuple[str, str] = ("row", "rows")
    filters: type[FilterSet] | None = None
    search: tuple[str, ...] = ()
    search_label: str = "Search"
    default_sort: str = ""
    empty: Empty | str = "There is nothing here yet."
    row_url: Callable[[Any], str] | None = None
    section: str = ""
    saved: bool = True
    personal: bool = False
    as_of: Callable[[Campaign], datetime | None] | None = None

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(names) != len(set(names)):
            raise ImproperlyConfigured(f"list {self.name}: two columns have the same name")
        taken = RESERVED & set(self.filters.base_filters if self.filters else ())
        if taken:
            raise ImproperlyConfigured(
                f"list {self.name}: a filter must not be called {', '.join(sorted(taken))}"
            )
        default = self.default_sort.removeprefix("-")
        if default and not self.sortable(default):
            raise ImproperlyConfigured(f"list {self.name}: no column {default} that sorts")

    def sortable(self, name: str) -> Column | None:
        """The column of this name, if it sorts."""
        return next((one for one in self.columns if one.name == name and one.sort), None)

    def nothing(self) -> Empty:
        """What to say when there is nothing."""
        return self.empty if isinstance(self.empty, Empty) else Empty(self.empty)

    def many(self, count: int) -> str:
        """The noun for `count` rows."""
        return self.nouns[0] if count == 1 else self.nouns[1]

    def order(self, sort: str) -> tuple[str, ...]:
        """The fields for ``name`` or ``-name``; the key is the last, which keeps them stable."""
        column = self.sortable(sort.removeprefix("-"))
        fields = column.sort if column else ()
        if sort.startswith("-"):
            fields = tuple(_turned(field) for field in fields)
        return (*fields, "pk")

    def rows(self, campaign: Campaign) -> QuerySet[Model]:
        """All rows of the campaign."""
        return self.queryset(campaign)


def _turned(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"
