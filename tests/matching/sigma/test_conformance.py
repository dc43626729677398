"""The table in conformance.yml, case by case, through the reference and through the fast engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import yaml
from sigma.modifiers import modifier_mapping

from tests.matching.sigma.rule_making import event, hits, loaded, rule_text
from tocsin.errors import KnowledgeError
from tocsin.events.format import all_formats
from tocsin.matching.rules import load_rules
from tocsin.matching.sigma import reference
from tocsin.matching.sigma.read import SPELLINGS, filtered, read_documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.matching.rules import RuleSet

Fields = dict[str, str]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the table; `refused` is said of a rule that must not load, and why."""

    says: str
    matches: tuple[Fields, ...] = ()
    misses: tuple[Fields, ...] = ()
    rule: object = None
    detection: object = None
    filters: tuple[dict[str, object], ...] = ()
    refused: str = ""

    @property
    def text(self) -> str:
        """The Sigma file: the rule, and the filters that mean it."""
        detection = self.detection or {"selection": self.rule, "condition": "selection"}
        filters = [
            yaml.safe_dump({"title": "F", "logsource": {"product": "exchange"}, "filter": one})
            for one in self.filters
        ]
        return "---\n".join((rule_text(detection, name="rule"), *filters))


def entries() -> list[Entry]:
    text = Path(__file__).with_name("conformance.yml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), list[Entry])


def cases() -> Iterator[object]:
    for entry in entries():
        for expected, events in ((True, entry.matches), (False, entry.misses)):
            for number, fields in enumerate(events, 1):
                name = f"{entry.says}: {'matches' if expected else 'misses'} {number}"
                yield pytest.param(entry, fields, expected, id=name)


@pytest.mark.parametrize(("entry", "fields", "expected"), list(cases()))
def test_the_reference_says_of_sigma(entry: Entry, fields: Fields, expected: bool) -> None:
    documents = read_documents(entry.text)
    filters = [one.filter for one in documents if one.filter is not None]
    rules = [filtered(one.rule, filters) for one in documents if one.rule is not None]
    assert [expected] == [reference.matches(rule, event(fields)) for rule in rules]


@pytest.mark.parametrize(("entry", "fields", "expected"), list(cases()))
def test_the_fast_engine_says_of_sigma(entry: Entry, fields: Fields, expected: bool) -> None:
    found = hits(fast(entry.text), all_formats()["httpproxy"], event(fields))
    assert (frozenset({"rule"}) if expected else frozenset()) == found


_LOADED: dict[str, RuleSet] = {}


def fast(text: str) -> RuleSet:
    if text not in _LOADED:
        _LOADED[text] = loaded([text])
    return _LOADED[text]


@pytest.mark.parametrize("entry", [one for one in entries() if one.refused], ids=lambda e: e.says)
def test_what_cannot_be_judged_is_refused_by_both(entry: Entry, tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError) as raised:
        _answers_of_the_reference(entry)
    assert entry.refused in str(raised.value)

    path = tmp_path / "rule.yml"
    path.write_text(entry.text, encoding="utf-8")
    failed = load_rules([], user_sigma=[path]).failed
    assert [str(path)] == [one.file for one in failed]
    assert entry.refused in failed[0].reason


def _answers_of_the_reference(entry: Entry) -> list[bool]:
    return [
        reference.matches(one.rule, event({}))
        for one in read_documents(entry.text)
        if one.rule is not None
    ]


def test_the_program_that_the_guide_prints_runs_the_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = (Path(__file__).parents[3] / "docs/how-to/conformance-suite.md").read_text("utf-8")
    program = guide.partition("```python\n")[2].partition("```")[0]
    monkeypatch.setattr("sys.argv", ["", str(Path(__file__).with_name("conformance.yml"))])

    def ours(
        detection: object, filters: list[dict[str, object]], fields: Fields, record: str
    ) -> bool:
        text = Entry(says="", detection=detection, filters=tuple(filters)).text
        row = event({**fields, "_text": record})
        return hits(fast(text), all_formats()["httpproxy"], row) == {"rule"}

    exec(program, {"your_engine": ours})  # noqa: S102 - what the guide tells people to run
    total = sum(len(entry.matches) + len(entry.misses) for entry in entries())
    assert f"0 of {total} wrong" == capsys.readouterr().out.splitlines()[-1]


def test_the_table_is_as_long_as_it_should_be() -> None:
    assert sum(len(entry.matches) + len(entry.misses) for entry in entries()) > 150
    assert len(entries()) > 100


def test_every_entry_can_go_wrong_both_ways() -> None:
    for entry in entries():
        assert bool(entry.refused) != bool(entry.matches and entry.misses), entry.says


def test_every_modifier_has_a_row_in_the_table() -> None:
    written = Path(__file__).with_name("conformance.yml").read_text(encoding="utf-8")
    known = {*modifier_mapping, *SPELLINGS}
    assert set() == {word for word in known if f"|{word}" not in written}
