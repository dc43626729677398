"""Reading evidence for builds alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.errors import SourceError
from tocsin.events.format import all_formats
from tocsin.events.version_writer import write_versioned
from tocsin.model.progress import SilentProgress
from tocsin.verdict.survey import survey

if TYPE_CHECKING:
    from pathlib import Path

WITH_BUILDS = (
    "exsetup",
    "registry_hive",
    "registry_export",
    "setup_log",
    "httpproxy",
    "ecp_server",
)


def written(folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        form = all_formats()[name]
        path = folder / form.sample_path.replace(":", "")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(form.sample)
    return folder


def test_every_kind_of_source_that_names_a_build_is_read(tmp_path: Path) -> None:
    seen = survey(written(tmp_path, WITH_BUILDS), SilentProgress())
    kinds = {one.kind.partition(":")[0] for one in seen.sightings}
    assert set(WITH_BUILDS) == kinds


def test_a_mitigation_in_the_configuration_is_told(tmp_path: Path) -> None:
    seen = survey(written(tmp_path, ("iis_config",)), SilentProgress())
    assert ["oab-pool"] == [name for one in seen.mitigations for name in one.ids]


def test_the_program_alone_is_enough(tmp_path: Path) -> None:
    program = tmp_path / "ExSetup.exe"
    program.write_bytes(write_versioned("15.2.1118.7"))
    assert ["15.2.1118.7"] == [one.build for one in survey(program, SilentProgress()).sightings]


def test_damage_is_counted(tmp_path: Path) -> None:
    program = tmp_path / "Exchange" / "Bin" / "ExSetup.exe"
    program.parent.mkdir(parents=True)
    program.write_bytes(b"MZ")
    seen = survey(tmp_path, SilentProgress())
    assert ((), 1) == (seen.sightings, seen.problems)


def test_a_file_that_is_no_evidence_is_refused(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("nothing")
    with pytest.raises(SourceError, match=r"ExSetup\.exe"):
        survey(note, SilentProgress())


def test_a_source_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        survey(tmp_path / "nowhere", SilentProgress())


def test_a_build_from_before_its_release_is_doubted(tmp_path: Path) -> None:
    form = all_formats()["setup_log"]
    log = tmp_path / "ExchangeSetup.log"
    log.write_bytes(form.sample.replace(b"/2021", b"/2015"))
    seen = survey(log, SilentProgress())
    assert () == seen.sightings
    assert "was not released by then" in seen.doubts[0]
