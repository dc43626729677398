"""A decision in words: what was done, and its detail as names and values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from tocsin.web.audit.models import Decision
from tocsin.web.design.deeds import DEEDS, DETAILS, VALUES
from tocsin.web.design.words import capital, word_in


class Part(NamedTuple):
    """One part of a detail."""

    name: str
    value: object


def deed(one: Decision) -> str:
    """What was done."""
    return capital(word_in(DEEDS, one.action))


def parts(one: Decision) -> list[Part]:
    """What was recorded beside it, in the order of the names; empty where that is nothing."""
    return list(_parts(json.loads(one.detail), ""))


def _parts(detail: dict[str, Any], before: str) -> Iterator[Part]:
    for name, value in sorted(detail.items()):
        label = f"{before}{word_in(DETAILS, name)}"
        if isinstance(value, dict):
            yield from _parts(value, f"{label}: ")
        else:
            yield Part(label, _value(value))


def _value(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(str(_value(one)) for one in value)
    return VALUES.get(value, value) if isinstance(value, str) else value
