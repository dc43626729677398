from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.report.visible import shortened, visible


def test_what_acts_on_a_terminal_is_shown_by_its_number() -> None:
    assert "‹U+001B›[31mred‹U+0007›‹U+0000›" == visible("\x1b[31mred\x07\x00")


def test_what_turns_text_around_or_hides_in_it_is_shown_by_its_number() -> None:
    assert "‹U+202E›gpj.exe‹U+2066›‹U+200B›‹U+FEFF›" == visible("\u202egpj.exe\u2066\u200b\ufeff")


def test_a_lone_surrogate_is_shown_by_its_number() -> None:
    assert "a‹U+D800›b" == visible("a\ud800b")


def test_letters_of_any_language_stay() -> None:
    text = "Le serveur distant a retourné une erreur · エラー · ошибка\u00a0!"
    assert text == visible(text)


def test_the_caller_may_keep_the_breaks_that_it_lays_out() -> None:
    assert "a\n\tb‹U+000D›" == visible("a\n\tb\r", keep="\n\t")


def test_long_text_is_cut_and_says_by_how_much() -> None:
    assert "aaa… (+1,997 characters)" == shortened("a" * 2000, 3)
    assert "aaa" == shortened("aaa", 3)


@given(st.text())
def test_whatever_goes_in_a_printable_line_comes_out(text: str) -> None:
    shown = visible(text)
    assert all(character.isprintable() or character.isspace() for character in shown)
    assert 1 >= len(shown.splitlines())
    assert shown == visible(shown)
