from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import KnowledgeError
from tocsin.samples.dice import Dice
from tocsin.samples.recipe import Macro
from tocsin.samples.script import Line, expand, fill, read_line, read_lines

KEY = st.from_regex(r"[a-z][a-z_.-]{0,8}", fullmatch=True)
PLAIN = st.text(
    st.characters(exclude_characters="\"'{}", exclude_categories=["Cc", "Zs", "Zl", "Zp"])
)


def test_a_line_has_a_time_a_verb_and_values() -> None:
    line = read_line(
        '2021-03-03T06:44:34Z request url=/a?b=c agent="two words" note=\'say "x"\' user=',
        where="test",
    )
    assert datetime(2021, 3, 3, 6, 44, 34, tzinfo=UTC) == line.time
    assert "request" == line.verb
    assert {"url": "/a?b=c", "agent": "two words", "note": 'say "x"', "user": ""} == line.values


@given(values=st.dictionaries(KEY, PLAIN))
def test_what_is_written_is_read(values: dict[str, str]) -> None:
    text = "do " + " ".join(f'{key}="{value}"' for key, value in values.items())
    assert values == read_line(text, where="test").values


def test_an_indented_line_continues_the_one_before_and_remarks_are_left_out() -> None:
    script = """
# a remark
do a=1
    b=2
# another
do a=3
"""
    values = [line.values for line in read_lines(script, where="test")]
    assert [{"a": "1", "b": "2"}, {"a": "3"}] == values


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("2021-03-03T06:44:34Z =", "no verb"),
        ("do it", "not key=value: 'it'"),
        ('do a="open wide', "not key=value: 'wide'"),
        ("2021-03-03T06:44:34 do", "needs its Z"),
        ("2021-03-33T06:44:34Z do", "not a time"),
    ],
)
def test_a_bad_line_is_refused_with_what_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(KnowledgeError, match=complaint):
        list(read_lines(text, where="a scene"))


def test_a_macro_takes_the_callers_words_and_the_callers_values_win() -> None:
    macros = {"ask": Macro(line="request url=/ecp{to} status=200 agent=x")}
    line = expand(read_line("ask to=/y.js status=241", where="test"), macros)
    assert "request" == line.verb
    assert {"url": "/ecp/y.js", "status": "241", "agent": "x"} == line.values


def test_a_macro_may_stand_on_another() -> None:
    macros = {
        "inner": Macro(line="request url={to}"),
        "outer": Macro(line="inner to=/a{rest}"),
    }
    line = expand(read_line("outer rest=/b", where="test"), macros)
    assert Line(time=None, verb="request", values={"url": "/a/b"}) == line


def test_words_are_filled_also_inside_of_names() -> None:
    line = Line(time=None, verb="do", values={"a": "{x}!"})
    filled = fill(line, {"x": "<{y2}>", "y2": "z"}, Dice("test"))
    assert {"a": "<z>!"} == filled.values


def test_a_name_with_several_values_gives_any_of_them() -> None:
    line = Line(time=None, verb="do", values={"a": "{who}"})
    seen = {fill(line, {"who": ("x", "y")}, Dice(f"{n}")).values["a"] for n in range(20)}
    assert {"x", "y"} == seen


def test_a_word_without_a_value_is_refused() -> None:
    with pytest.raises(KnowledgeError, match="no names \\['nobody'\\]"):
        fill(Line(time=None, verb="do", values={"a": "{nobody}"}), {}, Dice("test"))
