"""The installed build, as its own program says."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from tests.events.reading import codes, one
from tocsin.events.format import all_formats
from tocsin.events.version_writer import write_versioned
from tocsin.model.artefact import Artefact, FileTime, TimeKind, TimeOrigin
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import ProblemCode

FORM = all_formats()["exsetup"]
DAY = datetime(2021, 3, 9, tzinfo=UTC)


def build(path: str) -> str | None:
    return FORM.values(one("exsetup", write_versioned("15.1.2176.9"), path)).get("build")


@pytest.mark.parametrize(
    "path",
    [
        "D:/Exchange/Bin/ExSetup.exe",
        "upload/exsetup.exe",
        "uploads/C/Program Files/Exchange Server/V15/bin/EXSETUP.EXE",
    ],
)
def test_the_version_of_the_installed_file_is_the_build(path: str) -> None:
    assert "15.1.2176.9" == build(path)


@pytest.mark.parametrize(
    "path",
    [
        "E:/Setup/ServerRoles/Common/ExSetup.exe",
        "C:/Windows/Temp/ExchangeSetup/ExSetup.exe",
        "C:/$Recycle.Bin/S-1-5-21/ExSetup.exe",
    ],
)
def test_a_copy_says_nothing_of_what_is_installed(path: str) -> None:
    assert build(path) is None


def timed(*times: FileTime) -> Event:
    data = write_versioned("15.1.2176.9")
    path = EvidencePath.plain(FORM.sample_path)
    file = Artefact(path=path, format="exsetup", size_bytes=len(data), times=times)
    [event] = FORM.parse(io.BytesIO(data), file)
    assert isinstance(event, Event)
    return event


def test_only_the_change_of_its_record_tells_since_when_it_is_there() -> None:
    built = FileTime(kind=TimeKind.MODIFIED, value=DAY, origin=TimeOrigin.MFT)
    inherited = FileTime(kind=TimeKind.CREATED, value=DAY, origin=TimeOrigin.MFT)
    changed = FileTime(kind=TimeKind.CHANGED, value=DAY, origin=TimeOrigin.MFT)
    copied = FileTime(kind=TimeKind.CHANGED, value=DAY, origin=TimeOrigin.COPY)
    assert [None, None, DAY, None] == [
        timed(built).time,
        timed(inherited).time,
        timed(built, inherited, changed).time,
        timed(copied).time,
    ]


def test_a_program_without_a_version_is_a_problem() -> None:
    assert [ProblemCode.BAD_DOCUMENT] == codes("exsetup", b"MZ" + b"\0" * 100)
