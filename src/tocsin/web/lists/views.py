"""The page of a list: `list_page` is what the views of other apps return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from django.core.paginator import Page
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from tocsin.web.accounts.permissions import DeskRequest
from tocsin.web.audit.services import record
from tocsin.web.design.templatetags.desk import cell as shown
from tocsin.web.lists.asking import FORMATS, SIZES, Asked, ask, with_, without
from tocsin.web.lists.export import export
from tocsin.web.lists.listing import Column, Listing
from tocsin.web.lists.queries import views_of

RESULTS = "list"
"""The id of the part of the page that htmx asks for and replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """One head of the table: `direction` as aria-sort has it, empty where another column sorts."""

    column: Column
    url: str
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row of the table, its cells as HTML."""

    cells: list[tuple[Column, SafeString]]


def list_page(
    request: HttpRequest,
    listing: Listing,
    extra_context: Mapping[str, Any] | None = None,
    *,
    template: str = "lists/page.html",
) -> HttpResponse | StreamingHttpResponse:
    """Answer with the list, the part of it that htmx asks for, or all rows as CSV or JSON.

    `template` may extend ``lists/page.html`` and fill its blocks `head`, `actions`, `before` and
    `after`. An export of an address that cannot be followed is refused (400): it would hold other
    rows than were asked for.
    """
    desk = cast("DeskRequest", request)
    asked = ask(listing, desk.campaign, request.GET)
    as_ = request.GET.get("format", "")
    if listing.personal:
        _recorded(desk, listing, as_)
    if as_ in FORMATS and not asked.strict:
        return export(asked, desk.campaign, as_, datetime.now(UTC))
    part = _is_part(request)
    context = {**_context(request, asked), **(extra_context or {})}
    if listing.saved:
        shows = request.GET.urlencode()
        context["views"] = views_of(desk.user, desk.campaign, listing.name, shows)
    status = 400 if as_ else 200
    response = render(request, "lists/results.html" if part else template, context, status=status)
    if part:
        # The address as people would write it: without the fields that are empty.
        response["HX-Push-Url"] = request.path + without(request.GET).removesuffix("?")
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _is_part(request: HttpRequest) -> bool:
    """Whether htmx asks for the rows alone."""
    headers = request.headers
    return headers.get("HX-Target") == RESULTS and "HX-History-Restore-Request" not in headers


def _recorded(desk: DeskRequest, listing: Listing, as_: str) -> None:
    """A read of personal data; what was searched for stays out of it."""
    detail = {"list": listing.name, "as": as_ if as_ in FORMATS else "page"}
    record(desk.user, "list.read", listing.title, campaign=desk.campaign, detail=detail)


def _context(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    listing, query = asked.listing, asked.query
    campaign = cast("DeskRequest", request).campaign
    page = asked.page()
    conditions = asked.conditions()
    matching = page.paginator.count
    columns = [column for column in listing.columns if column.shown]
    return {
        "listing": listing,
        "section": listing.section or listing.name,
        "asked": asked,
        "form": asked.form.form if asked.form else None,
        "page": page,
        "heads": [_head(column, asked) for column in columns],
        "rows": _rows(page, columns, listing, request),
        "conditions": conditions,
        "matching": matching,
        "noun": listing.many(asked.total),
        "clear_url": request.path,
        "sorted_by": _sorted_by(asked),
        "exports": [(label, with_(query, format=key)) for key, label in FORMATS.items()],
        "sizes": [(size, with_(query, per=size), size == asked.size) for size in SIZES],
        "pages": _pages(page, query),
        "as_of": listing.as_of(campaign) if listing.as_of else None,
        "nothing": _nothing(listing, campaign),
    }


def _nothing(listing: Listing, campaign: Any) -> dict[str, str]:  # noqa: ANN401 Campaign
    empty = listing.nothing()
    return {"say": empty.say, "do": empty.do, "url": empty.url(campaign) if empty.url else ""}


def _head(column: Column, asked: Asked) -> _Head:
    if not column.sort:
        return _Head(column=column, url="", direction="")
    current, descending = asked.sort.removeprefix("-"), asked.sort.startswith("-")
    here = column.name == current
    turned = f"-{column.name}" if here and not descending else column.name
    direction = ("descending" if descending else "ascending") if here else ""
    return _Head(column=column, url=with_(asked.query, sort=turned), direction=direction)


def _sorted_by(asked: Asked) -> str:
    column = asked.listing.sortable(asked.sort.removeprefix("-"))
    if column is None:
        return ""
    return f"{column.label}, {'descending' if asked.sort.startswith('-') else 'ascending'}"


def _rows(
    page: Iterable[Model], columns: list[Column], listing: Listing, request: HttpRequest
) -> list[_Row]:
    """All cells as HTML: a template of a cell is loaded once for the page."""
    templates = {column.cell: get_template(column.cell) for column in columns if column.cell}
    campaign = cast("DeskRequest", request).campaign
    found = []
    for row in page:
        url = listing.row_url(row) if listing.row_url else ""
        cells = []
        for place, column in enumerate(columns):
            value = column.of(row)
            if column.cell:
                known = {"row": row, "value": value, "column": column, "campaign": campaign}
                text = mark_safe(templates[column.cell].render({**known, "url": url}, request))  # noqa: S308 a template, which escapes
            else:
                text = shown(value, column.missing)
            if place == 0 and url:
                text = format_html('<a class="table__link" href="{}">{}</a>', url, text)
            cells.append((column, text))
        found.append(_Row(cells=cells))
    return found


def _pages(page: Page[Model], query: Any) -> dict[str, Any]:  # noqa: ANN401 QueryDict
    """Links to the neighbours and to both ends."""
    last = page.paginator.num_pages

    def to(number: int) -> str:
        changed = query.copy()
        changed["page"] = str(number)
        return without(changed)

    return {
        "number": page.number,
        "last": last,
        "from": page.start_index(),
        "to": page.end_index(),
        "first_url": to(1) if page.number > 1 else "",
        "previous_url": to(page.number - 1) if page.has_previous() else "",
        "next_url": to(page.number + 1) if page.has_next() else "",
        "last_url": to(last) if page.number < last else "",
    }
