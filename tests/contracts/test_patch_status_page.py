"""The reference of `tocsin build`: every key and every mitigation has its line, and none besides."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from tocsin.knowledge.mitigations import all_mitigations
from tocsin.model import patch_status

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "patch-status.md"
OBJECTS = [
    patch_status.PatchStatus,
    patch_status.CveStatus,
    patch_status.EvidenceStatus,
    patch_status.MitigationSeen,
]


def table(heading: str) -> list[str]:
    part = PAGE.read_text(encoding="utf-8").partition(f"\n{heading}\n")[2]
    part = re.split(r"\n#{2,3} ", part)[0]
    return re.findall(r"^\| `([a-z0-9_-]+)` \| \S", part, flags=re.MULTILINE)


@pytest.mark.parametrize("kind", OBJECTS, ids=lambda kind: str(kind.__name__))
def test_every_key_has_its_line_in_the_order_in_which_it_is_printed(
    kind: type[msgspec.Struct],
) -> None:
    keys = [field.encode_name for field in msgspec.structs.fields(kind)]
    assert keys == table(f"### `{kind.__name__}`")


def test_every_mitigation_has_its_line() -> None:
    assert [one.id for one in all_mitigations()] == table("## Mitigations")


def test_every_mitigation_says_where_its_facts_come_from() -> None:
    assert [] == [one.id for one in all_mitigations() if not one.source]
