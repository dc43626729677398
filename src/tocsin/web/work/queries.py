"""Reads jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count

from tocsin.web.work.models import Job, JobState

if TYPE_CHECKING:
    from django.db.models import QuerySet


def newest_first(state: str = "") -> QuerySet[Job]:
    """All jobs, or those in one state, with their campaigns."""
    jobs = Job.objects.select_related("campaign").order_by("-id")
    return jobs.filter(state=state) if state in JobState.values else jobs


def in_each_state() -> list[tuple[JobState, int]]:
    """How many there are, in the order of a job's life."""
    counts = dict(Job.objects.order_by().values_list("state").annotate(Count("id")))
    return [(state, counts.get(state.value, 0)) for state in JobState]
