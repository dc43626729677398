"""What must hold for every profile of an authority, and for the techniques that rules name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tocsin.knowledge.attack import table, technique
from tocsin.knowledge.authorities import Profile, Status, all_profiles
from tocsin.knowledge.packs import all_packs
from tocsin.matching.rules import load_rules
from tocsin.report.incident.facts import FACTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "report.md").read_text(
    encoding="utf-8"
)

every_profile = pytest.mark.parametrize("profile", all_profiles(), ids=lambda one: one.slug)


def listed(heading: str) -> list[str]:
    part = PAGE.partition(f"\n{heading}\n")[2].partition("\n##")[0]
    return re.findall(r"^\| `([a-z0-9_-]+)` \| \S", part, flags=re.MULTILINE)


@every_profile
def test_a_profile_asks_only_for_facts_that_there_are(profile: Profile) -> None:
    asked = {fact for section in profile.sections for one in section.fields for fact in one.facts}
    assert set() == asked - FACTS.keys()


@every_profile
def test_every_field_is_filled_by_somebody_and_cites_its_source(profile: Profile) -> None:
    fields = [one for section in profile.sections for one in section.fields]
    assert [] == [one.id for one in fields if not (one.facts or one.only_you)]
    assert [] == [one.id for one in fields if not one.source]
    assert [] == [one.name for one in profile.deadlines if not one.source]


@every_profile
def test_no_clock_runs_where_nobody_must_report(profile: Profile) -> None:
    hours = [one.hours for one in profile.deadlines if one.hours is not None]
    assert bool(hours) is (profile.status is Status.IN_FORCE)


@every_profile
def test_a_profile_asks_for_somebody_to_speak_to(profile: Profile) -> None:
    asked = " ".join(one.only_you for section in profile.sections for one in section.fields)
    assert "contact" in asked or "telephone" in asked


@every_profile
def test_the_reference_has_the_day_of_the_check(profile: Profile) -> None:
    line = rf"^\| `{profile.slug}` \| .* \| {profile.checked.isoformat()} \|$"
    assert re.search(line, PAGE, flags=re.MULTILINE)


def test_the_reference_lists_every_profile_and_every_fact() -> None:
    assert [one.slug for one in all_profiles()] == listed("### Authorities")
    assert list(FACTS) == listed("### Facts")


def test_every_fact_is_asked_for_by_some_profile() -> None:
    asked = {f for p in all_profiles() for s in p.sections for one in s.fields for f in one.facts}
    assert FACTS.keys() == asked


def test_every_technique_that_a_rule_or_chain_names_has_a_name() -> None:
    """If this fails: add the technique to `knowledge/data/attack.toml`."""
    rules = load_rules(all_packs(), user_sigma=(), user_yara=())
    named = {one for info in rules.infos.values() for one in info.attack}
    named |= {one for pack in all_packs() for chain in pack.chains for one in chain.attack}
    found = {one: technique(one) for one in named}
    assert named
    assert [] == sorted(
        name for name, one in found.items() if one is None or one.id not in table().names
    )
