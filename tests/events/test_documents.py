import io
from datetime import UTC, datetime

from tocsin.events.documents import evidence_time, file_fields, read_document
from tocsin.model.artefact import Artefact, FileTime, TimeKind, TimeOrigin
from tocsin.model.path import EvidencePath
from tocsin.model.problem import ProblemCode

MARCH, APRIL = datetime(2021, 3, 3, 6, tzinfo=UTC), datetime(2021, 4, 4, tzinfo=UTC)


def artefact(*times: FileTime) -> Artefact:
    path = EvidencePath(inside="c/x.aspx", server="C:/inetpub/x.aspx")
    return Artefact(path=path, format="web_file", size_bytes=0, times=times)


def file_time(kind: TimeKind, value: datetime, origin: TimeOrigin) -> FileTime:
    return FileTime(kind=kind, value=value, origin=origin)


def test_a_document_is_read_up_to_the_limit_and_says_so() -> None:
    assert (b"abc", None) == read_document(io.BytesIO(b"abc"), artefact(), 3)

    data, problem = read_document(io.BytesIO(b"abcd"), artefact(), 3)

    assert b"abc" == data
    assert problem is not None
    assert (ProblemCode.TOO_LARGE, "c/x.aspx") == (problem.code, problem.artefact)


def test_an_empty_document_is_a_problem() -> None:
    data, problem = read_document(io.BytesIO(b""), artefact())

    assert b"" == data
    assert problem is not None
    assert ProblemCode.EMPTY is problem.code


def test_the_best_origin_gives_all_times_and_is_named() -> None:
    found = file_fields(
        artefact(
            file_time(TimeKind.CREATED, APRIL, TimeOrigin.ARCHIVE),
            file_time(TimeKind.CREATED, MARCH, TimeOrigin.COLLECTOR),
            file_time(TimeKind.MODIFIED, APRIL, TimeOrigin.COPY),
        )
    )

    assert {
        "FilePath": "C:/inetpub/x.aspx",
        "FileName": "x.aspx",
        "Created": "2021-03-03T06:00:00Z",
        "TimeOrigin": "collector",
    } == found


def test_only_the_servers_own_times_date_an_event() -> None:
    copied = (
        file_time(TimeKind.CREATED, MARCH, TimeOrigin.COPY),
        file_time(TimeKind.MODIFIED, MARCH, TimeOrigin.ARCHIVE),
    )

    assert evidence_time(artefact(*copied)) is None
    assert "copy" != file_fields(artefact(*copied))["TimeOrigin"]


def test_creation_comes_first_and_the_file_table_before_the_collector() -> None:
    modified = file_time(TimeKind.MODIFIED, APRIL, TimeOrigin.COLLECTOR)

    assert APRIL == evidence_time(artefact(modified))
    assert MARCH == evidence_time(
        artefact(
            modified,
            file_time(TimeKind.CREATED, APRIL, TimeOrigin.COLLECTOR),
            file_time(TimeKind.CREATED, MARCH, TimeOrigin.MFT),
        )
    )
