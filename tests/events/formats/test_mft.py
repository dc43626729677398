import hashlib
import io
import struct
from datetime import UTC, datetime

import pytest

from tocsin.errors import SourceError
from tocsin.events.format import Row
from tocsin.events.formats.mft import FORMAT
from tocsin.events.mft_writer import MftEntry, write_mft
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode

AT = datetime(2021, 3, 3, 6, 12, 44, tzinfo=UTC)
EARLIER = datetime(2019, 1, 1, tzinfo=UTC)


def parse(data: bytes, path: str = "C:/$MFT") -> list[Row]:
    artefact = Artefact(path=EvidencePath.plain(path), format="mft", size_bytes=len(data))
    rows = list(FORMAT.parse(io.BytesIO(data), artefact))
    assert FORMAT.count(data) == len(rows)
    return rows


def by_entry(rows: list[Row]) -> dict[int, Event]:
    return {row.place: row for row in rows if isinstance(row, Event)}


def test_a_deleted_page_has_its_path_its_content_and_the_time_that_counts() -> None:
    event = by_entry(parse(FORMAT.sample))[6]

    content = b"<html><body>Sample</body></html>\r\n"
    assert AT == event.time, "the name's time, not the one that a tool set back"
    assert {
        "FilePath": "C:/inetpub/wwwroot/sample.aspx",
        "FileName": "sample.aspx",
        "Extension": ".aspx",
        "InUse": "false",
        "IsDeleted": "true",
        "IsDirectory": "false",
        "Sequence": "1",
        "SizeBytes": str(len(content)),
        "Created": "2019-11-05T09:30:00Z",
        "Modified": "2019-11-05T09:30:00Z",
        "Changed": "2019-11-05T09:30:00Z",
        "FNCreated": "2021-03-03T06:12:44Z",
        "TimeOrigin": "mft",
        "Content": "<html><body>Sample</body></html>",
        "SHA256": hashlib.sha256(content).hexdigest(),
    } == event.fields
    assert "<html>" not in event.text


def test_a_table_of_an_unknown_drive_gives_paths_without_one() -> None:
    event = by_entry(parse(FORMAT.sample, "upload/$MFT"))[6]

    assert "/inetpub/wwwroot/sample.aspx" == event.fields["FilePath"]


def test_content_of_what_does_not_run_is_not_kept() -> None:
    data = write_mft([MftEntry(entry=6, name="a.txt", created=AT, content=b"text")])

    assert "Content" not in by_entry(parse(data))[6].fields


def test_a_damaged_entry_is_a_problem_and_the_others_are_read() -> None:
    data = bytearray(FORMAT.sample)
    data[6 * 1024 + 510] ^= 1

    rows = parse(bytes(data))

    (problem,) = [row for row in rows if isinstance(row, Problem)]
    assert (ProblemCode.BAD_RECORD, 6) == (problem.code, problem.line)
    assert {0, 5, 7, 8, 9} == by_entry(rows).keys()


def test_a_table_that_breaks_off_says_so() -> None:
    rows = parse(FORMAT.sample[:-500])

    (problem,) = [row for row in rows if isinstance(row, Problem)]
    assert (ProblemCode.TRUNCATED, 9) == (problem.code, problem.line)
    assert "C:/?/sample.aspx" == by_entry(rows)[6].fields["FilePath"]


def test_a_name_in_another_record_is_found() -> None:
    """A file of many pieces keeps its attributes in several records."""
    page = MftEntry(entry=6, name="page.aspx", created=AT, size_bytes=1)
    rest = MftEntry(entry=7, name="page.aspx", created=AT, size_bytes=1)
    data = bytearray(write_mft([page, rest]))
    struct.pack_into("<Q", data, 7 * 1024 + 32, 6)
    # The first record's name becomes an attribute that nobody reads.
    name_at = 6 * 1024 + 56 + 24 + 72
    assert (0x30,) == struct.unpack_from("<I", data, name_at)
    struct.pack_into("<I", data, name_at, 0x40)

    found = by_entry(parse(bytes(data)))

    assert "C:/page.aspx" == found[6].fields["FilePath"]
    assert "6" == found[7].fields["BaseEntry"]


def test_an_entry_without_a_name_is_an_event_too() -> None:
    data = bytearray(write_mft([MftEntry(entry=6, name="x", created=EARLIER)]))
    struct.pack_into("<I", data, 6 * 1024 + 56 + 24 + 72, 0x40)

    event = by_entry(parse(bytes(data)))[6]

    assert "FilePath" not in event.fields
    assert EARLIER == event.time


@pytest.mark.parametrize(("size", "entries"), [(1024, 6), (4096, 3)])
def test_records_are_as_large_as_the_first_one_says(size: int, entries: int) -> None:
    data = bytearray(FORMAT.sample)
    struct.pack_into("<I", data, 28, size)

    assert FORMAT.recognise(bytes(data), EvidencePath.plain("x"))
    assert entries == len(parse(bytes(data)))


def test_something_else_is_not_recognised() -> None:
    assert not FORMAT.recognise(b"FILE0" + b"\x01" * 2000, EvidencePath.plain("$MFT"))
    assert not FORMAT.recognise(b"BAAD", EvidencePath.plain("$MFT"))


def test_a_full_disk_of_ours_is_not_the_evidences_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: object, /) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda **_: Full())

    with pytest.raises(SourceError, match="TMPDIR"):
        parse(FORMAT.sample)
