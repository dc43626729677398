"""The reference of the result: every key that scripts see has its line, under its object."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from tocsin.model import result
from tocsin.model.artefact import TimeOrigin
from tocsin.model.grade import Grade, Level
from tocsin.report import words

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
OBJECTS = [
    found
    for name, found in sorted(vars(result).items())
    if isinstance(found, type) and issubclass(found, msgspec.Struct) and not name.startswith("_")
]


def table(page: str, heading: str) -> list[str]:
    text = (REFERENCE / page).read_text(encoding="utf-8")
    part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([a-z0-9_]+)` \| \S", part, flags=re.MULTILINE)


@pytest.mark.parametrize("kind", OBJECTS, ids=lambda kind: str(kind.__name__))
def test_the_reference_names_every_key_in_the_order_in_which_it_is_printed(
    kind: type[msgspec.Struct],
) -> None:
    keys = [field.encode_name for field in msgspec.structs.fields(kind)]
    assert keys == table("json.md", f"`{kind.__name__}`")


def test_the_reference_names_every_origin_of_a_time() -> None:
    assert list(TimeOrigin) == table("json.md", "Origins of a time")


def test_the_reference_explains_every_mark_of_the_timeline() -> None:
    text = (REFERENCE / "report.md").read_text(encoding="utf-8")
    marks = text.partition("| mark | grade |")[2].partition("\n\n")[0]
    explained = re.findall(r"^\| [a-z, ]+ \| ([a-z -]+)", marks, flags=re.MULTILINE)
    assert [words.GRADE_NAMES[grade] for grade in Grade] == [one.strip() for one in explained[1:]]


def test_the_guide_tells_what_each_verdict_allows_to_say() -> None:
    guide = (REFERENCE.parent / "how-to" / "read-the-report.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| ([A-Z][^|]+?) \|", guide, flags=re.MULTILINE)
    assert {words.LEVEL_NAMES[level] for level in Level} <= set(told)
