from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.errors import KnowledgeError, UsageError
from tocsin.knowledge.authorities import all_profiles, chosen_profiles, read_profile
from tocsin.knowledge.root import BUILTIN

if TYPE_CHECKING:
    from pathlib import Path

GDPR = (BUILTIN / "authorities" / "gdpr.toml").read_text(encoding="utf-8")


def test_profiles_are_chosen_by_slug_each_once() -> None:
    assert ["nis2", "gdpr"] == [one.slug for one in chosen_profiles(("nis2", "gdpr", "nis2"))]


def test_without_a_choice_there_are_all() -> None:
    assert all_profiles() == chosen_profiles(())


def test_another_slug_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(UsageError, match="there is no authority 'fbi'; there are: cisa, gdpr"):
        chosen_profiles(("fbi",))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('slug = "gdpr"', 'slug = "other"', "slug 'other' must be the file's name"),
        ('id = "systems"', 'id = "nature"', "two fields have the same id"),
        ("checked = 2026-11-24", "", "missing required field `checked`"),
        ('status = "in_force"', 'status = "maybe"', "Invalid enum value 'maybe'"),
        ("hours = 72", "hour = 72", "unknown field `hour`"),
    ],
)
def test_a_broken_profile_says_where(tmp_path: Path, before: str, after: str, said: str) -> None:
    path = tmp_path / "gdpr.toml"
    path.write_text(GDPR.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=rf"authorities/gdpr\.toml: .*{said}"):
        read_profile(path)
