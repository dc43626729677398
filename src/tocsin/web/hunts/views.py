"""Pages of hunts: list, upload, one hunt, and what is done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from tocsin.errors import TocsinError
from tocsin.web.accounts.models import Role
from tocsin.web.accounts.permissions import campaign_view, takes_file
from tocsin.web.audit.services import record_read
from tocsin.web.hunts import queries, services
from tocsin.web.hunts.forms import HostForm, UploadForm
from tocsin.web.hunts.hosts import suggested
from tocsin.web.hunts.listing import HUNTS
from tocsin.web.hunts.models import Hunt, HuntKind, HuntState
from tocsin.web.hunts.running import REPORT
from tocsin.web.imports.uploads import path_of
from tocsin.web.lists.views import list_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.web.accounts.permissions import DeskRequest


@campaign_view(Role.VIEWER)
def hunts(request: HttpRequest) -> HttpResponseBase:
    """All hunts of the campaign."""
    return list_page(request, HUNTS, template="hunts/list.html")


@campaign_view(Role.ANALYST, methods=("GET", "HEAD", "POST"))
@takes_file(lambda: settings.TOCSIN_MAX_EVIDENCE_BYTES)
def new(request: HttpRequest) -> HttpResponse:
    """Hand over a result or evidence. `?host=` fills in the host."""
    desk = cast("DeskRequest", request)
    form = UploadForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        initial={"host": request.GET.get("host", "")[:253]},
    )
    if request.method == "POST" and form.is_valid():
        try:
            hunt = services.receive(
                desk.campaign, desk.user, form.cleaned_data["file"], form.cleaned_data["host"]
            )
        except TocsinError as error:
            form.add_error(None, str(error))
        else:
            return _to(hunt)
    status = 400 if form.is_bound and form.errors else 200
    return render(request, "hunts/new.html", {"form": form, "section": "hunts"}, status=status)


@campaign_view(Role.VIEWER)
def detail(request: HttpRequest, number: int) -> HttpResponse:
    """What a hunt says, and what became of it."""
    desk = cast("DeskRequest", request)
    hunt = _hunt(request, number)
    record_read(desk.user, "hunt", services.subject_of(hunt), desk.campaign)
    return render(request, "hunts/detail.html", _context(hunt, desk))


def _context(hunt: Hunt, desk: DeskRequest) -> dict[str, Any]:
    done = hunt.state == HuntState.DONE
    counting = queries.import_of(hunt)
    folder = path_of(hunt.folder)
    kept = path_of(hunt.stored_as).is_file()
    is_evidence = hunt.kind == HuntKind.EVIDENCE
    return {
        "section": "hunts",
        "hunt": hunt,
        "told": hunt.summary if done else {},
        "job": hunt.job if hunt.job is not None and hunt.job.state != "done" else None,
        "asset": queries.seen_from_outside(hunt),
        "entered": counting,
        "counts": counting is not None and counting.state == "done",
        "case": queries.case_of(hunt),
        "others": queries.of_the_same_upload(hunt),
        "earlier": queries.earlier_of_the_same_content(hunt),
        "suggested": suggested(hunt) if done and not hunt.host else [],
        "form": HostForm(initial={"host": hunt.host}),
        "decisions": queries.decisions_on(desk.campaign, services.subject_of(hunt)),
        "may_change": desk.role.rank >= Role.ANALYST.rank,
        "may_undo": desk.role.rank >= Role.APPROVER.rank,
        "has_report": done and (folder / REPORT).is_file(),
        "is_evidence": is_evidence,
        "kept": kept,
        "can_redact": done and is_evidence and kept,
    }


@campaign_view(Role.ANALYST, methods=("POST",))
def host(request: HttpRequest, number: int) -> HttpResponse:
    """Say which host it is about."""
    desk = cast("DeskRequest", request)
    form = HostForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Name an address or a host.")
        return _to(_hunt(request, number))
    return _done(
        request,
        number,
        lambda hunt: services.choose_host(
            hunt,
            desk.user,
            form.cleaned_data["host"],
            may_undo=desk.role.rank >= Role.APPROVER.rank,
        ),
    )


@campaign_view(Role.ANALYST, methods=("POST",))
def again(request: HttpRequest, number: int) -> HttpResponse:
    """Run a failed hunt again."""
    user = cast("DeskRequest", request).user
    return _done(request, number, lambda hunt: services.run_again(hunt, user))


@campaign_view(Role.ANALYST, methods=("POST",))
def redact(request: HttpRequest, number: int) -> HttpResponse:
    """Have the report made without names."""
    user = cast("DeskRequest", request).user
    return _done(request, number, lambda hunt: services.ask_redaction(hunt, user))


@campaign_view(Role.APPROVER, methods=("POST",))
def delete_evidence(request: HttpRequest, number: int) -> HttpResponse:
    """Delete what was uploaded, and keep what came of it."""
    user = cast("DeskRequest", request).user
    return _done(request, number, lambda hunt: services.remove_evidence(hunt, user))


def _done(request: HttpRequest, number: int, do: Callable[[Hunt], object]) -> HttpResponse:
    """Do it, or say why not, and go back to the page."""
    hunt = _hunt(request, number)
    try:
        do(hunt)
    except TocsinError as error:
        messages.error(request, str(error))
    return _to(hunt)


def _hunt(request: HttpRequest, number: int) -> Hunt:
    hunts_ = Hunt.objects.select_related("campaign", "by", "job")
    return get_object_or_404(hunts_, campaign=cast("DeskRequest", request).campaign, number=number)


def _to(hunt: Hunt) -> HttpResponse:
    return redirect("hunts:detail", campaign=hunt.campaign.slug, number=hunt.number)
