from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.errors import KnowledgeError
from tocsin.knowledge import attack
from tocsin.knowledge.groups import groups, read_groups

if TYPE_CHECKING:
    from pathlib import Path

GROUP = '[[group]]\nid = "G1"\nname = "One"\naliases = []\ntechniques = ["T1190"]\n'
TRAIT = '[[trait]]\nof = "One"\nkind = "domain"\nvalues = ["a.example"]\n'


def test_techniques_of_groups_stand_under_their_current_ids() -> None:
    replaced = attack.table().replaced
    assert [] == [old for one in groups().group for old in one.techniques if old in replaced]


def test_the_groups_that_the_news_named_are_there() -> None:
    names = {one.name for one in groups().group}
    assert {"HAFNIUM", "Threat Group-3390", "Tonto Team", "BRONZE BUTLER"} <= names


def test_a_trait_of_a_group_names_one_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "groups.toml"
    path.write_text(GROUP + TRAIT + 'group = "G2"\n')
    with pytest.raises(KnowledgeError, match=r"groups\.toml: trait: G2 is no group here"):
        read_groups(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GROUP + GROUP + TRAIT, "an id stands there twice"),
        (GROUP + TRAIT.replace("a.example", "A.example"), "not in lower case"),
        (GROUP + TRAIT.replace("domain", "smell"), "smell"),
        ("group =", "groups.toml"),
    ],
)
def test_what_is_wrong_in_the_file_is_said(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "groups.toml"
    path.write_text(text)
    with pytest.raises(KnowledgeError, match=reason):
        read_groups(path)
