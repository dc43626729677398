"""The table in conformance.yml, case by case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import yaml

from tests.matching.sigma.rule_making import holds

if TYPE_CHECKING:
    from collections.abc import Iterator

Fields = dict[str, str]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    says: str
    matches: tuple[Fields, ...]
    misses: tuple[Fields, ...]
    rule: object = None
    detection: object = None


def entries() -> list[Entry]:
    text = Path(__file__).with_name("conformance.yml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), list[Entry])


def cases() -> Iterator[object]:
    for entry in entries():
        detection = entry.detection or {"selection": entry.rule, "condition": "selection"}
        for expected, events in ((True, entry.matches), (False, entry.misses)):
            for number, fields in enumerate(events, 1):
                name = f"{entry.says}: {'matches' if expected else 'misses'} {number}"
                yield pytest.param(detection, fields, expected, id=name)


@pytest.mark.parametrize(("detection", "fields", "expected"), list(cases()))
def test_sigma_means(detection: object, fields: Fields, expected: bool) -> None:
    assert expected == holds(detection, fields)


def test_the_table_is_as_long_as_it_should_be() -> None:
    assert sum(len(entry.matches) + len(entry.misses) for entry in entries()) >= 80
