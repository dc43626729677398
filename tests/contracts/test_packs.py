"""Every pack: honest about what it rests on, complete in its texts, and silent about no change."""

from __future__ import annotations

from pathlib import PurePath
from urllib.parse import urlsplit

import pytest

from tocsin.knowledge.cves import all_cves
from tocsin.knowledge.pack_record import out_of_date, read_record, untold
from tocsin.knowledge.packs import DATA, Pack, all_packs
from tocsin.matching.examples import read_yara_examples
from tocsin.matching.indicators.load import load_indicators
from tocsin.matching.rules import RuleSet, load_rules
from tocsin.matching.sigma.read import extra_of, read_documents
from tocsin.model.grade import Grade
from tocsin.model.rule import RuleKind

every_pack = pytest.mark.parametrize("pack", all_packs(), ids=lambda pack: pack.about.slug)
WORDS_OF_A_NOTICE = 25


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(all_packs())


def test_the_packs_of_the_brief_are_there() -> None:
    expected = {
        "cve-2020-0688", "cve-2021-28480", "cve-2021-42321", "cve-2023-21529", "cve-2024-21410",
        "cve-2025-53786", "cve-2026-42897", "iis-backdoors", "mail-theft", "owassrf",
        "post-exploitation", "proxylogon", "proxynotshell", "proxyshell", "proxytoken",
        "ransomware", "web-shells",
    }  # fmt: skip
    assert expected <= {pack.about.slug for pack in all_packs()}


@every_pack
def test_a_notice_can_be_read_by_an_owner(pack: Pack) -> None:
    notice = pack.about.notice
    assert len(notice.what.split()) >= WORDS_OF_A_NOTICE
    assert notice.affected
    assert len(notice.do) >= 3
    assert all(step.endswith(".") for step in notice.do)


@every_pack
def test_a_pack_says_what_it_rests_on(pack: Pack) -> None:
    base = pack.about.evidence_base
    told = [*base.real_data, *base.published_rules, *base.synthetic]
    assert told
    assert [] == [one for one in told if len(one.split()) < 4]


@every_pack
def test_references_are_addresses_that_can_be_opened(pack: Pack) -> None:
    assert pack.about.references
    for reference in pack.about.references:
        address = urlsplit(reference.split()[0])
        assert "https" == address.scheme, reference
        assert "." in address.netloc, reference
    assert len(set(pack.about.references)) == len(pack.about.references)


@every_pack
def test_no_cve_is_named_that_the_tables_do_not_know(pack: Pack, rules: RuleSet) -> None:
    named = {*pack.about.cves, *(cve for chain in pack.chains for cve in chain.cves)}
    for info in rules.infos.values():
        if info.pack == pack.about.slug:
            named |= set(info.cves)
    assert set() == named - set(all_cves())


@every_pack
def test_a_pack_without_a_window_has_no_cve_and_no_way_in(pack: Pack) -> None:
    assert bool(pack.about.cves) == (pack.about.exploitation_from is not None)


@every_pack
def test_where_nothing_tells_an_attack_no_rule_claims_to(pack: Pack, rules: RuleSet) -> None:
    if pack.about.detectable:
        assert () == pack.about.check_instead
        return
    assert pack.about.check_instead
    assert () == pack.about.sufficient
    own = [info for info in rules.infos.values() if info.pack == pack.about.slug]
    assert [] == [
        info.id
        for info in own
        if info.kind is RuleKind.DETECTION and info.grade is not Grade.PROBE
    ]


@every_pack
def test_a_pack_that_can_tell_has_rules_to_tell_by(pack: Pack) -> None:
    assert not pack.about.detectable or pack.detections


@every_pack
def test_every_rule_has_examples_on_both_sides(pack: Pack) -> None:
    for file in (*pack.sigma, *pack.benign):
        (document,) = read_documents(file.text)
        assert document.rule is not None
        examples = extra_of(document.rule).examples
        assert examples is not None, file.path
        assert examples.match, file.path
        assert examples.no_match, file.path
    for file in pack.yara:
        beside = PurePath(file.path).with_suffix(".examples.yml")
        told = read_yara_examples(DATA / "packs" / beside, where=str(beside))
        assert told.match, file.path
        assert told.no_match, file.path


@every_pack
def test_every_rule_and_every_removed_one_is_told(pack: Pack) -> None:
    record = read_record(DATA / "packs" / pack.about.slug)
    assert [] == [(one.said, one.rules) for one in untold(pack, record)], (
        "see docs/reference/packs.md"
    )


@every_pack
def test_what_every_rule_looks_for_is_recorded(pack: Pack) -> None:
    folder = DATA / "packs" / pack.about.slug
    stale = out_of_date(pack, read_record(folder))
    assert [] == stale, f"tocsin pack check --record {folder}"


@every_pack
def test_changes_are_in_order_and_none_comes_after_the_pack_itself(pack: Pack) -> None:
    days = [change.date for change in pack.changes]
    assert days
    assert sorted(days) == days
    assert days[-1] <= pack.about.updated


@every_pack
def test_lists_of_indicators_can_be_read(pack: Pack, rules: RuleSet) -> None:
    if not pack.indicators:
        return
    found, failed = load_indicators(pack.indicators, rules.infos)
    assert [] == list(failed)
    assert len(found)
