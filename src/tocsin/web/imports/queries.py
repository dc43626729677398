"""Reads imports, and what they hold: the rows of a campaign, as received."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, F, Min, Q
from django.shortcuts import get_object_or_404

from tocsin.web.audit.models import Decision
from tocsin.web.campaigns.services import ASSESS
from tocsin.web.imports.models import (
    FeedFile,
    Import,
    ImportState,
    Observation,
    Rejected,
    RejectedState,
)
from tocsin.web.imports.rows import (
    COLUMNS,
    FileKey,
    observation_of,
    problem_of,
    text_out,
)
from tocsin.web.work.models import OPEN, Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tocsin.campaign.observation import FeedRow
    from tocsin.web.campaigns.models import Campaign

_CHUNK = 5000
_MOST_FILES = 50
WEB_SHELLS = "web_shells"
"""In `Import.effect`: hosts of which it brought the first signs of compromise."""
EFFECTS: Mapping[str, str] = MappingProxyType(
    {
        "first_seen": "new hosts",
        "vulnerable_again": "hosts vulnerable again",
        "fixed": "hosts fixed",
        "vanished": "hosts vanished",
        "back": "hosts back",
        WEB_SHELLS: "hosts with new signs of compromise",
    }
)
"""What `Import.effect` counts, in words."""


class StoredRow(NamedTuple):
    """A row and the number of the import that brought it."""

    row: FeedRow
    import_number: int


def stored_rows(campaign: Campaign) -> Iterator[FeedRow]:
    """Every row that counts in a campaign: those of imports that are done.

    In order of time, those without one first; among them damaged rows in which a sign of
    compromise could be told, unless a person put them aside. Memory does not grow with rows.
    """
    for problem in _problems(campaign):
        yield problem.row
    files = _files(campaign)
    for file, *row in _observations(campaign):
        yield observation_of(row, files[file][0])


def first_signs(imports: Sequence[Import]) -> dict[str, int]:
    """By the key of a host, the number of the first of these imports with a sign of compromise."""
    of_imports = [one.pk for one in imports]
    rows = Observation.objects.filter(file__part_of__in=of_imports).exclude(evidence="")
    damaged = Rejected.objects.filter(part_of__in=of_imports, state=RejectedState.OPEN)
    found: dict[str, int] = {}
    for key, number in (
        *rows.order_by().values_list("host").annotate(Min("file__part_of__number")),
        *damaged.exclude(evidence="")
        .order_by()
        .values_list("ip")
        .annotate(Min("part_of__number")),
    ):
        found[key] = min(number, found.get(key, number))
    return found


def stored_rows_of_host(
    campaign: Campaign, host: str, *names: str, most: int = 1000
) -> list[StoredRow]:
    """The rows of one host, and of `names` that are known without an address, in order of time.

    `host` is as `tocsin.web.imports.rows.host_of` gives it. Where there are more than `most`, the
    newest of them.
    """
    files = _files(campaign)
    found = [
        StoredRow(observation_of(row, files[file][0]), files[file][1])
        for file, *row in _observations(campaign, (host, *names), most)
    ]
    return [*_problems(campaign, host), *reversed(found)]


def _files(campaign: Campaign) -> dict[int, tuple[FileKey, int]]:
    """What all rows of each file share, and the number of its import."""
    return {
        pk: (FileKey(feed, text_out(name), sha256), number)
        for pk, feed, name, sha256, number in FeedFile.objects.filter(
            campaign=campaign, part_of__state=ImportState.DONE
        ).values_list("pk", "feed", "name", "sha256", "part_of__number")
    }


def _observations(
    campaign: Campaign, hosts: Sequence[str] = (), most: int | None = None
) -> Iterator[Sequence[Any]]:
    """The columns of each row, the file's key first; of some hosts, the newest first.

    Without models: making them would take longer than everything else.
    """
    files = FeedFile.objects.filter(campaign=campaign, part_of__state=ImportState.DONE)
    found = Observation.objects.filter(file__in=files)
    if hosts:
        newest = found.filter(host__in=hosts).order_by(F("time").desc(nulls_last=True), "-pk")
        return iter(newest.values_list("file_id", *COLUMNS)[:most])
    ordered = found.order_by(F("time").asc(nulls_first=True), "pk")
    return ordered.values_list("file_id", *COLUMNS).iterator(chunk_size=_CHUNK)


def _problems(campaign: Campaign, host: str = "") -> Iterator[StoredRow]:
    """Damaged rows with a sign of compromise."""
    found = Rejected.objects.filter(
        part_of__campaign=campaign,
        part_of__state=ImportState.DONE,
        state=RejectedState.OPEN,
    ).exclude(evidence="")
    if host:
        found = found.filter(ip=host)
    for one in found.order_by("pk").select_related("part_of").iterator(chunk_size=_CHUNK):
        row = problem_of(
            FileKey(one.feed, text_out(one.file_name), one.file_sha256),
            row=one.row,
            code=one.code,
            detail=one.detail,
            ip=one.ip,
            evidence=one.evidence,
        )
        yield StoredRow(row, one.part_of.number)


# What pages show.


def import_or_404(campaign: Campaign, number: int) -> Import:
    """One import of a campaign. Raises `Http404`."""
    found = Import.objects.select_related("campaign", "by", "job", "undone_by")
    return get_object_or_404(found, campaign=campaign, number=number)


def files_of(one: Import) -> list[FeedFile]:
    """Its files, the first of many."""
    return list(one.files.order_by("pk")[:_MOST_FILES])


class Quarantine(NamedTuple):
    """What lies in quarantine: by code, and in which state."""

    by_code: list[tuple[str, int]]
    open: int
    files: int
    signs: int
    read: int
    dismissed: int


def quarantine_counts(one: Import) -> Quarantine:
    """Counts of the quarantine; `open`, and what is told by code, waits for somebody."""
    rows = one.rejected_rows.order_by()
    told = rows.aggregate(
        open=Count("pk", filter=Q(state=RejectedState.OPEN)),
        files=Count("pk", filter=Q(state=RejectedState.OPEN, row=None)),
        signs=Count("pk", filter=Q(state=RejectedState.OPEN) & ~Q(evidence="")),
        read=Count("pk", filter=Q(state=RejectedState.READ)),
        dismissed=Count("pk", filter=Q(state=RejectedState.DISMISSED)),
    )
    by_code = (
        rows.filter(state=RejectedState.OPEN)
        .values_list("code")
        .annotate(n=Count("pk"))
        .order_by("-n", "code")
    )
    return Quarantine(by_code=[(code, n) for code, n in by_code], **told)


def assessing(campaign: Campaign) -> Job | None:
    """The job that assesses the campaign anew, while one waits or runs."""
    jobs = Job.objects.filter(campaign=campaign, kind=ASSESS)
    return jobs.filter(state__in=OPEN).order_by("id").first()


def effect_of(one: Import) -> list[tuple[str, str, int]] | None:
    """Key, words and hosts of each change that was noticed because of it; None before that.

    The assessment writes them, and the keys are those of its changes.
    """
    if not one.effect:
        return None
    return [(key, words, one.effect.get(key, 0)) for key, words in EFFECTS.items()]


def of_the_same_file(one: Import) -> list[Import]:
    """Other imports that are done and were handed over the same bytes."""
    same = Import.objects.filter(
        campaign=one.campaign, sha256=one.sha256, state=ImportState.DONE
    ).exclude(pk=one.pk)
    return list(same.order_by("number")[:_MOST_FILES])


def decisions_on(one: Import) -> list[Decision]:
    """What was decided about it, the newest first."""
    found = Decision.objects.filter(campaign=one.campaign, subject=str(one))
    return list(found[:_MOST_FILES])
