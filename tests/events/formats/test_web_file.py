import hashlib
import io
from datetime import UTC, datetime

import pytest

from tocsin.events.formats.web_file import FORMAT, place_of
from tocsin.knowledge.frontend_files import frontend_files
from tocsin.model.artefact import Artefact, FileTime, TimeKind, TimeOrigin
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath

FRONTEND = "C:/Program Files/Microsoft/Exchange Server/V15/FrontEnd/HttpProxy"
WRITTEN = datetime(2021, 3, 3, 6, 12, 44, tzinfo=UTC)


def read(path: str, content: bytes, *times: FileTime) -> Event:
    artefact = Artefact(
        path=EvidencePath.plain(path), format="web_file", size_bytes=len(content), times=times
    )
    (row,) = FORMAT.parse(io.BytesIO(content), artefact)
    assert isinstance(row, Event)
    return row


def test_a_page_is_described_by_place_hash_and_size() -> None:
    event = read(f"{FRONTEND}/owa/auth/Sample.ASPX", b"<html>\r\n")

    assert {
        "FilePath": f"{FRONTEND}/owa/auth/Sample.ASPX",
        "FileName": "Sample.ASPX",
        "Extension": ".aspx",
        "SizeBytes": "8",
        "SHA256": hashlib.sha256(b"<html>\r\n").hexdigest(),
        "Place": "frontend",
        "Allowed": "none",
    } == event.fields
    assert event.time is None


def test_the_collectors_times_date_the_event_and_a_copys_do_not() -> None:
    collected = FileTime(kind=TimeKind.CREATED, value=WRITTEN, origin=TimeOrigin.COLLECTOR)
    copied = FileTime(kind=TimeKind.CREATED, value=WRITTEN, origin=TimeOrigin.COPY)

    assert WRITTEN == read("C:/inetpub/wwwroot/x.aspx", b"x", collected).time
    event = read("C:/inetpub/wwwroot/x.aspx", b"x", copied)
    assert event.time is None
    assert ("2021-03-03T06:12:44Z", "copy") == (
        event.fields["Created"],
        event.fields["TimeOrigin"],
    )


def test_a_shipped_name_with_other_content_is_told_from_an_unknown_name() -> None:
    assert "name" == read(f"{FRONTEND}/owa/auth/logon.aspx", b"x").fields["Allowed"]
    assert "none" == read(f"{FRONTEND}/owa/auth/logon2.aspx", b"x").fields["Allowed"]
    assert "Allowed" not in read("C:/inetpub/wwwroot/x.aspx", b"x").fields


def test_a_shipped_page_is_allowed_by_its_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a content of ours in the list: the real pages are Microsoft's to publish."""
    content = b"<html>shipped</html>"
    known = frontend_files()
    files = {
        "owa/auth/logon.aspx": {hashlib.sha256(content).hexdigest(): ("15.0.1.0", "15.0.1.0")}
    }
    monkeypatch.setattr(
        "tocsin.events.formats.web_file.frontend_files",
        lambda: type(known)(
            source="", note="", folder="", builds=1, first_build="", last_build="", files=files
        ),
    )

    assert "hash" == read(f"{FRONTEND}/owa/auth/logon.aspx", content).fields["Allowed"]


def test_what_runs_is_shown_so_that_it_no_longer_runs() -> None:
    content = b"\xef\xbb\xbf<" + b'%@ Page %>\r\n\x00\x01<script runat="server">f(' + b"x" * 900

    text = read("C:/x.aspx", content).text

    assert "\u2039%@ Page %\u003e \u2039script" in text
    assert not {"<", "("} & set(text)
    assert text.isprintable()
    assert len(text) < 400


def test_a_page_in_utf16_is_shown_as_text() -> None:
    assert "Hello" in read("C:/x.aspx", "Hello page".encode("utf-16")).text


def test_a_large_file_is_hashed_to_its_end() -> None:
    content = b"!BDN" + bytes(3 * 2**20) + b"end"

    event = read("C:/x.aspx", content)

    assert hashlib.sha256(content).hexdigest() == event.fields["SHA256"]
    assert str(len(content)) == event.fields["SizeBytes"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{FRONTEND}/ecp/auth/x.aspx", "frontend"),
        ("C:/inetpub/wwwroot/aspnet_client/system_web/x.aspx", "aspnet_client"),
        ("D:/Exchange/ClientAccess/owa/x.aspx", "client_access"),
        ("c:/INETPUB/wwwroot/x.aspx", "wwwroot"),
        ("C:/inetpub/sites/x.aspx", "inetpub"),
        ("C:/ProgramData/COM1/x.aspx", "program_data"),
        ("C:/Users/Public/x.aspx", "users"),
        ("C:/$Recycle.Bin/S-1-5-18/$R1.aspx", "recycle_bin"),
        ("C:/Windows/Temp/x.aspx", "temp"),
        ("C:/Windows/Microsoft.NET/Framework64/v4.0.30319/ASP.NETWebAdminFiles/x.aspx", "windows"),
        ("E:/x.aspx", "other"),
        ("wwwroot.aspx", "other"),
    ],
)
def test_every_page_has_a_kind_of_place(path: str, expected: str) -> None:
    assert expected == place_of(EvidencePath.plain(path))


@pytest.mark.parametrize("name", ["x.js", "x.css", "web.config", "x.aspx.txt", "aspx", "x.html"])
def test_what_the_server_only_sends_is_not_read(name: str) -> None:
    assert not FORMAT.recognise(b"", EvidencePath.plain(f"C:/inetpub/wwwroot/{name}"))
