"""What is in the data is found, whatever patterns are searched for together."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.matching.prefilter import Prefilter
from tocsin.matching.sigma.literals import DISGUISED

EDGE = rb'[\r\n" ]'
WORDS = st.text("ab0", min_size=1, max_size=9).map(str.encode)
PATTERNS = st.one_of(
    st.builds(
        lambda before, word, after: before + word + after,
        st.sampled_from([b"", EDGE, b"(?:^|" + EDGE + b")"]),
        WORDS,
        st.sampled_from([b"", EDGE]),
    ),
    st.integers(0, 500).map(lambda number: rb"(?:^|[^0-9])0*%d[^0-9]" % number),
    st.just(DISGUISED),
)


@settings(deadline=None, max_examples=300)
@given(
    patterns=st.lists(PATTERNS, min_size=1, max_size=12, unique=True),
    rows=st.lists(st.text('ab0 "%', max_size=40).map(str.encode), min_size=1, max_size=5),
)
def test_everything_is_found(patterns: list[bytes], rows: list[bytes]) -> None:
    data = b"\n".join(rows) + b"\n"
    search = Prefilter(patterns)
    expected = {
        number
        for number, pattern in enumerate(patterns)
        if re.search(pattern, data, re.IGNORECASE | re.DOTALL)
    }
    assert expected == search.found_in(data)
    numbers, places = search.search(data)
    assert expected == set(numbers.tolist())
    for number, place in zip(numbers.tolist(), places.tolist(), strict=True):
        found = re.compile(patterns[number], re.IGNORECASE | re.DOTALL)
        assert any(
            match.end() == place + 1
            for start in range(place + 1)
            if (match := found.match(data, start, place + 1))
        )


def test_no_patterns_find_nothing() -> None:
    assert Prefilter([]).found_in(b"a\n") == set()
    numbers, places = Prefilter([]).search(b"a\n")
    assert (len(numbers), len(places)) == (0, 0)


def test_case_is_ignored() -> None:
    assert Prefilter([b"abc"]).found_in(b"xABCx\n") == {0}
