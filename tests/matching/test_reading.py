"""The two readings of a collection."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tocsin.events.format import all_formats
from tocsin.evidence.open import open_collection
from tocsin.matching.readers import Readers
from tocsin.matching.reading import PROBLEMS_PER_PLACE, Problems, Reading
from tocsin.matching.rules import RuleSet, load_rules
from tocsin.model.problem import Problem, ProblemCode
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from tocsin.events.format import Format
    from tocsin.matching.rules import FormatRules

IIS = "inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A folder with two logs and a file that nobody reads."""
    log = tmp_path / IIS
    log.parent.mkdir(parents=True)
    log.write_bytes(all_formats()["iis"].sample)
    proxy = tmp_path / "Logging/HttpProxy/Ecp/HttpProxy_2021030306-1.LOG"
    proxy.parent.mkdir(parents=True)
    proxy.write_bytes(all_formats()["httpproxy"].sample)
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    return tmp_path


class Words(NamedTuple):
    """A search for words, wherever in a row they stand."""

    looked_for: Sequence[str]
    key_of: Callable[[Mapping[str, str], datetime | None], str | None]

    def words(self) -> Sequence[str]:
        return self.looked_for

    def found_by(self, values: Mapping[str, str], time: datetime | None) -> str | None:
        return self.key_of(values, time)


def reading(folder: Path, rules: RuleSet | None = None) -> Reading:
    with open_collection(folder) as collection:
        return Readers(collection, rules or load_rules(()), []).read(SilentProgress())


def test_every_file_is_in_the_manifest_with_its_hash(server: Path) -> None:
    expected = {
        path.relative_to(server).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in server.rglob("*")
        if path.is_file()
    }
    assert expected == {entry.path: entry.sha256 for entry in reading(server).manifest}


def test_the_second_reading_gives_the_rows_that_hold_a_word(server: Path) -> None:
    def wanted(values: Mapping[str, str], _: datetime | None) -> str | None:
        return "file_name" if "/owa" in values.get("url_path", "") else None

    with open_collection(server) as collection:
        readers = Readers(collection, load_rules(()), [])
        readers.read(SilentProgress())
        traces, counts = readers.read_again(Words(["/owa"], wanted), SilentProgress())
    assert traces
    assert {"pivot:file_name"} == {trace.rule for trace in traces}
    assert len(traces) == counts["file_name"]


def test_without_a_word_nothing_is_read_again(server: Path) -> None:
    with open_collection(server) as collection:
        readers = Readers(collection, load_rules(()), [])
        readers.read(SilentProgress())
        traces, counts = readers.read_again(Words([], lambda *_: "any"), SilentProgress())
    assert ([], 0) == (traces, sum(counts.values()))


class _Broken(RuleSet):
    """Rules with a defect: they fail on every IIS row."""

    def sigma_for(self, form: Format) -> FormatRules:
        if form.name == "iis":
            raise ZeroDivisionError
        return super().sigma_for(form)


def test_a_defect_of_ours_costs_one_file_and_is_told(server: Path) -> None:
    sound = load_rules(())
    broken = _Broken(infos={}, failed=(), _sigma=(), yara=sound.yara)
    found = reading(server, broken)
    told = [(one.artefact, one.code, one.line) for one in found.problems.taken()]
    assert [(IIS, ProblemCode.DEFECT, None)] == told
    assert {"httpproxy", "iis"} == found.formats
    assert ["httpproxy"] == [artefact.format for artefact, *_ in found.logs]


def test_many_problems_of_one_kind_in_one_file_become_one_line_with_their_number() -> None:
    problems = Problems()
    for line in range(1, 101):
        one = Problem(artefact="a.log", line=line, code=ProblemCode.BAD_TIME, detail="no time")
        problems.problem("iis", one)
    taken = problems.taken()
    assert PROBLEMS_PER_PLACE + 1 == len(taken)
    assert "80 more places" in taken[-1].detail
