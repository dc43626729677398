"""Every rule in every pack: complete, unique, served by a format, and right about its examples."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec
import pytest
import yaml
from sigma.modifiers import modifier_mapping
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import SigmaExpansion, SigmaRegularExpression, SigmaType

from tocsin.events.format import all_formats
from tocsin.knowledge.packs import DATA, Pack, RuleFile, all_packs
from tocsin.matching.rules import RuleSet, load_rules
from tocsin.matching.sigma.read import SPELLINGS, Examples, Extra, Row, extra_of, read_documents
from tocsin.matching.sigma.regex import is_linear
from tocsin.matching.sigma.routing import Route, routes
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
PACKED = [(pack, file) for pack in all_packs() for file in (*pack.sigma, *pack.benign)]
SIGMA = [pytest.param(pack, file, id=file.path) for pack, file in PACKED]
YARA = [pytest.param(pack, file, id=file.path) for pack in all_packs() for file in pack.yara]


class YaraExample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str
    path: str = "C:/inetpub/wwwroot/aspnet_client/page.aspx"


class YaraExamples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    match: tuple[str | YaraExample, ...]
    no_match: tuple[str | YaraExample, ...]


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(all_packs())


def parsed(file: RuleFile) -> SigmaRule:
    (document,) = read_documents(file.text)
    assert document.rule is not None
    return document.rule


def slug_of(file: RuleFile) -> str:
    return PurePosixPath(file.path).stem


def test_every_file_in_the_packs_is_loaded_under_its_own_name(rules: RuleSet) -> None:
    files = [file for pack in all_packs() for file in (*pack.sigma, *pack.benign, *pack.yara)]
    assert sorted(slug_of(file) for file in files) == sorted(rules.infos)
    assert () == rules.failed


def test_no_identifier_is_used_twice() -> None:
    seen = Counter(str(parsed(file).id) for _, file in PACKED)
    assert [] == [uuid for uuid, times in seen.items() if times > 1 or uuid == "None"]


@pytest.mark.parametrize(("pack", "file"), SIGMA)
def test_a_sigma_rule_says_all_that_a_reader_needs(pack: Pack, file: RuleFile) -> None:
    rule = parsed(file)
    extra = extra_of(rule)
    assert [] == list(missing_in(rule, extra, benign=file in pack.benign))


def missing_in(rule: SigmaRule, extra: Extra, *, benign: bool) -> Iterator[str]:
    for key in ("id", "title", "description", "status", "author", "date", "references"):
        if not getattr(rule, key):
            yield key
    if rule.id is not None and rule.id.version != 4:
        yield "id: a random UUID (version 4)"
    if extra.examples is None or not extra.examples.match or not extra.examples.no_match:
        yield "tocsin.examples: at least one row of each kind"
    if not benign:
        if rule.level is None:
            yield "level"
        if not rule.falsepositives:
            yield "falsepositives"
        if not extra.next_steps:
            yield "tocsin.next_steps"
        if not any(tag.namespace == "attack" for tag in rule.tags):
            yield "tags: attack"


@pytest.mark.parametrize(("pack", "file"), YARA)
def test_a_yara_rule_says_all_that_a_reader_needs(
    pack: Pack, file: RuleFile, rules: RuleSet
) -> None:
    info = rules.infos[slug_of(file)]
    assert (pack.about.slug, RuleKind.DETECTION) == (info.pack, info.kind)
    assert "false_positives =" in file.text, "meta false_positives"
    assert info.next_steps, "meta next_steps"
    assert info.attack, "meta attack"


@pytest.mark.parametrize(("pack", "file"), SIGMA)
def test_a_sigma_rule_can_be_asked_about_some_format(
    pack: Pack, file: RuleFile, rules: RuleSet
) -> None:
    served = [
        form.name for form in all_formats().values() if slug_of(file) in rules.sigma_for(form).ids
    ]
    assert served, f"no format has the log source {parsed(file).logsource}"


@pytest.mark.parametrize(("pack", "file"), SIGMA)
def test_a_sigma_rule_is_right_about_its_examples(
    pack: Pack, file: RuleFile, rules: RuleSet
) -> None:
    examples = extra_of(parsed(file)).examples
    assert examples is not None
    assert [] == list(wrong_about(examples, parsed(file), rules))


def wrong_about(examples: Examples, rule: SigmaRule, rules: RuleSet) -> Iterator[str]:
    """The examples that come out otherwise, in any format that serves the rule."""
    for wanted, rows in ((True, examples.match), (False, examples.no_match)):
        for row in rows:
            for form in all_formats().values():
                served = routes(rule.logsource, form)
                if not served or row.get("_format", form.name) != form.name:
                    continue
                found = rules.sigma_for(form).match(event_of(row, served))
                if wanted != (rule.name in found):
                    yield f"{'misses' if wanted else 'matches'} {row} in {form.name}"


def event_of(row: Row, served: Sequence[Route]) -> Event:
    """The row as an event: of a kind that the rule is asked about, unless it says otherwise."""
    fields = {name: value for name, value in row.items() if not name.startswith("_")}
    route = next(
        (one for one in served if one.event_ids and fields.get("EventID") in one.event_ids),
        served[0],
    )
    if route.event_ids is not None:
        fields.setdefault("EventID", min(route.event_ids))
    stream = min(route.streams) if route.streams is not None else ""
    return Event(
        time=None,
        place=1,
        fields=fields,
        text=" ".join(fields.values()),
        stream=row.get("_stream", stream),
    )


@pytest.mark.parametrize(("pack", "file"), YARA)
def test_a_yara_rule_is_right_about_its_examples(
    pack: Pack, file: RuleFile, rules: RuleSet
) -> None:
    path = DATA / "packs" / PurePosixPath(file.path).with_suffix(".examples.yml")
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    examples = msgspec.convert(loaded, YaraExamples)
    assert examples.match
    assert examples.no_match
    for wanted, texts in ((True, examples.match), (False, examples.no_match)):
        for one in texts:
            example = YaraExample(one) if isinstance(one, str) else one
            found = rules.yara_match(example.text.encode(), EvidencePath.plain(example.path))
            assert wanted == (slug_of(file) in found), example.text


@pytest.mark.parametrize(("pack", "file"), SIGMA)
def test_no_text_can_make_a_regular_expression_of_ours_slow(pack: Pack, file: RuleFile) -> None:
    for detection in parsed(file).detection.detections.values():
        for value in values_in(detection):
            if isinstance(value, SigmaRegularExpression):
                assert is_linear(str(value.regexp)), value.regexp


def values_in(detection: SigmaDetection | SigmaDetectionItem) -> Iterator[SigmaType]:
    if isinstance(detection, SigmaDetection):
        for item in detection.detection_items:
            yield from values_in(item)
        return
    for value in detection.value:
        yield from value.values if isinstance(value, SigmaExpansion) else [value]


def test_the_reference_lists_every_modifier_and_every_windows_log_source() -> None:
    page = (ROOT / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([a-z0-9_-]+)`", page))
    table = tomllib.loads((DATA / "logsources.toml").read_text(encoding="utf-8"))
    sources = {
        one[key] for one in table["source"] for key in ("category", "service") if key in one
    }
    assert set() == {*modifier_mapping, *SPELLINGS, *sources} - listed
