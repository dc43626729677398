"""Reads imports, and what they hold: the rows of a campaign, as received."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import F

from tocsin.web.imports.models import FeedFile, ImportState, Observation, Rejected, RejectedState
from tocsin.web.imports.rows import (
    COLUMNS,
    FileKey,
    observation_of,
    problem_of,
    text_out,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tocsin.campaign.observation import FeedRow
    from tocsin.web.campaigns.models import Campaign

_CHUNK = 5000


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
