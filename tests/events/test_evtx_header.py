"""A header says what the whole record would say, or nothing."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.evtx_header import header_of, is_all_told
from tocsin.events.windows_event import moment
from tocsin.events.windows_shapes import shape

TIME = {"#attributes": {"SystemTime": "2021-03-03T06:12:43.901Z"}}
SYSTEM = {"EventID": 4688, "Channel": "Security", "TimeCreated": TIME}
NAMES = st.sampled_from(
    ("EventID", "Channel", "Data", "Name", "System", "TimeCreated", "UserData", "#text", "Event")
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False),
        st.sampled_from(("", "-", "Security", 'a "Channel" of', "\\", "{" * 30)),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)
    ),
    max_leaves=6,
)
SYSTEMS = st.fixed_dictionaries(
    {},
    optional={
        "EventID": st.one_of(
            st.integers(0, 70000), VALUES, st.fixed_dictionaries({"#text": VALUES})
        ),
        "Channel": st.one_of(st.just("Security"), VALUES),
        "TimeCreated": st.one_of(st.just(TIME), VALUES),
        "TimeCreated_attributes": VALUES,
        "Provider": VALUES,
    },
)
EVENTS = st.fixed_dictionaries(
    {"System": st.one_of(SYSTEMS, SYSTEMS, VALUES)},
    optional={"EventData": VALUES, "UserData": VALUES, "Message": VALUES},
)
RECORDS = st.one_of(st.fixed_dictionaries({"Event": EVENTS}, optional={"_source": VALUES}), VALUES)


def record(**more: object) -> str:
    return orjson.dumps({"Event": {"System": SYSTEM, **more}}).decode()


def test_an_ordinary_record_has_a_header() -> None:
    header = header_of(record(EventData={"Image": "x"}))
    assert header is not None
    assert is_all_told(record(EventData={"Image": "x"}))
    assert ("Security", "4688") == (header.channel, header.event_id)
    assert moment("2021-03-03T06:12:43.901Z") == moment(header.time_text)


@pytest.mark.parametrize(
    "more",
    [
        {"EventData": {"Channel": "System"}},
        {"UserData": {"LogFileCleared": {"Channel": "System"}}},
        {"EventData": {"EventID": "1"}},
        {"UserData": {"a": {"b": {"c": [{}] * 20}}}},
    ],
)
def test_a_record_that_may_say_otherwise_later_is_read_in_full(more: dict[str, object]) -> None:
    assert not is_all_told(record(**more))


def test_a_record_that_cannot_be_read_has_none() -> None:
    assert [None, None, None] == [header_of(text) for text in ("", "{", "[" * 100_000)]


@given(found=RECORDS)
def test_a_header_says_what_the_whole_record_says(found: object) -> None:
    text = orjson.dumps(found).decode()
    header = header_of(text)
    if header is None or not is_all_told(text):
        return
    shaped = shape(orjson.loads(text))
    assert shaped is not None
    assert (header.channel, header.event_id) == (shaped.channel, shaped.fields["EventID"])
    assert moment(header.time_text) == moment(shaped.time)
    shaped.named()
