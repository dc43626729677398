"""Pages from a file to a decision: hand it over, see what it would change, go or discard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from tocsin.campaign.feed import all_feeds
from tocsin.campaign.observing import AUTO
from tocsin.errors import TocsinError
from tocsin.web.accounts.models import Role
from tocsin.web.accounts.permissions import campaign_view, takes_file
from tocsin.web.imports import services
from tocsin.web.imports.forms import FREE, ReadAsForm, UploadForm, filled
from tocsin.web.imports.models import Import
from tocsin.web.imports.previewing import (
    LOOK_BYTES,
    MOST_BYTES,
    MOST_ROWS,
    Preview,
    columns_to_map,
    in_words,
    look,
)
from tocsin.web.imports.previewing import effect as effect_of
from tocsin.web.imports.queries import import_or_404
from tocsin.web.imports.services import UNDECIDED
from tocsin.web.imports.shown import table
from tocsin.web.imports.uploads import check_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.web.accounts.permissions import DeskRequest


@campaign_view(Role.ANALYST, methods=("GET", "HEAD", "POST"))
@takes_file(lambda: settings.TOCSIN_MAX_FEED_BYTES)
def new(request: HttpRequest) -> HttpResponse:
    """Hand a file over."""
    desk = cast("DeskRequest", request)
    posted = request.method == "POST"
    form = UploadForm(request.POST if posted else None, request.FILES if posted else None)
    if posted and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            check_size(upload.size or 0)
            one = services.start_upload(desk.campaign, desk.user, upload)
        except TocsinError as error:
            form.add_error("file", str(error))
        else:
            return redirect("imports:preview", campaign=desk.campaign.slug, number=one.number)
    status = 400 if form.is_bound and form.errors else 200
    context = {"form": form, "section": "imports", "feeds": all_feeds().values()}
    return render(request, "imports/new.html", context, status=status)


@campaign_view(Role.ANALYST)
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """How the first rows would be read, and what importing all of them would change."""
    one = import_or_404(cast("DeskRequest", request).campaign, number)
    if one.state not in UNDECIDED:
        return _to(one)
    return _shown(request, one, _form(one, request.GET))


@campaign_view(Role.ANALYST)
def effect(request: HttpRequest, number: int) -> HttpResponse:
    """What importing the whole file would change: for htmx the part alone, since it takes time."""
    one = import_or_404(cast("DeskRequest", request).campaign, number)
    if one.state not in UNDECIDED:
        return _to(one)
    form = _form(one, request.GET)
    told = _effect(one, form)
    if getattr(request, "htmx", False):
        return render(request, "imports/effect.html", told)
    return _shown(request, one, form, told)


@campaign_view(Role.ANALYST, methods=("POST",))
def go(request: HttpRequest, number: int) -> HttpResponse:
    """Have it imported as it was previewed."""
    desk = cast("DeskRequest", request)
    one = import_or_404(desk.campaign, number)
    if one.state not in UNDECIDED:
        messages.info(request, f"Import {number} is “{one.get_state_display().lower()}” already.")
        return _to(one)
    form = _form(one, request.POST)
    if form.is_valid():
        asked = form.asked()
        try:
            services.go(
                one, desk.user, feed=asked.feed, mapping=asked.mapping, host=asked.host or ""
            )
        except TocsinError as error:
            form.add_error(None, in_words(error))
        else:
            return _to(one)
    return _shown(request, one, form, status=400)


@campaign_view(Role.ANALYST, methods=("POST",))
def discard(request: HttpRequest, number: int) -> HttpResponse:
    """Throw the file away."""
    desk = cast("DeskRequest", request)
    one = import_or_404(desk.campaign, number)
    try:
        services.discard(one, desk.user)
    except TocsinError as error:
        messages.error(request, in_words(error))
        return _to(one)
    messages.success(request, f"Import {number} is discarded, and its file is deleted.")
    return redirect("imports:list", campaign=desk.campaign.slug)


def _form(one: Import, data: Mapping[str, str]) -> ReadAsForm:
    """Filled with what a person said, or else with what the file and an earlier try tell."""
    if "feed" in data:
        return ReadAsForm(data, columns=_columns(one, data["feed"]))
    columns = _columns(one, one.feed)
    likely = {"feed": one.feed, "host": one.host, **filled(one.mapping, columns)}
    return ReadAsForm(likely, columns=columns)


def _columns(one: Import, feed: str) -> list[str]:
    """Columns to map: those of a free CSV file, whether it was named as one or recognised."""
    if feed not in {AUTO, *FREE}:
        return []
    try:
        return columns_to_map(one, recognises=feed == AUTO)
    except TocsinError:
        return []  # the preview says what is wrong


def _shown(
    request: HttpRequest,
    one: Import,
    form: ReadAsForm,
    told: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    found = look(one, form.asked()) if form.is_valid() else Preview()
    context = {
        "section": "imports",
        "one": one,
        "form": form,
        "preview": found,
        "look_bytes": LOOK_BYTES,
        "table": table(found.rows),
        "feeds": [all_feeds()[name] for name in found.feeds if name in all_feeds()],
        "asks_host": found.needs_host or form.data.get("host"),
        "query": urlencode({name: form.data.get(name, "") for name in form.fields}),
        "readable": bool(found.rows) and not found.error,
        **(told or {}),
    }
    is_part = request.headers.get("HX-Target") == "preview"
    template = "imports/preview_part.html" if is_part else "imports/preview.html"
    return render(request, template, context, status=status)


def _effect(one: Import, form: ReadAsForm) -> dict[str, Any]:
    told: dict[str, Any] = {"one": one, "most_rows": MOST_ROWS, "most_bytes": MOST_BYTES}
    if not form.is_valid():
        return {**told, "effect_error": "Say first what the columns hold."}
    try:
        return {**told, "effect": effect_of(one, form.asked())}
    except TocsinError as error:
        return {**told, "effect_error": in_words(error)}


def _to(one: Import) -> HttpResponse:
    return redirect("imports:detail", campaign=one.campaign.slug, number=one.number)
