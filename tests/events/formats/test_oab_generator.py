from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.events.reading import events, one
from tocsin.events.formats.oab_generator import FORMAT
from tocsin.model.path import EvidencePath

LEFT = r"Download failed and temporary file 'C:\inetpub\wwwroot\aspnet_client\a.aspx' needs to be removed"
FOLDER = "D:/Exchange/Logging/OABGeneratorLog/"


def test_the_file_that_was_left_is_a_column() -> None:
    event = one(
        "oab_generator",
        "#Log-type: OAB Generator Log\r\n"
        "#Fields: timestamp,recordType,traceId,oabGuid,addressListGuid,message\r\n"
        f"2021-03-03T06:49:53.772Z,WarningTrace,7,a,b,{LEFT}\r\n",
    )
    assert r"C:\inetpub\wwwroot\aspnet_client\a.aspx" == FORMAT.values(event)["file_path"]
    assert "WarningTrace" == event.fields["recordType"]


def test_lines_without_a_header_are_plain_text_with_the_time_they_start_with() -> None:
    first, second = events("oab_generator", f"2021-03-03T06:49:53.772Z,x,{LEFT}\n{LEFT}\n")
    assert datetime(2021, 3, 3, 6, 49, 53, 772_000, tzinfo=UTC) == first.time
    assert second.time is None
    assert [r"C:\inetpub\wwwroot\aspnet_client\a.aspx"] * 2 == [
        FORMAT.values(event)["file_path"] for event in (first, second)
    ]


@pytest.mark.parametrize(
    ("head", "path", "expected"),
    [
        (LEFT.encode(), FOLDER + "any.txt", True),
        (LEFT.encode(), "upload/any.txt", False),
        (b"\0\1\2", FOLDER + "any.bin", False),
        (b"#Log-type: HttpProxy Logs\n", FOLDER + "any.log", False),
        (b"#Log-type: OAB Generator Log\n", "upload/any.txt", True),
    ],
)
def test_any_text_in_its_folder_is_taken(head: bytes, path: str, expected: bool) -> None:
    assert expected is FORMAT.recognise(head, EvidencePath.plain(path))
