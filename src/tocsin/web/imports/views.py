"""Pages of imports: all, one, its quarantine, and its undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from tocsin.errors import TocsinError
from tocsin.web.accounts.models import Role
from tocsin.web.accounts.permissions import campaign_view
from tocsin.web.audit.telling import deed, parts
from tocsin.web.imports import queries, services
from tocsin.web.imports.forms import DismissForm, MappingForm, filled
from tocsin.web.imports.listing import IMPORTS, quarantine_of
from tocsin.web.imports.models import Import, ImportState
from tocsin.web.imports.previewing import columns_to_map, in_words
from tocsin.web.imports.queries import import_or_404
from tocsin.web.lists.views import list_page

if TYPE_CHECKING:
    from tocsin.web.accounts.permissions import DeskRequest


@campaign_view(Role.VIEWER)
def imports(request: HttpRequest) -> HttpResponseBase:
    """All imports of the campaign."""
    return list_page(request, IMPORTS, template="imports/list.html")


@campaign_view(Role.VIEWER)
def detail(request: HttpRequest, number: int) -> HttpResponse:
    """What an import is, how far it is, what it brought and what it changed."""
    desk = cast("DeskRequest", request)
    one = import_or_404(desk.campaign, number)
    job = one.job
    is_done = one.state == ImportState.DONE
    context = {
        **_common(one, desk),
        "job": job if job is not None and job.state != "done" else None,
        "is_done": is_done,
        "files": queries.files_of(one),
        "file_count": one.files.count(),
        "rows": one.observations + one.rejected + one.repeated,
        "aside": queries.quarantine_counts(one) if is_done else None,
        "effect": queries.effect_of(one) if is_done else None,
        "assessing": queries.assessing(desk.campaign) if is_done else None,
        "earlier": queries.of_the_same_file(one),
        "decisions": [(each, deed(each), parts(each)) for each in queries.decisions_on(one)],
    }
    return render(request, "imports/detail.html", context)


@campaign_view(Role.VIEWER)
def quarantine(request: HttpRequest, number: int) -> HttpResponseBase:
    """Rows that could not be read, with their reasons."""
    desk = cast("DeskRequest", request)
    one = import_or_404(desk.campaign, number)
    context = {
        **_common(one, desk),
        "dismissing": DismissForm(),
        "aside": queries.quarantine_counts(one),
    }
    return list_page(request, quarantine_of(number), context, template="imports/quarantine.html")


@campaign_view(Role.ANALYST, methods=("POST",))
def dismiss(request: HttpRequest, number: int) -> HttpResponse:
    """Put rows aside for good, with a reason."""
    desk = cast("DeskRequest", request)
    one = import_or_404(desk.campaign, number)
    form = DismissForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose rows, and say why they are put aside.")
    else:
        data = form.cleaned_data
        try:
            count = services.dismiss(
                one, desk.user, data["reason"], rows=data["row"], code=data["code"]
            )
        except TocsinError as error:
            messages.error(request, in_words(error))
        else:
            said = "1 row was" if count == 1 else f"{count:,} rows were"
            messages.success(request, f"{said} put aside.")
    return redirect("imports:quarantine", campaign=desk.campaign.slug, number=number)


@campaign_view(Role.ANALYST, methods=("GET", "HEAD", "POST"))
def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Read the file again for what lies in quarantine, with another mapping where it has one."""
    desk = cast("DeskRequest", request)
    one = import_or_404(desk.campaign, number)
    form = _mapping_form(one, request)
    if request.method == "POST" and form.is_valid():
        try:
            services.retry(one, desk.user, mapping=form.mapping() if form.columns else None)
        except TocsinError as error:
            form.add_error(None, in_words(error))
        else:
            return _to(one)
    context = {**_common(one, desk), "form": form, "aside": queries.quarantine_counts(one)}
    wrong = request.method == "POST"
    return render(request, "imports/retry.html", context, status=400 if wrong else 200)


@campaign_view(Role.APPROVER, methods=("GET", "HEAD", "POST"))
def undo(request: HttpRequest, number: int) -> HttpResponse:
    """Say what an undo would remove, and do it."""
    desk = cast("DeskRequest", request)
    one = import_or_404(desk.campaign, number)
    if request.method == "POST":
        try:
            services.undo(one, desk.user)
        except TocsinError as error:
            messages.error(request, in_words(error))
        else:
            messages.success(
                request,
                f"Import {number} is undone. The campaign is being assessed without its rows.",
            )
        return _to(one)
    context = {**_common(one, desk), "depending": queries.of_the_same_file(one)}
    return render(request, "imports/undo.html", context)


def _mapping_form(one: Import, request: HttpRequest) -> MappingForm:
    try:
        columns = columns_to_map(one, recognises=False)
    except TocsinError:
        columns = []  # the file is gone; the service says so
    if request.method == "POST":
        return MappingForm(request.POST, columns=columns)
    return MappingForm(filled(one.mapping, columns), columns=columns)


def _common(one: Import, desk: DeskRequest) -> dict[str, Any]:
    return {
        "section": "imports",
        "one": one,
        "may_import": desk.role.rank >= Role.ANALYST.rank,
        "may_undo": desk.role.rank >= Role.APPROVER.rank,
    }


def _to(one: Import) -> HttpResponse:
    return redirect("imports:detail", campaign=one.campaign.slug, number=one.number)
