from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.errors import KnowledgeError
from tocsin.knowledge.attack import read_table, table, technique, techniques

if TYPE_CHECKING:
    from pathlib import Path


def test_a_sub_technique_carries_its_parents_name_in_its_title() -> None:
    shell = technique("T1505.003")
    assert shell is not None
    assert ("Web Shell", "Server Software Component: Web Shell") == (shell.name, shell.title)
    assert "https://attack.mitre.org/techniques/T1505/003" == shell.url


def test_an_old_id_leads_to_the_current_one() -> None:
    found = technique("T1562.002")
    assert found is not None
    assert ("T1685.001", "Disable or Modify Windows Event Log") == (found.id, found.name)


def test_an_unknown_technique_is_called_by_its_id() -> None:
    found = technique("T9999.001")
    assert found is not None
    assert ("T9999.001", "T9999.001") == (found.name, found.title)


@pytest.mark.parametrize("text", ["", "T1", "T1190 ", "t1190", "T1505.03", "TA0001", "<T1190>"])
def test_what_is_no_id_is_no_technique(text: str) -> None:
    assert technique(text) is None


def test_each_technique_is_given_once_in_the_order_of_its_first_mention() -> None:
    named = ("T1562.002", "x", "T1190", "T1685.001", "T1190")
    assert ["T1685.001", "T1190"] == [one.id for one in techniques(named)]


def test_no_replaced_id_leads_to_another_replaced_one() -> None:
    known = table()
    assert set() == set(known.replaced.values()) & set(known.replaced)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('version = "1"\n[names]\n[replaced]\nT1 = "T2"\nT2 = "T3"', "attack.toml: replaced.T1"),
        ('version = "1"\n[names]', "attack.toml: Object missing required field `replaced`"),
        ("version =", "attack.toml: "),
    ],
)
def test_a_broken_table_says_where(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "attack.toml"
    path.write_text(text)
    with pytest.raises(KnowledgeError, match=said):
        read_table(path)
