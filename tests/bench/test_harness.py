from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import orjson

from bench import known
from bench.line import Line, Part, as_markdown, as_text
from bench.measure import Run, measure

if TYPE_CHECKING:
    from pathlib import Path


def run(**changes: float | None) -> Run:
    told: dict[str, float | None] = {"wall_s": 2.0, "cpu_s": 1.0, "peak_mib": 8, "code": 0}
    return Run(**{**told, **changes})  # type: ignore[arg-type]  # made of what a test says


def test_a_known_hit_that_is_not_in_the_output_is_told(tmp_path: Path) -> None:
    out = tmp_path / "hits.jsonl"
    lines = [
        {"rule": "a", "artefact": "server/u_ex1.log", "line": 7},
        {"rule": "a", "artefact": "server/u_ex2.log", "line": 9},
        {"rule": "b", "artefact": "mix.evtx", "record": 5},
        {"summary": {"rules": 2, "matches": 3}},
    ]
    out.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    expected = [
        ("a", ("u_ex1.log", 7)),
        ("a", ("u_ex1.log", 9)),
        ("b", ("mix.evtx", 5)),
        ("c", ("mix.evtx", 5)),
    ]
    assert [("a", ("u_ex1.log", 9)), ("c", ("mix.evtx", 5))] == known.missing(out, expected)
    assert {"rules": 2, "matches": 3} == known.summary(out)


def test_a_bar_is_met_or_missed_and_neither_where_the_run_failed() -> None:
    assert Line(what="x", run=run(), ratio=0.9, bar=1.0).met is True
    assert Line(what="x", run=run(), ratio=1.1, bar=1.0).met is False
    assert Line(what="x", run=run(), ratio=1.1, bar=1.0, at_least=True).met is True
    assert Line(what="x", run=run(code=2), ratio=0.1, bar=1.0).met is None
    assert Line(what="x", run=run(), ratio=0.9).met is None


def test_a_table_says_what_ran_and_what_was_synthetic() -> None:
    part = Part(
        name="p",
        title="a title",
        ratio="CPU",
        synthetic="rules",
        lines=[
            Line(what="ours", run=run(), amount=64, ratio=0.5, bar=1.0, found=3, known=4),
            Line(what="theirs", run=run(code=None), note="stopped | at the limit"),
        ],
    )
    text = as_text(part)
    assert "met  3 of 4" in text
    assert ">2.00" in text
    assert "synthetic: rules" in text
    row = "| theirs | >2.00 | >1.00 | 8 |  |  |  |  |  | stopped / at the limit |"
    assert row in as_markdown(part).splitlines()


def test_a_command_that_does_not_end_is_stopped_with_its_children() -> None:
    sleeper = "import subprocess as s; s.run(['sleep', '600'])"
    assert measure([sys.executable, "-c", sleeper], limit_s=0.5).code is None


def test_a_command_says_how_it_ended_and_where_its_output_went(tmp_path: Path) -> None:
    out = tmp_path / "out"
    took = measure([sys.executable, "-c", "print('a'); raise SystemExit(3)"], out=out)
    assert 3 == took.code
    assert "a\n" == out.read_text()
