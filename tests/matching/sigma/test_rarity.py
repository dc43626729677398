"""How rare a text is: a guess that never says fewer rows than hold it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.matching.sigma.rarity import MOST, Rarity

ROWS = st.lists(st.text("abc\\ ", max_size=12).map(str.encode), max_size=20)


def seen(rows: list[bytes]) -> Rarity:
    rarity = Rarity()
    for row in rows:
        rarity.add(b"\n%b\n" % row)
    return rarity


@given(rows=ROWS, text=st.text("abc", min_size=3, max_size=6).map(str.encode))
def test_a_guess_is_never_below_the_rows_that_hold_the_text(
    rows: list[bytes], text: bytes
) -> None:
    holding = sum(text in row for row in rows)

    assert seen(rows).guess().rows_with(text) >= holding


def test_a_text_that_no_row_holds_is_rarer_than_one_that_some_hold() -> None:
    guess = seen([b"powershell", b"powershell", b"cmd"]).guess()

    assert guess.rows_with(b"mimikatz") < guess.rows_with(b"cmd") < guess.rows_with(b"powershell")


def test_of_two_texts_that_no_row_holds_the_longer_one_is_rarer() -> None:
    guess = seen([b"cmd"]).guess()

    assert guess.rows_with(b"mimikatz") < guess.rows_with(b"whoami")


def test_capital_letters_in_a_row_count_as_small_ones() -> None:
    assert seen([b"CMD.exe"]).guess().rows_with(b"cmd") >= 1


def test_rows_beyond_the_most_are_left_out_and_do_not_begin_at_nought_again() -> None:
    guess = seen([b"cmd"] * (MOST + 3)).guess()

    assert (guess.rows, int(guess.rows_with(b"cmd"))) == (MOST, MOST)
