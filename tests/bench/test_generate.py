from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.generate import COLUMN_OF, generate
from bench.rulemaker import kinds_named, make_rules
from tocsin.events.format import all_formats
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("log", ["iis", "httpproxy"])
def test_planted_rows_stand_where_it_is_told_and_no_line_is_damaged(
    log: str, tmp_path: Path
) -> None:
    rules = make_rules(kinds_named(log), 120, "test")
    told = generate(tmp_path, mib={log: 1}, rules=rules, seed="test")
    form = all_formats()[log]
    found: dict[tuple[str, int], Event] = {}
    rows = 0
    for path in told.files:
        inside = path.relative_to(tmp_path).as_posix()
        artefact = Artefact(
            path=EvidencePath.plain(inside), format=log, size_bytes=path.stat().st_size
        )
        with path.open("rb") as stream:
            for row in form.parse(stream, artefact):
                assert isinstance(row, Event), row
                found[inside, row.place] = row
                rows += 1
    assert told.rows == rows
    assert {one.slug for one in rules} == {one.slug for one in told.planted}
    events = {one.slug: one.event for one in rules}
    for one in told.planted:
        row = found[one.path, one.line]
        wanted = {COLUMN_OF.get(key, key): value for key, value in events[one.slug].items()}
        # An anchor that is masked is shown in its plain form, so it is not compared here.
        wanted.pop("AnchorMailbox", None)
        assert wanted == {key: row.fields.get(key) for key in wanted}


def test_each_kind_has_its_own_size_and_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first = generate(tmp_path / "a", mib={"iis": 2, "httpproxy": 1}, seed="test")
    again = generate(tmp_path / "b", mib={"iis": 2, "httpproxy": 1}, seed="test")
    assert [one.read_bytes() for one in first.files] == [one.read_bytes() for one in again.files]
    iis = sum(one.stat().st_size for one in first.files if "W3SVC" in str(one))
    assert 2 == round(iis / 2**20)
    assert 1 == round((first.size_bytes - iis) / 2**20)
