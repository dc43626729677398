"""What decides an item of a packed column, found in bulk, decides it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.bulk_items import Packed, deciding
from tocsin.events.composite import add_items

PIECES = (
    *("S:A=1", "S:A=2", "S:A=", "S:A=-", "S:A=1=2", "I32:A=1", "S:AB=1", "S:B=1", "S:B=:A=1"),
    *(
        "'S:A=1'",
        "'S:A=1;2'",
        "S':A=1'",
        "'S:B=''x'''",
        "S:A=o'c",
        "'1'2",
        "1",
        "",
        ":A=1",
        "A=1",
        "S:",
        "S:=1",
        "2:A=1",
        "S:C=A",
    ),
)
COLUMN = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=5).map(";".join), st.text("S:A=;'1", max_size=9)
)


@given(values=st.lists(COLUMN, min_size=1, max_size=8))
def test_rows_that_are_equal_there_have_equal_items(values: list[str]) -> None:
    lines = [f"2021,{value}" for value in values]
    ends = np.cumsum([len(line) + 1 for line in lines]) - 1
    data = "".join(f"{line}\n" for line in lines).encode()
    packed = Packed(
        data=data,
        codes=np.frombuffer(data, np.uint8),
        begins=ends - [len(value) for value in values],
        ends=ends,
    )
    decided: dict[bytes, str | None] = {}
    for low, high, value in zip(*deciding(packed, "A"), values, strict=True):
        fields: dict[str, str] = {}
        add_items(fields, value)
        assert fields.get("A") == decided.setdefault(data[low:high], fields.get("A"))


def test_one_item_among_others_decides_alone() -> None:
    row = b"2021,'S:CMD=Set-X.Identity=''a;b''';S:X=7;S:BLD=15.1.2106.2;I32:ADS.C[DC01]=1;S:URL=/a?b=c;'S:C=''x'''\n"
    packed = Packed(
        data=row,
        codes=np.frombuffer(row, np.uint8),
        begins=np.array([5]),
        ends=np.array([len(row) - 1]),
    )
    texts = {name: deciding(packed, name) for name in ("BLD", "URL", "TNAME")}
    found = {name: row[low[0] : high[0]] for name, (low, high) in texts.items()}
    assert {"BLD": b"S:BLD=15.1.2106.2", "URL": b"S:URL=/a?b=c", "TNAME": b""} == found
