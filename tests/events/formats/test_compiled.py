from tests.events.reading import codes, events, one
from tocsin.events.formats.compiled import FORMAT
from tocsin.model.path import EvidencePath
from tocsin.model.problem import ProblemCode

FOLDER = "C:/Windows/Microsoft.NET/Framework64/v4.0.30319/Temporary ASP.NET Files/owa/8e05b027/e1"


def test_a_compiled_page_names_its_virtual_path_and_its_library() -> None:
    event = one("compiled", FORMAT.sample)

    assert "/owa/auth/sample.aspx" == event.fields["VirtualPath"]
    assert "App_Web_k2x5q0ab" == event.fields["Assembly"]
    assert "sample.aspx" == event.fields["PageName"]
    assert "/owa/auth/sample.aspx" == FORMAT.values(event)["url_path"]
    assert 'virtualPath="/owa/auth/sample.aspx"' in event.text


def test_the_library_alone_is_an_event_with_its_name() -> None:
    event = one("compiled", b"MZ" + bytes(2**20 + 5), f"{FOLDER}/App_Web_llfrjg0v.dll")

    assert "App_Web_llfrjg0v" == event.fields["Assembly"]
    assert "VirtualPath" not in event.fields


def test_a_file_that_breaks_off_still_says_its_page() -> None:
    data = FORMAT.sample[: FORMAT.sample.index(b"<filedeps>")]

    assert [None, ProblemCode.BAD_DOCUMENT] == codes("compiled", data)


def codes_of(data: bytes) -> list[ProblemCode | None]:
    return codes("compiled", data)


def test_other_content_is_a_problem() -> None:
    assert [ProblemCode.BAD_DOCUMENT] == codes_of(b"<other/>")
    assert [ProblemCode.BAD_DOCUMENT] == codes_of(b"\x00\x01\x02")
    assert [ProblemCode.EMPTY] == codes_of(b"")


def test_the_content_decides_what_is_recognised() -> None:
    assert FORMAT.recognise(FORMAT.sample, EvidencePath.plain("renamed.txt"))
    assert not FORMAT.recognise(b"PK\x03\x04", EvidencePath.plain(f"{FOLDER}/App_Web_x.dll"))
    assert not FORMAT.recognise(b"<html><preserve/></html>", EvidencePath.plain("x.html"))


def test_every_dependency_is_kept() -> None:
    data = FORMAT.sample.replace(
        b"</filedeps>", b'<filedep name="/owa/auth/other.ascx" /></filedeps>'
    )

    (event,) = events("compiled", data)

    assert "/owa/auth/sample.aspx\n/owa/auth/other.ascx" == event.fields["FileDependencies"]
