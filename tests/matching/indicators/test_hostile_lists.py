"""Whatever is handed over as a list: a reason, never a crash, and no memory without bounds."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.matching.indicators.lists import keys, loaded
from tocsin.matching.indicators import source_text, stix_pattern
from tocsin.matching.indicators.load import load_indicators
from tocsin.matching.indicators.readers import json_text, stix

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = {
    "nothing": (b"", "holds no indicator"),
    "blank lines": (b"\n\n  \r\n", "holds no indicator"),
    "an archive": (gzip.compress(b"evil.example\n" * 99, mtime=0), "is no text"),
    "NUL bytes": (b"\0" * 5000, "is no text"),
    "deep lists": (b"[" * 100_000, "is no JSON"),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "is no JSON"),
    "lists in lists": (b"[" * 100 + b"]" * 100, "is no indicator"),
    "a number": (b"[{}, 1]", "'1' is no indicator"),
    "half a document": (b'{"type": "bundle", "objects": [', "is no JSON"),
    "a bundle of numbers": (b'{"type": "bundle", "objects": [1]}', "is no STIX object"),
    "a MISP event of numbers": (
        b'{"Event": {"Attribute": [1], "Object": 2}}',
        "holds no indicator",
    ),
    "a response of numbers": (b'{"response": [1]}', "holds no indicator"),
    "lone surrogates": (b'["\\ud800.example"]', "is no JSON"),
    "a header alone": (b"value,type\n", "holds no indicator"),
    "quotes": (b'value,type\n"x\n' + b"y\n" * 999, "has a quote that does not end"),
    "only quotes": (b'"' * 50_001, "is empty"),
    "brackets": (b"((((((((" * 200 + b";80\n", "is no hash"),
    "many separators": (b";" * 100_000, "is longer than 2048"),
}


@pytest.mark.parametrize(("data", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_list_is_told(tmp_path: Path, data: bytes, reason: str) -> None:
    found, failed = loaded(tmp_path, data)
    assert 0 == len(found)
    assert any(reason in one for one in failed), failed


def test_latin_1_and_single_nul_bytes_cost_their_line_at_most(tmp_path: Path) -> None:
    padding = b"# x\n" * 20_000
    data = padding + b"evil.example;Gr\xfc\xdfe\nx\0y.example\nother.example\n"
    found, failed = loaded(tmp_path, data)
    assert [("domain", "evil.example"), ("domain", "other.example")] == keys(found)
    assert ["line 20002: holds NUL bytes"] == failed


def test_a_line_of_ten_megabytes_is_told_and_not_kept(tmp_path: Path) -> None:
    data = b"evil.example\n" + b"a" * 10_000_000 + b"\nother.example\n" + b"b" * 10_000_000
    found, failed = loaded(tmp_path, data)
    assert [("domain", "evil.example"), ("domain", "other.example")] == keys(found)
    assert [
        "line 2: is longer than 1048576 characters",
        "line 4: is longer than 1048576 characters",
    ] == failed


def test_a_document_of_two_megabytes_in_one_line_is_read(tmp_path: Path) -> None:
    attribute = {"type": "domain", "to_ids": True, "comment": "x" * 2_000_000}
    event = {"Event": {"Attribute": [{**attribute, "value": "evil.example"}]}}
    found, failed = loaded(tmp_path, json.dumps(event))
    assert ([], [("domain", "evil.example")]) == (failed, keys(found))


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_text, "LARGEST_BYTES", 100)
    _, failed = loaded(tmp_path, "evil.example\n" * 9)
    assert ["is larger than 100 bytes: split it"] == failed


def test_a_document_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_text, "DOCUMENT_BYTES", 100)
    _, failed = loaded(tmp_path, json.dumps(["evil.example"] * 99))
    assert 1 == len(failed)
    assert "split it, or export it as JSON lines" in failed[0]


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_used(tmp_path: Path) -> None:
    good = tmp_path / "good.txt"
    good.write_text("evil.example\n")
    found, failed = load_indicators([tmp_path / "missing.txt", good], {})
    assert 1 == len(found)
    assert ["cannot be read: No such file or directory"] == [one.reason for one in failed]


def test_a_stix_pattern_with_a_product_of_alternatives_is_refused(tmp_path: Path) -> None:
    group = "(" + " OR ".join(f"file:name = 'f{n}.exe'" for n in range(30)) + ")"
    pattern = "[" + " AND ".join([group] * 6) + "]"
    text = json.dumps({"type": "indicator", "id": "indicator--1", "name": "n", "pattern": pattern})
    found, failed = loaded(tmp_path, f"[{text}]")
    assert (0, ["'n' has more than 10000 alternatives"]) == (len(found), failed)


def test_of_too_many_values_in_a_stix_pattern_none_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at: list[str] = []
    monkeypatch.setattr(stix_pattern, "part_of", lambda text, _: looked_at.append(text))
    values = ",".join(["'a.exe'"] * (stix_pattern.MOST_ALTERNATIVES + 1))
    with pytest.raises(ValueError, match="more than 10000 alternatives"):
        stix_pattern.alternatives(f"[file:name IN ({values})]")
    assert [] == looked_at


@pytest.mark.parametrize(
    "pattern",
    [
        "(" * 50_000 + "[file:name = 'a.exe']" + ")" * 50_000,
        "[" + "(" * 50_000,
        "[file:name = '" + "\\" * 100_001,
        "[file:" + "'x'" * 50_000 + "!",
        "[file:name = 'a.exe'] " + "WITHIN 5 SECONDS " * 20_000,
    ],
    ids=["brackets", "open brackets", "backslashes", "a long name", "qualifiers"],
)
def test_a_hostile_stix_pattern_gives_reasons_and_no_indicator(
    tmp_path: Path, pattern: str
) -> None:
    one = {"type": "indicator", "name": "n", "pattern_type": "stix", "pattern": pattern}
    found, failed = loaded(tmp_path, json.dumps({"type": "bundle", "objects": [one]}))
    assert 0 == len(found)
    assert 1 <= len(failed) <= 21
    assert max(map(len, failed)) < 1000


def test_patterns_that_say_the_same_again_and_again_come_to_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stix, "MOST", 4)
    one = {"type": "indicator", "name": "n", "pattern_type": "stix"}
    pattern = "[file:name = 'a.exe' OR file:name = 'b.exe']"
    objects = [{**one, "pattern": pattern}] * 5
    found, failed = loaded(tmp_path, json.dumps({"type": "bundle", "objects": objects}))
    assert (2, ["'n' comes after 4 alternatives of patterns"] * 3) == (len(found), failed)


def test_numbers_beyond_all_bounds_are_no_indicators(tmp_path: Path) -> None:
    lines = ['{"value": "evil.example"}', '{"value": 1e999}', '{"value": ' + "9" * 5000 + "}"]
    found, failed = loaded(tmp_path, "\n".join(lines))
    assert ([("domain", "evil.example")], 2) == (keys(found), len(failed))


TOKENS = st.sampled_from(
    [
        b"value",
        b"type",
        b",",
        b";",
        b'"',
        b"\n",
        b"#",
        b"evil.example",
        b"192.0.2.7",
        b"{",
        b"}",
        b"[",
        b"]",
        b'{"Event":',
        b'"type":"bundle"',
        b'"pattern":',
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\\x\\.exe;80",
        b" ",
    ]
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.lists(TOKENS | st.binary(max_size=4), max_size=40).map(b"".join))
def test_any_bytes_give_indicators_or_reasons(tmp_path: Path, data: bytes) -> None:
    found, failed = loaded(tmp_path, data)
    assert len(found) or failed or all(line.startswith(b"#") for line in data.split() if line)
