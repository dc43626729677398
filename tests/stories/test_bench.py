"""The logs of the benchmark: as large as asked for, mostly probes, well formed, always the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench import generate
from tocsin.events.format import all_formats
from tocsin.model.artefact import Artefact
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

MIB = 4


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    generate.generate(folder, mib=MIB)
    return folder


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_half_is_iis_and_half_is_httpproxy(logs: Path) -> None:
    sizes = [0, 0]
    for path in files(logs):
        sizes["HttpProxy" in path.parts] += path.stat().st_size
    assert [50, 50] == [round(100 * size / sum(sizes)) for size in sizes]
    assert MIB == round(sum(sizes) / 2**20)


def test_eighty_six_rows_of_a_hundred_are_probes(logs: Path) -> None:
    rows = [
        line
        for path in files(logs)
        for line in path.read_bytes().splitlines()
        if not line.startswith((b"#", b"DateTime", b"\xef\xbb\xbf"))
    ]
    probes = sum(any(mark in row for mark in generate.PROBE_MARKS) for row in rows)
    assert 84 <= 100 * probes / len(rows) <= 90


def test_every_row_can_be_read_and_time_goes_forward(logs: Path) -> None:
    for path in files(logs):
        form = all_formats()["httpproxy" if "HttpProxy" in path.parts else "iis"]
        artefact = Artefact(
            path=EvidencePath.plain(path.relative_to(logs).as_posix()),
            format=form.name,
            size_bytes=path.stat().st_size,
        )
        last = None
        with path.open("rb") as stream:
            for row in form.parse(stream, artefact):
                assert not isinstance(row, Problem), row
                assert row.time is not None
                assert last is None or last <= row.time
                last = row.time


def test_two_runs_write_the_same(logs: Path, tmp_path: Path) -> None:
    generate.generate(tmp_path, mib=MIB)
    assert [path.read_bytes() for path in files(logs)] == [
        path.read_bytes() for path in files(tmp_path)
    ]
