"""What is found in a YARA file before YARA-X sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import KnowledgeError
from tocsin.matching.yara.outline import (
    PIECE_CHARACTERS,
    Declared,
    Include,
    Outline,
    Refused,
    Text,
    outline,
)

MANY = 10**6
QUIET = (
    '// rule no { include "no"\n',
    '/* rule no\n include "no" */',
    'rule {name} {{ strings: $a = "rule no include \\"no\\" // /*" condition: $a }}\n',
    "rule {name} {{ strings: $a = /rule no \\/* include/ condition: $a }}\n",
    "rule {name}:tag{{ strings: $rule = {{ 01 ?2 [2-4] }} condition: 1 of ($rule*) }}\r\n",
    "private rule {name} {{ condition: true }}\n",
    "global private rule {name} {{ condition: filesize > 1 }}\n",
    'import "pe"\n',
    "\n\n",
)


def names(found: Outline) -> list[str]:
    return [one.name for part in found.parts if isinstance(part, Text) for one in part.declared]


def test_rules_and_includes_are_found_where_they_stand() -> None:
    text = 'import "pe"\n\nrule a { condition: true }\ninclude "b\\\\c.yar"\n\nprivate rule d {}'
    assert Outline(
        parts=(
            Text(
                line=1,
                text='import "pe"\n\nrule a { condition: true }\n',
                declared=(Declared(name="a", private=False),),
            ),
            Include(line=4, path="b\\c.yar"),
            Text(
                line=4, text="\n\nprivate rule d {}", declared=(Declared(name="d", private=True),)
            ),
        ),
        words=4,
    ) == outline(text, MANY)


@given(st.lists(st.sampled_from(QUIET), max_size=30), st.integers(0, 30), st.booleans())
def test_nothing_of_a_file_is_lost_and_words_in_texts_are_not_taken_for_rules(
    snippets: list[str], place: int, with_include: bool
) -> None:
    numbered = [
        one.format(name=f"r{number}") if "{name}" in one else one
        for number, one in enumerate(snippets)
    ]
    wanted = [f"r{number}" for number, one in enumerate(snippets) if "{name}" in one]
    if with_include:
        numbered.insert(place, 'include "x"')
    text = "rule first { condition: true }\n" + "".join(numbered)

    found = outline(text, MANY)

    assert ["first", *wanted] == names(found)
    told = "".join(one.text if isinstance(one, Text) else 'include "x"' for one in found.parts)
    assert text.split() == told.split()
    for part in found.parts:
        if isinstance(part, Text):
            at = text.split("\n")[part.line - 1 :]
            assert part.text.split("\n")[0] in at[0]


@given(st.text(max_size=300))
def test_any_text_gives_parts_or_a_reason_with_a_line(text: str) -> None:
    try:
        parts = outline(text, MANY).parts
    except KnowledgeError as error:
        assert str(error).startswith("line ")  # noqa: PT017 - both outcomes are right
    else:
        assert all(part.line >= 1 for part in parts)


def test_many_rules_are_cut_into_pieces_that_begin_at_rules() -> None:
    text = "".join(f"rule r{number} {{ condition: true }}\n" for number in range(5000))
    parts = outline(text, MANY).parts
    assert len(text) // PIECE_CHARACTERS <= len(parts)
    assert text == "".join(part.text for part in parts if isinstance(part, Text))
    for part in parts:
        assert isinstance(part, Text)
        assert part.text.startswith(f"rule {part.declared[0].name} ")
        assert part.declared[0].name == f"r{part.line - 1}"


def test_a_long_stretch_that_is_no_yara_is_refused_and_its_neighbours_stay() -> None:
    rule = "rule {} {{ condition: true }}\n"
    text = rule.format("a") + rule.format("b") + "'€'\n" * 5000 + rule.format("c")
    found = outline(text, MANY)
    assert ["a", "c"] == names(found)
    refused = [one for one in found.parts if isinstance(one, Refused)]
    assert [Refused(line=3, reason='"\'" means nothing in YARA here')] == refused


def test_a_long_rule_is_no_reason_to_refuse_it() -> None:
    hashes = " or ".join(f'hash.md5(0, filesize) == "{number:032x}"' for number in range(1000))
    text = f'import "hash"\nrule long {{ strings: $a = "é" condition: $a or {hashes} }}\n'
    assert ["long"] == names(outline(text, MANY))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("GET /owa 200\n", "line 1: there is no YARA rule in this file"),
        ("// only\n\n  words", "line 3: there is no YARA rule in this file"),
        ("rule a {}\n\x00", "line 2: the byte 0x00 is no text"),
        ("rule a {}\n/* rule b {}", "line 2: a comment that begins here never ends"),
        ("import\nimport\nimport\nimport", "line 4: too many rules and includes"),
    ],
)
def test_what_is_no_yara_file_is_told_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(KnowledgeError) as caught:
        outline(text, 3)
    assert reason == str(caught.value)


@pytest.mark.parametrize("text", ["", "\n", "// nothing yet\n", "/* nothing */"])
def test_a_file_without_anything_is_no_mistake(text: str) -> None:
    assert 0 == outline(text, MANY).words
