"""Takes rows of an import into the database, each once, in portions.

The same file again, in whatever import or archive, is counted and not stored. A second reading of
an import (`again`) takes what is not there yet: rows that could not be read the first time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, Max, Min

from tocsin.campaign.observation import FeedProblem
from tocsin.campaign.sightings import OWNERS
from tocsin.errors import SourceError, UsageError
from tocsin.web.imports.loading import Loading, converter
from tocsin.web.imports.models import (
    FeedFile,
    Import,
    ImportState,
    Rejected,
    RejectedState,
)
from tocsin.web.imports.models import Observation as Row
from tocsin.web.imports.rows import list_in, text_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tocsin.campaign.observation import FeedRow

_PORTION = 10_000
_MOST_KEYS = 10_000
"""Keys that one statement names; SQLite takes no more than some 30,000."""
_OPEN = RejectedState.OPEN
_MOST_FILE_NAME = 1000
_MOST_IP = 45


@dataclass(slots=True)
class _File:
    """A file while its rows come in. `pk` is None where an earlier one has the same content.

    `held` says by number which rows are stored, `aside` which lie in quarantine, by their keys.
    """

    pk: int | None
    held: set[int] = field(default_factory=set)
    aside: dict[int, int] = field(default_factory=dict)


class Taking:
    """The rows of one import on their way in; `again` where it was read before."""

    def __init__(self, part_of: Import, *, again: bool = False) -> None:
        self.repeated = 0
        """Rows of files whose content is stored already."""
        self._import = part_of
        self._again = again
        self._files: dict[tuple[str, str, str], _File] = {}
        self._loading = Loading()
        self._rows: list[Any] = []
        self._rejected: list[Rejected] = []
        self._read: list[int] = []
        self._of_files: dict[tuple[str, str], list[int]] = self._known_of_files() if again else {}
        """Problems of whole files, by name and code: those that are not met again are over."""
        self._superseded: list[int] = []
        """Rows in quarantine of files that are read as another feed now: each is told anew."""

    def wait(self) -> None:
        """Return once the database's connection is free; call it before using that meanwhile."""
        self._loading.wait()

    def take_all(self, rows: Iterable[FeedRow]) -> None:
        """Take all rows, and then say of the import what it holds."""
        with self._loading:
            self._take_all(rows)
        over = [*(pk for known in self._of_files.values() for pk in known), *self._superseded]
        for begin in range(0, len(over), _MOST_KEYS):
            found = Rejected.objects.filter(pk__in=over[begin : begin + _MOST_KEYS])
            found.update(state=RejectedState.READ)
        count(self._import)

    def _take_all(self, rows: Iterable[FeedRow]) -> None:
        converted = converter()
        name = sha256 = ""
        file = _File(None)
        for row in rows:
            # The rows of a file share its name, so it is enough to ask whether it is the same.
            if row.file is not name or row.file_sha256 is not sha256:
                name, sha256 = row.file, row.file_sha256
                file = self._file_of(row)
            if isinstance(row, FeedProblem):
                self._reject(row, file)
            elif file.pk is None:
                self.repeated += 1
            elif row.row not in file.held:
                self._rows.append(converted(file.pk, row))
                if row.row in file.aside:
                    self._read.append(file.aside[row.row])
            if len(self._rows) + len(self._rejected) >= _PORTION:
                self._flush()
        self._flush()
        self.wait()

    def _reject(self, row: FeedProblem, file: _File) -> None:
        if row.row is None:
            known = self._of_files.get((row.file[:_MOST_FILE_NAME], row.code))
            if known:
                known.pop()
                return
        elif file.pk is None and row.file_sha256:
            self.repeated += 1
            return
        elif row.row in file.held or row.row in file.aside:
            return
        self._rejected.append(
            Rejected(
                part_of=self._import,
                file_name=row.file[:_MOST_FILE_NAME],
                file_sha256=row.file_sha256,
                feed=row.feed,
                row=row.row,
                code=row.code,
                detail=text_in(row.detail),
                ip=(row.ip or "")[:_MOST_IP],
                evidence=list_in(row.evidence) if row.evidence else "",
            )
        )

    def _file_of(self, row: FeedRow) -> _File:
        key = (row.file, row.file_sha256, row.feed)
        file = self._files.get(key)
        if file is None:
            file = self._files[key] = self._begun(row) if row.file_sha256 else _File(None)
        return file

    def _begun(self, row: FeedRow) -> _File:
        """The file in the database, made where its content is new."""
        self.wait()
        host = self._import.host if row.feed == OWNERS else ""
        if row.feed == OWNERS and not host:
            raise UsageError("An owner's result does not say which host it is about: name it.")
        name = row.file[:_MOST_FILE_NAME]
        if self._again and self._is_held_as_another_feed(row):
            return _File(None)
        file, new = FeedFile.objects.get_or_create(
            campaign=self._import.campaign,
            sha256=row.file_sha256,
            feed=row.feed,
            host=host,
            defaults={"part_of": self._import, "name": name},
        )
        if new:
            return self._known(file) if self._again else _File(file.pk)
        if file.part_of_id != self._import.pk:
            if file.part_of.state != ImportState.DONE:
                raise SourceError(
                    f"Import {file.part_of.number} is just storing a file with the same content. "
                    "Try again once it is done."
                )
            return _File(None)
        return self._known(file) if self._again and file.name == name else _File(None)

    def _is_held_as_another_feed(self, row: FeedRow) -> bool:
        """A mapping that is given for one file of an archive must not read the others twice."""
        held = Row.objects.filter(
            file__part_of=self._import, file__sha256=row.file_sha256
        ).exclude(file__feed=row.feed)
        return held.exists()

    def _known(self, file: FeedFile) -> _File:
        """A file of this import that was read before, as this feed or as another."""
        aside = list(
            Rejected.objects.filter(
                part_of=self._import, file_sha256=file.sha256, row__isnull=False
            ).only("pk", "row", "feed", "state")
        )
        waiting = [one for one in aside if one.state == _OPEN and one.row]
        self._superseded += [one.pk for one in waiting if one.feed != file.feed]
        return _File(
            file.pk,
            held={
                *Row.objects.filter(file=file).values_list("row", flat=True),
                *(one.row for one in aside if one.state == RejectedState.DISMISSED and one.row),
            },
            aside={one.row: one.pk for one in waiting if one.row and one.feed == file.feed},
        )

    def _known_of_files(self) -> dict[tuple[str, str], list[int]]:
        found = self._import.rejected_rows.filter(row__isnull=True, state=RejectedState.OPEN)
        known: dict[tuple[str, str], list[int]] = {}
        for name, code, pk in found.values_list("file_name", "code", "pk"):
            known.setdefault((name, code), []).append(pk)
        return known

    def _flush(self) -> None:
        """Write what came together. Each portion is there as a whole, or not at all."""
        if self._rejected or self._read:
            self.wait()
            with transaction.atomic():
                self._loading.put(self._rows)
                self.wait()
                Rejected.objects.bulk_create(self._rejected, batch_size=1000)
                Rejected.objects.filter(pk__in=self._read).update(state=RejectedState.READ)
        elif self._rows:
            self._loading.put(self._rows)
        self._rows, self._rejected, self._read = [], [], []


def forget(part_of: Import) -> None:
    """Remove all that an import brought, its files and its quarantine."""
    # Django deletes the rows first, by the files' keys. Never by a join: of a table that has just
    # been filled PostgreSQL knows no statistics, and went through all rows for each of them.
    part_of.files.all().delete()
    part_of.rejected_rows.all().delete()


def count(part_of: Import) -> None:
    """Count what the tables hold of an import, and set it; nothing is saved of the import."""
    held = Row.objects.filter(file__part_of=part_of).order_by()
    by_file = {
        one["file"]: one
        for one in held.values("file").annotate(n=Count("pk"), first=Min("time"), last=Max("time"))
    }
    aside = (
        part_of.rejected_rows.filter(row__isnull=False)
        .exclude(state=RejectedState.READ)
        .order_by()
        .values("file_sha256", "feed")
        .annotate(n=Count("pk"))
    )
    rejected = {(one["file_sha256"], one["feed"]): one["n"] for one in aside}
    files = list(part_of.files.all())
    for file in files:
        found = by_file.get(file.pk)
        file.observations = found["n"] if found else 0
        file.rejected = rejected.get((file.sha256, file.feed), 0)
    FeedFile.objects.bulk_update(files, ["observations", "rejected"], batch_size=500)
    part_of.observations = sum(file.observations for file in files)
    part_of.rejected = sum(rejected.values())
    times = list(by_file.values())
    part_of.earliest = min((one["first"] for one in times if one["first"]), default=None)
    part_of.latest = max((one["last"] for one in times if one["last"]), default=None)
