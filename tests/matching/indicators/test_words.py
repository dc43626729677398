"""One word of every indicator stands in whatever it can be found in."""

from __future__ import annotations

import re
from ipaddress import IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.indicators.lists import loaded
from tocsin.matching.indicators.indicator import Kind, Part
from tocsin.matching.indicators.patterns import found_in, needed_words
from tocsin.matching.indicators.values import part_of
from tocsin.matching.indicators.words import words_of

if TYPE_CHECKING:
    from pathlib import Path


def test_words_are_lower_case_bytes_each_once_and_sorted(tmp_path: Path) -> None:
    found, _ = loaded(
        tmp_path, "Evil.example\nhttp://evil.example/x\n192.0.2.7\nC:\\a\\Page.aspx\n"
    )
    words = found.words()
    assert ((b"192.0.2.7", b"evil.example", b"page.aspx"), False) == (
        words.words,
        words.everything,
    )


def test_a_path_is_looked_for_by_its_last_name_since_folders_are_those_of_every_server() -> None:
    part = part_of("C:\\Program Files\\Microsoft\\Exchange Server\\V15\\FrontEnd\\bob.aspx")
    assert ("bob.aspx",) == words_of(part)


@given(number=st.integers(0, 2**32 - 1), prefix=st.integers(8, 31), inside=st.integers(0, 2**24))
def test_every_address_of_a_network_begins_with_one_of_its_words(
    number: int, prefix: int, inside: int
) -> None:
    network = ip_network((number >> (32 - prefix) << (32 - prefix), prefix))
    address = str(network[inside % network.num_addresses])
    words = words_of(Part(Kind.NETWORK, str(network)))
    assert words == () or any(word in address for word in words)


@given(
    number=st.integers(0, 2**128 - 1), prefix=st.integers(16, 127), inside=st.integers(0, 2**64)
)
def test_however_an_address_of_a_network_of_ipv6_is_written_it_has_the_word(
    number: int, prefix: int, inside: int
) -> None:
    network = IPv6Network((number >> (128 - prefix) << (128 - prefix), prefix))
    address = network[inside % network.num_addresses]
    words = words_of(Part(Kind.NETWORK, str(network)))
    for text in (str(address), address.exploded):
        assert ip_address(text) in network
        assert words == () or any(word in text for word in words)


def test_a_network_without_a_telling_word_needs_every_line(tmp_path: Path) -> None:
    found, failed = loaded(tmp_path, "2001::/16\n1.0.0.0/8\n::/17\n")
    assert ([], True) == (failed, found.words().everything)
    assert (b"2001",) == found.words().words


PATTERNS = [
    r"\\auth\\[a-z0-9]{8}\.aspx",
    r"(?i)\\TEMP\\(abc|def)\d{2}q{2,3}zz",
    r"one+|t(wo|wee){1,2}n?|thr(ee)?x",
    r"[]a-c]bc\.x(y|)z*",
    r"a{0,2}bcd?e{0}f",
    r"(?:ab(?:cd|ef)g)+h[(|)]ij",
    r"\(literal\)\|bar\$\-\_",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(data=st.data())
def test_whatever_fits_a_pattern_has_one_of_its_words(pattern: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(re.compile(pattern, re.ASCII)))
    words = needed_words(pattern)
    if found_in(pattern, text):
        assert words
        assert any(word in text.lower() for word in words)


@pytest.mark.parametrize(
    "pattern", [r"\d+", r"(a|)", r"a?b*", r"[abc]", r"ab\x41|c", r"abc|.", r"\Qab\E"]
)
def test_a_pattern_may_need_no_word(pattern: str) -> None:
    assert needed_words(pattern) is None


LETTERS = st.recursive(
    st.sampled_from(["a", "bc", r"\.", ".", "[xy]", r"\d", "-", "_"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{0,1}", "+?"])).map(
            lambda two: f"(?:{two[0]}){two[1]}"
        ),
        st.tuples(inner, inner).map(lambda two: f"{two[0]}b?{two[1]}c+"),
    ),
    max_leaves=8,
)


@given(pattern=LETTERS, other=LETTERS, data=st.data())
def test_words_of_made_up_patterns_are_needed(
    pattern: str, other: str, data: st.DataObject
) -> None:
    either = f"{pattern}|{other}"
    text = data.draw(st.from_regex(re.compile(either, re.ASCII)))
    words = needed_words(either)
    assert (
        words is None or not found_in(either, text) or any(word in text.lower() for word in words)
    )
