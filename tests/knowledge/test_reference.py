"""The reference page of packs names every key that a pack may hold."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from tocsin.knowledge.packs import (
    Chain,
    EvidenceBase,
    Notice,
    PackChange,
    PackFile,
    Step,
    Sufficient,
    all_packs,
)
from tocsin.knowledge.status import StatusWord

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "packs.md"


@pytest.fixture(scope="module")
def words() -> set[str]:
    return set(re.findall(r"`([^`]+)`", PAGE.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "kind", [PackFile, Sufficient, EvidenceBase, Notice, PackChange, Chain, Step]
)
def test_every_key_is_explained(kind: type[msgspec.Struct], words: set[str]) -> None:
    assert set() == {field.name for field in msgspec.structs.fields(kind)} - words


def test_every_pack_and_chain_is_named(words: set[str]) -> None:
    named = {pack.about.slug for pack in all_packs()}
    named |= {chain.id for pack in all_packs() for chain in pack.chains}
    assert set() == named - words


def test_every_status_is_explained(words: set[str]) -> None:
    assert set() == set(StatusWord) - words
