from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.archives import LOG
from tocsin.evidence.collector_time import parsed
from tocsin.evidence.open import open_collection
from tocsin.model.artefact import FileTime, TimeKind, TimeOrigin
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from pathlib import Path

SHELL = "C:\\inetpub\\wwwroot\\aspnet_client\\x.aspx"
CREATED = datetime(2021, 3, 3, 4, 5, 6, 123456, tzinfo=UTC)
MODIFIED = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
CHANGED = datetime(2021, 3, 3, 4, 5, 7, tzinfo=UTC)
ROW = {
    "SourceFile": SHELL,
    "Size": 41,
    "Created": "2021-03-03T04:05:06.1234567Z",
    "Changed": "2021-03-03T04:05:07Z",
    "LastAccessed": "2021-03-03T04:05:08Z",
    "Modified": "2020-01-02T03:04:05Z",
    "_Source": "Generic.Collectors.File/All Matches Metadata",
}
KAPE = (
    "\ufeffCopiedTimestamp,SourceFile,DestinationFile,FileSize,SourceFileSha1,DeferredCopy,"
    "CreatedOnUtc,ModifiedOnUtc,LastAccessedOnUtc,CopyDuration\r\n"
)


def write(folder: Path, name: str, data: bytes | str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def collected(folder: Path, inside: str) -> tuple[list[FileTime], list[Problem]]:
    """The times that a collector gave for the file at `inside`."""
    with open_collection(folder) as collection:
        (member,) = [m for m in collection.members() if m.path.inside == inside]
        assert TimeOrigin.COPY is member.times[-1].origin
        return [t for t in member.times if t.origin is TimeOrigin.COLLECTOR], collection.problems


def times(*given_times: tuple[TimeKind, datetime]) -> list[FileTime]:
    return [FileTime(kind=k, value=v, origin=TimeOrigin.COLLECTOR) for k, v in given_times]


@pytest.mark.parametrize(
    "name",
    [
        "results/Windows.KapeFiles.Targets%2FAll File Metadata.json",
        "results/Windows.Triage.Targets%2FAll Matches Metadata.json",
        "results/Windows.KapeFiles.Targets/All File Metadata.json",
        "results/Windows.KapeFiles.Targets%2FUploads.json",
    ],
)
@pytest.mark.parametrize("root", ["", "Collection-MAIL01/"])
def test_velociraptors_times_are_the_collectors(tmp_path: Path, name: str, root: str) -> None:
    shell = f"{root}uploads/auto/C%3A/inetpub/wwwroot/aspnet_client/x.aspx"
    write(tmp_path, shell, LOG)
    write(tmp_path, root + name, json.dumps(ROW) + "\n\n" + json.dumps(ROW))

    found, problems = collected(tmp_path, shell)
    assert [] == problems
    assert (
        times(
            (TimeKind.CREATED, CREATED), (TimeKind.MODIFIED, MODIFIED), (TimeKind.CHANGED, CHANGED)
        )
        == found
    )
    assert all(time.is_evidence for time in found)


def test_velociraptors_csv_and_device_paths_are_read_too(tmp_path: Path) -> None:
    shell = "uploads/ntfs/%5C%5C.%5CC%3A/inetpub/wwwroot/aspnet_client/x.aspx"
    write(tmp_path, shell, LOG)
    source = "\\\\.\\C:\\Inetpub\\wwwroot\\aspnet_client\\X.aspx"
    rows = f"SourceFile,Mtime,Btime\n{source},2020-01-02T03:04:05Z,\n"
    write(tmp_path, "results/Custom%2FUploads.csv", rows)

    assert (times((TimeKind.MODIFIED, MODIFIED)), []) == collected(tmp_path, shell)


def test_kapes_copy_log_is_read(tmp_path: Path) -> None:
    shell = "MAIL01/C/inetpub/wwwroot/aspnet_client/x.aspx"
    write(tmp_path, shell, LOG)
    row = (
        f'2021-03-05 10:00:00.0000000,"{SHELL}",D:\\out\\C\\inetpub,41,AB,False,'
        "2021-03-03 04:05:06.1234567,2020-01-02 03:04:05.0000000,2021-03-05 10:00:00,00:00:00.01\r\n"
    )
    write(tmp_path, "MAIL01/2021-03-05T10_00_00_1234567_CopyLog.csv", KAPE + row)

    expected = times((TimeKind.CREATED, CREATED), (TimeKind.MODIFIED, MODIFIED))
    assert (expected, []) == collected(tmp_path, shell)


def test_a_list_speaks_for_its_own_folder_only(tmp_path: Path) -> None:
    path = "C/inetpub/wwwroot/aspnet_client/x.aspx"
    write(tmp_path, f"one/{path}", LOG)
    write(tmp_path, f"two/{path}", LOG)
    row = f"t,{SHELL},d,1,s,False,2021-03-03 04:05:06.123456,,,\r\n"
    write(tmp_path, "one/x_CopyLog.csv", KAPE + row)

    assert (times((TimeKind.CREATED, CREATED)), []) == collected(tmp_path, f"one/{path}")
    assert ([], []) == collected(tmp_path, f"two/{path}")


def test_damaged_lines_are_one_problem_and_the_rest_is_used(tmp_path: Path) -> None:
    shell = "uploads/auto/C%3A/inetpub/wwwroot/aspnet_client/x.aspx"
    write(tmp_path, shell, LOG)
    lines = [
        json.dumps({**ROW, "Created": "the day before"}),
        "{not json",
        "[1, 2]",
        json.dumps({**ROW, "SourceFile": 7}),
        '{"SourceFile": "' + "x" * 600_000 + '"}',
        json.dumps({"SourceFile": SHELL, "Created": 1614744306.123456}),
    ]
    name = "results/Windows.KapeFiles.Targets%2FUploads.json"
    write(tmp_path, name, "\n".join(lines))

    found, problems = collected(tmp_path, shell)
    assert times((TimeKind.CREATED, CREATED)) == found
    assert [(name, 1, ProblemCode.BAD_METADATA)] == [
        (p.artefact, p.line, p.code) for p in problems
    ]
    assert "5 lines" in problems[0].detail


def test_damaged_csv_is_a_problem_and_the_rest_is_used(tmp_path: Path) -> None:
    shell = "C/inetpub/wwwroot/aspnet_client/x.aspx"
    write(tmp_path, shell, LOG)
    good = f"t,{SHELL},d,1,s,False,2021-03-03 04:05:06.123456,,,\r\n"
    bad = "too,few\r\n" + "x" * 200_000 + "\r\n"
    write(tmp_path, "x_CopyLog.csv", KAPE + bad + good)

    found, problems = collected(tmp_path, shell)
    assert times((TimeKind.CREATED, CREATED)) == found
    assert [(2, ProblemCode.BAD_METADATA)] == [(p.line, p.code) for p in problems]


def test_other_tables_of_such_names_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "uploads/auto/C%3A/x.log", LOG)
    write(tmp_path, "results/Custom.Thing%2FUploads.json", '{"Name": "x"}\n{"Name": "y"}\n')
    write(tmp_path, "C/inetpub/wwwroot/empty_CopyLog.csv", "")
    assert ([], []) == collected(tmp_path, "uploads/auto/C%3A/x.log")


@pytest.mark.parametrize(
    ("given_time", "expected"),
    [
        ("2021-03-03T04:05:06.1234567Z", CREATED),
        ("2021-03-03 04:05:06.123456", CREATED),
        ("2021-03-03T05:35:06.123456+01:30", CREATED),
        (1614744306.123456, CREATED),
        ("0001-01-01T00:00:00Z", None),
        ("1601-01-01 00:00:00.0000000", None),
        (0, None),
        (1e300, None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_times_come_in_these_forms(given_time: object, expected: datetime | None) -> None:
    assert expected == parsed(given_time)


@pytest.mark.parametrize("given_time", ["", "yesterday", "2021-13-01T00:00:00Z", True, [], None])
def test_what_is_no_time_is_refused(given_time: object) -> None:
    with pytest.raises(ValueError, match=r"time|month"):
        parsed(given_time)


@given(st.datetimes(min_value=datetime(1700, 1, 1), max_value=datetime(9000, 1, 1)))  # noqa: DTZ001 hypothesis takes naive bounds
def test_every_time_survives_both_tools_ways_of_writing(value: datetime) -> None:
    aware = value.replace(tzinfo=UTC)
    assert aware == parsed(f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond:06}7Z".rjust(28, "0"))
    assert aware == parsed(f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond:06}".rjust(26, "0"))
