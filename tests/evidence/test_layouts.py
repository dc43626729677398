from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.evidence.layouts import drive_of, folded_source, locate

PARTS = st.lists(
    st.text(
        st.characters(
            codec="utf-8", categories=("L", "N", "Zs", "S"), include_characters="%#&;,!"
        ),
        min_size=1,
        max_size=12,
    ).filter(lambda part: part not in (".", "..") and part.isprintable()),
    min_size=1,
    max_size=6,
)
LETTERS = st.sampled_from("CDEFMXcdx")


def velociraptor(part: str) -> str:
    return quote(part, safe=" $#&;,!")


@pytest.mark.parametrize(
    ("inside", "server"),
    [
        # KAPE, and copies by hand.
        ("C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log", "C:/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"),
        ("MAIL01/C/Windows/System32/winevt/Logs/Security.evtx", "C:/Windows/System32/winevt/Logs/Security.evtx"),
        ("case 7/2021-03-05T080000_mail01/e/Users/x.log", "E:/Users/x.log"),
        ("D/Exchange/Logging/HttpProxy/Ecp/a.LOG", "D:/Exchange/Logging/HttpProxy/Ecp/a.LOG"),
        ("mail.zip/VSS1/C/$MFT", "C:/$MFT"),
        # Velociraptor.
        ("uploads/auto/C%3A/inetpub/wwwroot/a%25b.aspx", "C:/inetpub/wwwroot/a%b.aspx"),
        ("uploads/ntfs/%5C%5C.%5CC%3A/$MFT", "C:/$MFT"),
        ("uploads/ntfs/%5C%5C.%5CC%3A/$Extend/$UsnJrnl%3A$Max", "C:/$Extend/$UsnJrnl:$Max"),
        ("Collection-MAIL01.zip/uploads/file/d%3A/x.log", "D:/x.log"),
        ("uploads/auto/C/Windows/x.log", "C:/Windows/x.log"),
        ("uploads/auto/C_/Windows/x.log", "C:/Windows/x.log"),
        ('uploads/ntfs/"%5C%5C.%5CC:"/Windows/x.log', "C:/Windows/x.log"),
        ("uploads/ntfs/%3A%3A.%3AC/Windows/x.log", "C:/Windows/x.log"),
        (
            "uploads/ntfs/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy3/Windows/x.log",
            "HarddiskVolumeShadowCopy3/Windows/x.log",
        ),
        ("auto/C%3A/inetpub/a%20b.log", "C:/inetpub/a b.log"),
        # Acquire.
        ("fs/C:/inetpub/x.log", "C:/inetpub/x.log"),
        ("fs/c:/inetpub/x.log", "C:/inetpub/x.log"),
        ("MAIL01_20210305/fs/c_/inetpub/x.log", "C:/inetpub/x.log"),
        ("fs/sysvol/Windows/x.log", "C:/Windows/x.log"),
        ("sysvol/Windows/x.log", "C:/Windows/x.log"),
    ],
)  # fmt: skip
def test_the_layouts_of_collecting_tools_tell_the_drive(inside: str, server: str) -> None:
    place = locate(inside)
    assert (inside, server, True) == (place.path.inside, place.path.server, place.on_server)


@pytest.mark.parametrize(
    ("inside", "on_server"),
    [
        ("inetpub/logs/LogFiles/W3SVC1/u_ex.log", True),
        ("V15/Logging/HttpProxy/Ecp/x.LOG", True),
        ("copy/Exchange Server/V15/Logging/x.LOG", True),
        ("u_ex210303.log", False),
        ("mail01/u_ex210303.log", False),
        ("results/Windows.KapeFiles.Targets%2FUploads.json", False),
        ("C", False),
    ],
)
def test_a_copy_without_its_drive_keeps_its_path(inside: str, on_server: bool) -> None:
    place = locate(inside)
    assert (inside, inside, on_server) == (place.path.inside, place.path.server, place.on_server)


def test_folders_of_the_server_are_not_taken_for_a_collectors() -> None:
    below = "C/inetpub/wwwroot/site/uploads/auto/d/shell.aspx"
    assert "C:/inetpub/wwwroot/site/uploads/auto/d/shell.aspx" == locate(below).path.server
    plain = "inetpub/wwwroot/w/a%3A/shell.aspx"
    assert plain == locate(plain).path.server


def test_percent_signs_are_only_decoded_where_velociraptor_wrote_them() -> None:
    assert "C:/inetpub/100%25.log" == locate("C/inetpub/100%25.log").path.server


@pytest.mark.parametrize("part", ["%2E%2E", "a%2Fb", "a%5Cb", "a%00b", "%FF", "%0A"])
def test_decoding_never_makes_other_folders_or_control_characters(part: str) -> None:
    assert f"C:/Windows/{part}/x" == locate(f"uploads/auto/C%3A/Windows/{part}/x").path.server


@given(LETTERS, PARTS)
def test_every_windows_path_survives_kapes_layout(letter: str, parts: list[str]) -> None:
    place = locate("/".join(["host 1", letter, *parts]))
    assert "/".join([f"{letter.upper()}:", *parts]) == place.path.server
    assert place.on_server


@given(LETTERS, PARTS, st.sampled_from(["auto/{}%3A", "ntfs/%5C%5C.%5C{}%3A", "file/{}%3a"]))
def test_every_windows_path_survives_velociraptors_layout(
    letter: str, parts: list[str], volume: str
) -> None:
    inside = "/".join(["uploads", volume.format(letter), *map(velociraptor, parts)])
    assert "/".join([f"{letter.upper()}:", *parts]) == locate(inside).path.server


@given(st.text(max_size=200))
def test_any_text_has_a_place_and_keeps_its_inside(text: str) -> None:
    place = locate(text)
    assert text == place.path.inside
    assert place.path.server or not text


@given(LETTERS, PARTS)
def test_a_whole_collection_can_be_one_drive(letter: str, parts: list[str]) -> None:
    inside = "/".join(["Windows", *parts])
    assert f"{letter.upper()}:/{inside}" == locate(inside, drive=letter).path.server


def test_a_case_folder_with_a_short_name_is_no_drive() -> None:
    assert "C:/Windows/x.log" == locate("C/Windows/x.log", drive="X").path.server
    assert "u_ex.log" == locate("u_ex.log", drive="X").path.server


def test_a_folder_named_like_a_drive_is_one() -> None:
    assert ["C", "D", "E", None, None] == [
        drive_of(n) for n in ("C", "d:", "e%3A", "CD", "inetpub")
    ]


def test_sources_in_collectors_logs_fold_to_the_same_text() -> None:
    expected = "c:/inetpub/wwwroot/x.aspx"
    written = ["C:\\inetpub\\wwwroot\\x.aspx", "\\\\.\\C:\\inetpub\\wwwroot\\X.aspx"]
    assert [expected, expected] == [folded_source(path) for path in written]
