"""Very many words are found where they stand, whatever else stands beside them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.matching.many_words import FEW, ManyWords, word_search
from tocsin.matching.prefilter import Prefilter

LETTERS = "ab0."
WORDS = st.lists(
    st.text(LETTERS, min_size=1, max_size=20).map(str.encode), min_size=1, max_size=40, unique=True
)


@settings(deadline=None, max_examples=300)
@given(
    words=WORDS,
    data=st.lists(st.text(LETTERS + "B\n", max_size=60), max_size=5).map("".join),
    which=st.lists(st.integers(0, 39), max_size=6),
)
def test_every_word_is_found_at_every_place_where_it_stands(
    words: list[bytes], data: str, which: list[int]
) -> None:
    text = data.encode() + b"".join(words[one % len(words)].upper() for one in which)
    lower = text.lower()
    expected = {
        (number, end)
        for number, word in enumerate(words)
        for end in range(len(text))
        if lower[: end + 1].endswith(word)
    }
    numbers, places = ManyWords(words).search(text)
    assert expected == set(zip(numbers.tolist(), places.tolist(), strict=True))
    assert sorted(places.tolist()) == places.tolist()


def test_no_words_find_nothing() -> None:
    numbers, places = ManyWords([]).search(b"a long enough line\n")
    assert (0, 0) == (len(numbers), len(places))


def test_words_that_end_alike_are_told_by_what_differs() -> None:
    words = [b"%06d.example.org" % number for number in range(FEW + 1)]
    search = ManyWords(words)
    numbers, places = search.search(b"GET www.000042.Example.org\nGET 900042.example.org\n")
    assert ([42], [25]) == (numbers.tolist(), places.tolist())
    assert len(search._keys) > FEW // 2


def test_words_beyond_a_stretch_of_the_data_are_found() -> None:
    words = [b"needle-in-hay", b"another-needle"]
    data = b"x" * (8 * 2**17 - 5) + b"needle-in-hay" + b"y" * 11 + b"another-needle"
    numbers, _ = ManyWords(words).search(data)
    assert [0, 1] == numbers.tolist()


def test_few_words_are_left_to_hyperscan_and_many_are_not() -> None:
    few = [b"word%05d" % number for number in range(FEW)]
    assert isinstance(word_search(few[:2]), Prefilter)
    assert isinstance(word_search([*few, b"one-more"]), ManyWords)
