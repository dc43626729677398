"""What the address of a list asks for, and what of it could not be followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.paginator import EmptyPage, Page, PageNotAnInteger, Paginator
from django.db.models import Model, Q, QuerySet
from django.forms import BoundField
from django.http import QueryDict
from django_filters import FilterSet

from tocsin.report.visible import shortened, visible
from tocsin.web.campaigns.models import Campaign
from tocsin.web.lists.dressed import dress
from tocsin.web.lists.listing import Listing

SIZES = (25, 50, 100, 250)
"""Rows on a page, to choose from."""

FORMATS = {"csv": "CSV", "json": "JSON"}

_SIZE = 50
_SEARCH_CHARACTERS = 200
_SEARCH_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One part of the filter in words, and the address without it."""

    label: str
    text: str
    without: str


@dataclass(slots=True, kw_only=True)
class Asked:
    """A list as it was asked for.

    `rows` are those that match, in order. `wrong` says in sentences what of the address made no
    sense; it was left out, so the page shows something all the same. `strict` is what an export
    must not leave out: a filter that could not be read would give more rows than were asked for.
    """

    listing: Listing
    query: QueryDict
    total: int
    rows: QuerySet[Model]
    form: FilterSet | None
    search: str
    sort: str
    size: int
    wrong: list[str] = field(default_factory=list)
    strict: list[str] = field(default_factory=list)

    def conditions(self) -> list[Condition]:
        """Filter and search in words, in the order of the form."""
        found = [
            Condition(label=label, text=text, without=without(self.query, name, "page"))
            for name, label, text in self._filters()
        ]
        if self.search:
            text = f"“{visible(self.search)}”"
            found.append(
                Condition(label="Search", text=text, without=without(self.query, "q", "page"))
            )
        return found

    def _filters(self) -> Iterator[tuple[str, str, str]]:
        if self.form is None:
            return
        form = self.form.form
        for name, value in getattr(form, "cleaned_data", {}).items():
            text = in_words(form[name], value)
            if text:
                yield name, str(form[name].label or name), text

    def in_words(self) -> str:
        """Filter and search as one text, for exports; empty for all rows."""
        return "; ".join(f"{one.label}: {one.text}" for one in self.conditions())

    def page(self) -> Page[Model]:
        """The page that was asked for, or the nearest; counts the rows that match."""
        pages = Paginator(self.rows, self.size)
        wanted = self.query.get("page") or "1"
        try:
            return pages.page(wanted)
        except PageNotAnInteger:
            self.wrong.append(f"There is no page “{_short(wanted)}”. This is the first.")
            return pages.page(1)
        except EmptyPage:
            last = pages.num_pages
            self.wrong.append(f"There is no page {_short(wanted)}. This is the last, {last}.")
            return pages.page(last)


def ask(listing: Listing, campaign: Campaign, query: QueryDict) -> Asked:
    """Read the address and find the rows. One query, which counts all rows of the list."""
    everything = listing.rows(campaign)
    search = " ".join(query.get("q", "").replace("\0", "").split())[:_SEARCH_CHARACTERS]
    asked = Asked(
        listing=listing,
        query=query,
        total=everything.order_by().count(),
        rows=everything,
        form=listing.filters(query, queryset=everything) if listing.filters else None,
        search=search if listing.search else "",
        sort=listing.default_sort,
        size=_SIZE,
    )
    if asked.form is not None:
        dress(asked.form)
        asked.rows = asked.form.qs
        for name, problems in asked.form.form.errors.items():
            label = asked.form.form[name].label if name in asked.form.form.fields else name
            asked.strict.append(f"{label} is left out: {' '.join(problems)}")
    asked.rows = _searched(asked.rows, listing, asked.search)
    _sort(asked)
    _size(asked)
    wanted = query.get("format", "")
    if wanted and wanted not in FORMATS:
        asked.strict.append(f"There is no export as “{_short(wanted)}”, only as CSV and JSON.")
    asked.wrong.extend(asked.strict)
    return asked


def without(query: QueryDict, *names: str) -> str:
    """The address of the same list without these parts, such as ``?colour=red``."""
    left = query.copy()
    for name in names:
        # A filter of two fields (from, to) has the parts `name_min` and `name_max`.
        for part in (name, f"{name}_min", f"{name}_max", f"{name}_after", f"{name}_before"):
            left.pop(part, None)
    for name in [name for name, values in left.lists() if not any(values)]:
        left.pop(name)
    text = left.urlencode()
    return f"?{text}" if text else "?"


def with_(query: QueryDict, **parts: str | int) -> str:
    """The address of the same list with these parts, on its first page."""
    changed = query.copy()
    changed.pop("page", None)
    for name, value in parts.items():
        changed[name] = str(value)
    return without(changed)


def in_words(bound: BoundField, value: Any) -> str:  # noqa: ANN401 whatever a form field gives
    """A filter's value as people say it; empty where nothing is asked."""
    if value is None or value in ("", []):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, slice):
        low, high = _said(value.start), _said(value.stop)
        return " ".join(f"{word} {side}" for word, side in (("from", low), ("to", high)) if side)
    words = _choices(bound)
    if isinstance(value, str):
        return words.get(value, visible(value))
    if isinstance(value, list | tuple | set | QuerySet):
        return " or ".join(words.get(str(one), _said(one)) for one in value)
    return words.get(str(value), _said(value))


def _choices(bound: BoundField) -> dict[str, str]:
    """The words of a field's choices; of rows of the database, each has its own."""
    choices = getattr(bound.field, "choices", None)
    if choices is None or hasattr(bound.field, "queryset"):
        return {}
    found: dict[str, str] = {}
    for key, label in choices:
        inner = label if isinstance(label, list | tuple) else [(key, label)]
        found.update({str(one): str(word) for one, word in inner})
    return found


def _said(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        # A filter by days gives the first and the last moment of a day.
        is_day = (value.hour, value.minute) in {(0, 0), (23, 59)}
        return f"{value:%Y-%m-%d}" if is_day else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return visible(str(value))


def _searched(rows: QuerySet[Model], listing: Listing, search: str) -> QuerySet[Model]:
    """Rows that have every word somewhere."""
    for word in search.split()[:_SEARCH_WORDS]:
        anywhere = Q()
        for lookup in listing.search:
            anywhere |= Q(**{f"{lookup}__icontains": word})
        rows = rows.filter(anywhere)
    return rows


def _sort(asked: Asked) -> None:
    wanted = asked.query.get("sort", "")
    if wanted and asked.listing.sortable(wanted.removeprefix("-")):
        asked.sort = wanted
    elif wanted:
        asked.wrong.append(f"There is no column “{_short(wanted)}” to sort by.")
    asked.rows = asked.rows.order_by(*asked.listing.order(asked.sort))


def _size(asked: Asked) -> None:
    wanted = asked.query.get("per", "")
    if wanted in {str(size) for size in SIZES}:
        asked.size = int(wanted)
    elif wanted:
        asked.wrong.append(f"There are no pages of “{_short(wanted)}” rows; here are {_SIZE}.")


def _short(text: str) -> str:
    return visible(shortened(text, 40))
