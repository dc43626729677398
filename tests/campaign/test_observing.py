"""Files opened, recognised and read."""

from __future__ import annotations

import gzip
import zipfile
from typing import TYPE_CHECKING

import pytest

from tocsin.campaign.feed import all_feeds
from tocsin.campaign.observation import FeedProblem, Observation
from tocsin.campaign.observing import Asked, columns_of, observe
from tocsin.errors import SourceError, UsageError
from tocsin.evidence.collection import Limits
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.campaign.observation import FeedRow

SHADOWSERVER = all_feeds()["shadowserver"]
AUTO = Asked()


def rows(path: Path, asked: Asked = AUTO) -> list[FeedRow]:
    return list(observe(path, asked))


def written(folder: Path, name: str = "2026-03-24-scan_exchange-x.csv") -> Path:
    path = folder / name
    path.write_bytes(SHADOWSERVER.sample)
    return path


def identities(found: list[FeedRow]) -> list[tuple[str, int | None]]:
    return [(row.file_sha256, row.row) for row in found]


@pytest.mark.parametrize(
    "name", [name for name, feed in all_feeds().items() if not feed.needs_mapping]
)
def test_every_sample_is_recognised(name: str, tmp_path: Path) -> None:
    feed = all_feeds()[name]
    path = tmp_path / feed.sample_name
    path.write_bytes(feed.sample)
    assert {name} == {row.feed for row in rows(path)}


def test_a_packed_copy_gives_the_same_observations(tmp_path: Path) -> None:
    plain = rows(written(tmp_path))
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(SHADOWSERVER.sample))
    archive = tmp_path / "reports.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("one.csv", SHADOWSERVER.sample)
    assert identities(plain) == identities(rows(packed)) == identities(rows(archive))
    assert {"reports.zip/one.csv"} == {row.file for row in rows(archive)}


def test_reading_twice_gives_the_same_rows(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert rows(path) == rows(path)


def test_a_file_of_a_folder_that_is_no_feed_is_a_problem_and_the_others_are_read(
    tmp_path: Path,
) -> None:
    written(tmp_path)
    (tmp_path / "README.md").write_text("nothing\n")
    found = rows(tmp_path)
    problems = [row for row in found if isinstance(row, FeedProblem)]
    assert [(ProblemCode.UNRECOGNISED, None)] == [(row.code, row.row) for row in problems]
    assert problems[0].detail.startswith("this is no feed that is known here")
    assert SHADOWSERVER.sample_rows == len([row for row in found if isinstance(row, Observation)])


def test_what_is_no_feed_is_refused_with_the_names_of_those_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing\n")
    with pytest.raises(SourceError, match=r"notes\.txt: .* censys, csv, hunt, .* --map ip=COLUMN"):
        rows(path)


def test_a_csv_file_without_a_mapping_is_refused_with_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "scan.csv"
    path.write_text("Address,Seen\n192.0.2.1,2026-01-01\n")
    with pytest.raises(SourceError, match="they are Address, Seen"):
        rows(path)
    (row,) = rows(path, Asked(mapping={"ip": "Address", "time": "Seen"}))
    assert ("csv", 1) == (row.feed, row.row)


def test_an_empty_report_is_said_to_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(SHADOWSERVER.sample.split(b"\n")[0])
    (row,) = rows(path)
    assert isinstance(row, FeedProblem)
    assert (ProblemCode.EMPTY, None) == (row.code, row.row)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(feed="shadow"), "there is no feed 'shadow'; there are auto, censys"),
        (Asked(mapping={"address": "x"}), "--map: address cannot be mapped"),
        (Asked(mapping={"port": "x"}), "--map: needs ip or hostname"),
        (Asked(feed="n6", mapping={"ip": "x"}), "--map: is for csv alone"),
        (Asked(feed="n6", host="x"), "--host: is for results of tocsin hunt alone"),
    ],
)
def test_what_cannot_be_meant_is_refused(asked: Asked, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        asked.check()


def test_the_columns_of_a_file_that_needs_a_mapping_are_told(tmp_path: Path) -> None:
    csv = all_feeds()["csv"]
    archive = tmp_path / "reports.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.csv", SHADOWSERVER.sample)
        file.writestr("scan.csv", csv.sample)
    expected = ["Address", "Service port", "Seen", "Name", "Exchange", "Remark"]
    assert expected == columns_of(archive)
    assert [] == columns_of(written(tmp_path))


def test_an_archive_that_unpacks_to_more_than_the_limits_is_not_read_on(tmp_path: Path) -> None:
    archive = tmp_path / "reports.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.csv", SHADOWSERVER.sample)
        file.writestr("b.csv", b"0" * 2**21)
    found = list(observe(archive, AUTO, None, Limits(total_bytes=2**20, member_bytes=2**20)))
    assert ProblemCode.BOMB in {row.code for row in found if isinstance(row, FeedProblem)}
