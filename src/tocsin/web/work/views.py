"""Pages of jobs: one job's progress, which other pages show, and the list for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from tocsin.web.accounts.permissions import administrator_view, role_in, signed_in_view
from tocsin.web.audit.services import record
from tocsin.web.work.models import Job
from tocsin.web.work.queries import in_each_state, newest_first
from tocsin.web.work.services import try_again

if TYPE_CHECKING:
    from tocsin.web.accounts.models import User

_PAGE = 50


@signed_in_view()
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, for those who may see its campaign.

    htmx gets the part alone, and loads the page around it anew when the job has ended.
    """
    found = get_object_or_404(Job.objects.select_related("campaign"), pk=pk)
    if not _may_see(cast("User", request.user), found):
        raise Http404
    if not getattr(request, "htmx", False):
        return render(request, "work/one.html", {"job": found})
    response = render(request, "work/job.html", {"job": found})
    if not found.is_open:
        response["HX-Refresh"] = "true"
    return response


def _may_see(user: User, found: Job) -> bool:
    """Jobs without a campaign are those of constituencies, which no mere viewer looks after."""
    if found.campaign is not None:
        return role_in(user, found.campaign) is not None
    return user.is_administrator or user.memberships.exclude(role="viewer").exists()


@administrator_view()
def jobs(request: HttpRequest) -> HttpResponse:
    """All jobs, the newest first."""
    state = request.GET.get("state", "")
    page = Paginator(newest_first(state), _PAGE).get_page(request.GET.get("page"))
    return render(
        request, "work/list.html", {"page": page, "state": state, "states": in_each_state()}
    )


@administrator_view(methods=("POST",))
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a failed job back into the queue."""
    found = get_object_or_404(Job, pk=pk)
    with transaction.atomic():
        queued = try_again(found)
        if queued:
            record(
                cast("User", request.user),
                "job.retried",
                f"job {found.pk}",
                campaign=found.campaign,
                detail={"kind": found.kind, "subject": found.subject, "error": found.error},
            )
    if queued:
        messages.success(request, f"Job {found.pk} waits again.")
    else:
        messages.warning(request, f"Job {found.pk} has not failed, so there is nothing to retry.")
    return redirect("work:list")
