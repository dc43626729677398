from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.evidence.naming import LONGEST_NAME, NameBook, decoded, safe


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("C/inetpub/x.log", "C/inetpub/x.log"),
        ("C\\inetpub\\x.log", "C/inetpub/x.log"),
        ("./C//inetpub/./x.log", "C/inetpub/x.log"),
        ("Bücher/ページ.log", "Bücher/ページ.log"),
    ],
)
def test_harmless_names_are_only_put_into_one_form(name: str, inside: str) -> None:
    assert (inside, None) == (safe(name).inside, safe(name).objection)


@pytest.mark.parametrize(
    ("name", "inside", "why"),
    [
        ("../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd", "climbs"),
        ("a\\..\\..\\b", "a/%2E%2E/%2E%2E/b", "climbs"),
        ("/etc/passwd", "etc/passwd", "absolute"),
        ("\\Windows\\x", "Windows/x", "absolute"),
        ("C:\\Windows\\x", "C%3A/Windows/x", "drive"),
        ("C:x.log", "C%3Ax.log", "drive"),
        ("\\\\server\\share\\x", "server/share/x", "network"),
        ("\\\\?\\C:\\x", "?/C:/x", "network"),
        ("a\0b.log", "a%00b.log", "control"),
        ("a\nb\x1b[2J.log", "a%0Ab%1B[2J.log", "control"),
        ("gpj\u202egol.exe", "gpj%u202Egol.exe", "control"),
        ("/", "(no name)", "absolute"),
    ],
)
def test_hostile_names_are_escaped_and_objected_to(name: str, inside: str, why: str) -> None:
    made = safe(name)
    assert inside == made.inside
    assert why in str(made.objection)


@given(st.text(max_size=300))
def test_a_safe_name_is_relative_printable_and_can_be_written(name: str) -> None:
    inside = safe(name).inside
    parts = inside.split("/")
    assert not {"", ".", ".."} & set(parts)
    assert ":" not in parts[0][:2] or not parts[0][0].isascii() or not parts[0][0].isalpha()
    assert inside.encode("utf-8").isascii() or inside.encode("utf-8")
    assert "\0" not in inside
    assert "\\" not in inside


@given(st.text(max_size=100))
def test_making_a_name_safe_twice_changes_nothing(name: str) -> None:
    once = safe(name).inside
    assert once == safe(once).inside


def test_an_endless_name_is_cut_but_stays_different_from_others() -> None:
    one, two = safe("a" * 70_000), safe("a" * 70_001)
    assert one.inside != two.inside
    assert LONGEST_NAME + 9 == len(one.inside)
    assert "characters" in str(one.objection)


def test_bytes_in_other_encodings_survive_as_text() -> None:
    assert "Bücher.log" == decoded("Bücher.log".encode())
    assert "Bücher.log" == decoded("Bücher.log".encode("cp437"), fallback="cp437")
    assert "B%81cher.log" == decoded("Bücher.log".encode("cp437"))


@given(st.binary(max_size=100))
def test_any_bytes_become_text_that_can_be_written(raw: bytes) -> None:
    for text in (decoded(raw), decoded(raw, fallback="cp437")):
        assert text == text.encode("utf-8").decode("utf-8")


@given(st.lists(st.sampled_from(["a", "a#2", "a#3", "b", "a#2#2"]), max_size=30))
def test_no_two_members_share_a_path(names: list[str]) -> None:
    book = NameBook()
    given_out = [book.unique(name) for name in names]
    assert len(given_out) == len(set(given_out))


def test_the_second_of_a_name_says_so() -> None:
    book = NameBook()
    assert ["x", "x#2", "x#3"] == [book.unique("x") for _ in range(3)]
