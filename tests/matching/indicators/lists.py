"""Lists made up for the tests, and sets loaded from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.matching.indicators.load import load_indicators

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.matching.indicators.indicator import Indicator
    from tocsin.matching.indicators.match import IndicatorSet


def loaded(
    folder: Path, text: str | bytes, name: str = "list.txt"
) -> tuple[IndicatorSet, list[str]]:
    """The set of one list, and the reasons of what failed in it."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    found, failed = load_indicators([path], {})
    assert {str(path)} >= {one.file for one in failed}
    return found, [one.reason for one in failed]


def keys(found: IndicatorSet) -> list[tuple[str, str]]:
    """Kind and key of each, in order."""
    return [(part.kind.value, part.key) for one in indicators(found) for part in one.parts]


def indicators(found: IndicatorSet) -> list[Indicator]:
    """What the set holds."""
    return list(found._indicators)
