"""Rule files for the tests, compiled as the user's or as ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.matching.yara.load import load_yara

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.matching.yara.ask import YaraRules
    from tocsin.model.result import RuleFailure
    from tocsin.model.rule import RuleInfo

SLOW = "rule slow { strings: $a = /a.*b.*c.*d.*[^a]{5,100}z/s condition: $a }"
"""YARA-X warns of it, and needs minutes for some MiB of one letter."""


def write(folder: Path, **files: str) -> Path:
    """Files that end in .yar, by name."""
    for name, text in files.items():
        (folder / f"{name}.yar").write_text(text, encoding="utf-8")
    return folder


def of_user(
    folder: Path, **files: str
) -> tuple[YaraRules, dict[str, RuleInfo], list[RuleFailure]]:
    """The rules of a folder that the user gave."""
    return load_yara([], [write(folder, **files)], {})
