"""Every rule in every pack: complete, unique, served by a format, and right about its examples."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest
from sigma.modifiers import modifier_mapping
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import SigmaExpansion, SigmaRegularExpression, SigmaType

from tocsin.events.format import all_formats
from tocsin.knowledge.packs import DATA, Pack, RuleFile, all_packs
from tocsin.matching.examples import wrong_about_sigma, wrong_about_yara
from tocsin.matching.rules import RuleSet, load_rules
from tocsin.matching.sigma.read import SPELLINGS, Extra, extra_of, read_documents
from tocsin.matching.sigma.regex import is_linear
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PACKED = [(pack, file) for pack in all_packs() for file in (*pack.sigma, *pack.benign)]
SIGMA = [pytest.param(pack, file, id=file.path) for pack, file in PACKED]
YARA = [pytest.param(pack, file, id=file.path) for pack in all_packs() for file in pack.yara]


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
    assert [] == wrong_about_sigma(file, rules)


@pytest.mark.parametrize(("pack", "file"), YARA)
def test_a_yara_rule_is_right_about_its_examples(
    pack: Pack, file: RuleFile, rules: RuleSet
) -> None:
    assert [] == wrong_about_yara(file, DATA / "packs", rules)


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
