"""Collect, then hunt: the same is found as in the sample itself, laid out as the server's drives."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.collect.drives import taken
from tocsin import samples
from tocsin.collect.file_times import FileTimes
from tocsin.evidence.layouts import locate
from tocsin.evidence.open import open_collection
from tocsin.hunt import Options, hunt
from tocsin.model.artefact import TimeOrigin
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tocsin.model.result import CoverageEntry, Finding, HostResult

    Compared = tuple[HostResult, HostResult]
    Compare = Callable[[str], Compared]


class Server:
    """A sample's files as they lay on its drives, with the times that its collector read there."""

    def __init__(self, sample: Path, folder: Path) -> None:
        self.folder = folder
        self.times: dict[bytes, FileTimes] = {}
        with open_collection(sample) as collection:
            for member in collection.members():
                drive, marked, inside = member.path.server.partition(":/")
                path = folder / drive / inside
                if not marked or path.exists():
                    continue  # the collector's own file, or the same file once more
                path.parent.mkdir(parents=True, exist_ok=True)
                with member.open() as stream:
                    path.write_bytes(stream.read())
                given = {
                    time.kind.value: time.value
                    for time in member.times
                    if time.origin is TimeOrigin.COLLECTOR
                }
                self.times[os.fsencode(path)] = FileTimes(**given)

    def times_of(self, path: bytes, _: os.stat_result) -> FileTimes:
        return self.times[path]


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compare:
    """The results for a sample, and for what was collected from its server."""

    @cache
    def results(name: str) -> Compared:
        folder = tmp_path_factory.mktemp(name)
        sample = samples.build(name, folder)
        server = Server(sample, folder / "drives")
        output = folder / "evidence.zip"
        has_times = any(times != FileTimes() for times in server.times.values())
        taken(
            server.folder,
            output,
            split_bytes=2**20,
            trust_times=has_times,
            times=server.times_of,
        )
        assert (folder / "evidence.2.zip").exists() or name != "quiet"
        one, two = (
            hunt([source], Options(), SilentProgress()).hosts[0] for source in (sample, output)
        )
        return one, two

    return results


every_sample = pytest.mark.parametrize("name", samples.names())


def on_server(findings: Iterable[Finding]) -> list[Finding]:
    """With the places on the server instead of those in the collection."""
    return [
        msgspec.structs.replace(
            finding,
            citations=tuple(
                msgspec.structs.replace(one, artefact=locate(one.artefact).path.server)
                for one in finding.citations
            ),
        )
        for finding in findings
    ]


@every_sample
def test_the_findings_are_the_same(compared: Compare, name: str) -> None:
    sample, collected = compared(name)
    assert on_server(sample.findings) == on_server(collected.findings)
    assert on_server(sample.leads) == on_server(collected.leads)


@every_sample
def test_the_verdict_is_the_same(compared: Compare, name: str) -> None:
    sample, collected = compared(name)
    assert sample.verdict == collected.verdict
    assert sample.packs == collected.packs
    assert sample.name == collected.name


@every_sample
def test_builds_and_exposure_are_the_same(compared: Compare, name: str) -> None:
    sample, collected = compared(name)
    assert sample.builds == collected.builds
    assert sample.exposure == collected.exposure


TWICE = "httpproxy:owa"
"""The kind of the file that the damaged sample's archive holds twice, which no drive can."""


def seen(host: HostResult) -> list[CoverageEntry]:
    """The coverage, without what is wrong with the archive and not with the server's files."""
    return [entry for entry in host.coverage if entry.kind not in ("collection", TWICE)]


@every_sample
def test_the_coverage_is_the_same(compared: Compare, name: str) -> None:
    sample, collected = compared(name)
    assert seen(sample) == seen(collected)
    if name != "damaged":
        assert sample.coverage == collected.coverage


@every_sample
def test_nothing_is_wrong_with_what_was_collected(compared: Compare, name: str) -> None:
    """Every problem is one that the sample has too: in the server's files, and none of ours."""
    sample, collected = compared(name)
    before = {(locate(one.artefact).path.server, one.line, one.code) for one in sample.problems}
    after = {(locate(one.artefact).path.server, one.line, one.code) for one in collected.problems}
    assert after <= before
    if name != "damaged":
        assert after == before


@every_sample
def test_every_file_with_rows_is_in_the_manifest(compared: Compare, name: str) -> None:
    sample, collected = compared(name)
    before = {entry.sha256 for entry in sample.manifest}
    own = {entry.sha256 for entry in collected.manifest if "tocsin-" in entry.path}
    assert {entry.sha256 for entry in collected.manifest} - own <= before
