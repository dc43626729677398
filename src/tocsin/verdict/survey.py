"""Read a collection only for the builds and mitigations that it shows, without hunting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.artefacts.discover import discover
from tocsin.errors import SourceError
from tocsin.events.format import all_formats
from tocsin.events.kind import kind_of
from tocsin.evidence.collection import Limits
from tocsin.evidence.open import open_collection
from tocsin.model.problem import Problem
from tocsin.model.progress import Progress, running
from tocsin.verdict.mitigations import Mitigations
from tocsin.verdict.released import ReleasedBuilds

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.evidence.collection import Member
    from tocsin.model.artefact import Artefact
    from tocsin.verdict.exposure import Sighting
    from tocsin.verdict.mitigations import Told

_CONFIGURATION = "iis_config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was seen: builds in order of time, mitigations, and how much could not be read.

    `doubts` are sentences about rows that cannot be true.
    """

    sightings: tuple[Sighting, ...]
    mitigations: tuple[Told, ...]
    problems: int
    doubts: tuple[str, ...]


def survey(source: Path, progress: Progress, limits: Limits | None = None) -> Survey:
    """Read `source` for builds and mitigations. Never raises on evidence.

    Raises `SourceError` where it cannot be opened, or is one file that is no log we know.
    """
    builds, mitigations = ReleasedBuilds(), Mitigations()
    wanted = {
        name
        for name, form in all_formats().items()
        if name == _CONFIGURATION or any(column.name == "build" for column in form.columns)
    }
    problems, known = 0, False
    with running(progress, f"{source.name}, unpacking", None):
        collection = open_collection(source, limits or Limits(), progress.advance)
    with collection, running(progress, collection.name, collection.total_bytes):
        for found in discover(collection, list(all_formats().values())):
            progress.file(found.member.path.inside)
            problems += found.problem is not None
            if found.artefact is None or not found.readable:
                continue
            known = True
            if found.artefact.format in wanted:
                problems += _read(found.member, found.artefact, (builds, mitigations))
        problems += len(collection.problems)
    if source.is_file() and not known and not collection.problems:
        raise SourceError(
            "is neither an archive that Tocsin opens nor a file that names a build; give a "
            "folder, an archive, or ExSetup.exe",
            where=str(source),
        )
    return Survey(
        sightings=builds.sightings(),
        mitigations=mitigations.taken(),
        problems=problems,
        doubts=tuple(builds.limits()),
    )


def _read(member: Member, artefact: Artefact, watching: tuple[ReleasedBuilds, Mitigations]) -> int:
    """Show every row of one file to both, and count what could not be read."""
    form = all_formats()[artefact.format]
    count = 0
    try:
        with member.open() as stream:
            for row in form.parse(stream, artefact):
                if isinstance(row, Problem):
                    count += 1
                    continue
                for observer in watching:
                    observer.row(artefact, form, kind_of(form.name, row.stream), row)
    except OSError:
        count += 1
    return count
