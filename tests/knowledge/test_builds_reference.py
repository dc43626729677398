"""The reference page of builds names every file, column, key, check and state, and counts right."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from tocsin.knowledge.builds import all_builds
from tocsin.knowledge.cves import Check, all_checks, all_cves
from tocsin.knowledge.fixes import all_updates, special_packages
from tocsin.knowledge.root import BUILTIN
from tocsin.knowledge.support import Extended, Product, SupportState, all_products

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "builds.md"
TABLES = BUILTIN / "exchange"


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def words(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


def test_every_table_is_named(words: set[str]) -> None:
    """But for the pages that Exchange ships, which belong to the formats."""
    assert set() == {path.name for path in TABLES.glob("*.[ct][so][vm]*")} - words


@pytest.mark.parametrize("name", ["builds.csv", "cves.csv"])
def test_every_column_is_explained(name: str, words: set[str]) -> None:
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    head = next(line for line in lines if not line.startswith("#"))
    assert set() == set(head.split(",")) - words


@pytest.mark.parametrize("kind", [Check, Product, Extended])
def test_every_key_is_explained(kind: type[msgspec.Struct], words: set[str]) -> None:
    assert set() == {field.name for field in msgspec.structs.fields(kind)} - words


def test_every_check_and_state_is_explained(words: set[str]) -> None:
    assert set() == {*all_checks(), *SupportState} - words


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("builds.csv", len(all_builds())),
        ("cves.csv", len(all_cves())),
        ("first_fixed.toml", len(all_updates())),
        ("special.toml", len(special_packages())),
        ("checks.toml", len(all_checks())),
        ("support.toml", len(all_products())),
    ],
)
def test_the_rows_are_counted_right(name: str, count: int, text: str) -> None:
    row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
    assert re.search(rf"\| {count}\b", row), row


def test_what_the_page_says_to_run_is_there(text: str) -> None:
    root = PAGE.parents[2]
    for path in re.findall(r"\b(?:tools|tests)/[\w/]+\.(?:py|csv)", text):
        assert (root / path).is_file(), path
