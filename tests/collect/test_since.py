"""A log is left out only with proof; every doubt takes it."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from tests.collect.drives import IIS, contents, lay_out, manifest, taken
from tocsin.evidence.open import open_collection
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from pathlib import Path

SINCE = datetime(2021, 2, 1, tzinfo=UTC)
OLD = datetime(2021, 1, 5, tzinfo=UTC).timestamp()
FOLDER = "C/inetpub/logs/LogFiles/W3SVC1"
ROW = b"2021-01-05 04:05:06 /owa/\r\n"


def left_out(
    tmp_path: Path, name: str, content: bytes, written: float = OLD, since: datetime = SINCE
) -> bool:
    """Whether the file is left out; another one is always there to be taken."""
    path = name if "/" in name else f"{FOLDER}/{name}"
    other = "C/inetpub/wwwroot/a.aspx"
    drives = lay_out(tmp_path / "drives", {path: content, other: b"<%@ Page %>"})
    os.utime(drives / path, (written, written))
    outcome = taken(drives, tmp_path / "evidence.zip", since=since)
    out = [one.path for one in outcome.left_out]
    assert sorted([*contents(tmp_path / "evidence.zip"), *out]) == sorted([path, other])
    return out == [path]


def test_an_old_log_is_left_out_and_listed(tmp_path: Path) -> None:
    assert left_out(tmp_path, "u_ex210105.log", IIS + ROW)
    archive = tmp_path / "evidence.zip"
    (listed,) = manifest(archive)["left_out"]
    assert f"{FOLDER}/u_ex210105.log" == listed["path"]
    assert (date(2021, 1, 5).isoformat(), len(IIS + ROW)) == (listed["last_day"], listed["size"])
    assert "2021-02-01T00:00:00Z" == manifest(archive)["since"]
    with open_collection(archive) as collection:
        (problem,) = collection.problems
        assert ProblemCode.NOT_COLLECTED == problem.code
        assert "1 older logs were left out" in problem.detail


@pytest.mark.parametrize(
    ("why", "name", "content", "written"),
    [
        ("it was written later", "u_ex210105.log", IIS + ROW, SINCE.timestamp() + 1),
        (
            "its last row is later",
            "u_ex210105.log",
            IIS + ROW + ROW.replace(b"-01-", b"-02-"),
            OLD,
        ),
        (
            "its last row is of the day before",
            "u_ex.log",
            IIS + ROW.replace(b"01-05", b"01-31"),
            OLD,
        ),
        ("its name says later", "u_ex210303.log", IIS + ROW, OLD),
        ("no row names a day", "u_ex210105.log", IIS, OLD),
        ("it is empty", "u_ex210105.log", b"", OLD),
        ("its days cannot be", "u_ex210105.log", IIS + b"2021-99-99\r\n", OLD),
        ("it is a page", "C/inetpub/wwwroot/b.aspx", b"2021-01-05", OLD),
        ("it is an event log", "C/Windows/System32/winevt/Logs/Security.evtx", b"2021-01-05", OLD),
        ("it is packed", "u_ex210105.log.gz", b"2021-01-05", OLD),
        ("it is a table of files", "C/$MFT", b"2021-01-05", OLD),
    ],
)
def test_what_is_in_doubt_is_taken(
    tmp_path: Path, why: str, name: str, content: bytes, written: float
) -> None:
    assert not left_out(tmp_path, name, content, written), why


def test_a_late_row_behind_a_long_old_log_is_seen(tmp_path: Path) -> None:
    late = ROW.replace(b"2021-01-05", b"2021-02-03")
    assert not left_out(tmp_path, "u_ex210105.log", IIS + ROW * 10_000 + late)


def test_a_log_in_utf_16_is_read_too(tmp_path: Path) -> None:
    late = ROW.replace(b"2021-01-05", b"2021-02-03")
    text = (IIS + ROW + late).decode().encode("utf-16")
    assert not left_out(tmp_path, "u_ex210105.log", text)


def test_a_name_with_the_day_of_an_hourly_log_is_read(tmp_path: Path) -> None:
    name = "D/Exchange/Logging/HttpProxy/Ecp/HttpProxy_2021010504-1.LOG"
    assert left_out(tmp_path, name, b"#Fields: DateTime\r\n2021-01-05T04:00:00.000Z\r\n")
