"""Many words looked for at once."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from tocsin.matching.words import holding

TEXT = st.text(alphabet="ab.*\\[é? ", max_size=6)


@given(words=st.lists(TEXT.filter(bool), max_size=12), text=TEXT)
def test_it_says_what_looking_for_each_says(words: list[str], text: str) -> None:
    assert any(word in text for word in words) is holding(words)(text)


def test_what_utf_8_cannot_say_is_found_all_the_same() -> None:
    words = [f"{n}\ud800" for n in range(9)]
    assert holding(words)("a 7\ud800 b")


def test_thousands_of_words_do_not_make_each_row_slow() -> None:
    """With 500 addresses to look for, the second hunt took 0.8 ms for each row."""
    holds = holding([f"198.51.{n // 250}.{n % 250}-and-more" for n in range(2000)])
    row = "2021-03-03 06:44:34 10.0.0.1 get /owa/ - 443 - 192.0.2.1 mozilla/5.0 - 200 0 0 1" * 4
    holds(row)
    started = time.process_time()
    for _ in range(2000):
        holds(row)
    assert time.process_time() - started < 1
