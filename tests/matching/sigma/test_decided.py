"""What is left of a rule once some fields are known: the same answer for every event of the kind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.matching.sigma import plain
from tocsin.matching.sigma.compile import compile_node
from tocsin.matching.sigma.decided import Known
from tocsin.matching.sigma.view import View
from tocsin.model.event import Event

KNOWN = {"EventID": "1", "Channel": None}


def asks(field: str, text: str) -> plain.FieldIs:
    return plain.FieldIs(field, (plain.Text((text,)),))


NODES = st.recursive(
    st.builds(asks, st.sampled_from(["EventID", "Channel", "Image"]), st.sampled_from("12")),
    lambda inner: st.one_of(
        st.builds(plain.Not, inner),
        st.builds(plain.All, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(plain.Any, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@given(node=NODES, image=st.sampled_from(["1", "2", None]))
def test_what_is_left_answers_as_the_whole_rule_does(node: plain.Node, image: str | None) -> None:
    fields = {"EventID": "1"} | ({} if image is None else {"Image": image})
    view = View(Event(time=None, place=0, fields=fields, text=""))
    left = Known(KNOWN).left_of(node)

    answer = left if isinstance(left, bool) else compile_node(left)(view)

    assert answer is compile_node(node)(view)


def test_a_question_about_the_number_alone_is_answered() -> None:
    known = Known(KNOWN)

    assert (known.left_of(asks("EventID", "1")), known.left_of(asks("EventID", "2"))) == (
        True,
        False,
    )


def test_what_is_answered_falls_out_of_a_condition() -> None:
    open_part = asks("Image", "1")

    assert Known(KNOWN).left_of(plain.All((asks("EventID", "1"), open_part))) == open_part


def test_a_field_that_comes_from_elsewhere_is_still_asked() -> None:
    node = asks("EventID", "1")

    assert Known(KNOWN).left_of(node, ["EventID"]) == node
