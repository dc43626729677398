"""What a rule claims, whatever language it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tocsin.model.grade import Confidence, Grade, Severity


_NO_EXPLANATION = frozenset({"", "none", "unknown", "unlikely", "n/a"})


class RuleKind(StrEnum):
    """What a match of the rule means."""

    DETECTION = "detection"
    """Something an attack leaves behind: graded, cited, and part of the verdict."""
    BENIGN = "benign"
    """A named harmless pattern: it annotates and counts, and hides nothing."""
    LEAD = "lead"
    """A rule that the user brought: shown, never raising the level alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInfo:
    """The statement behind a rule.

    `id` is the file's slug, unique over all packs; `pack` is empty for the user's own rules.
    `grade` and `confidence` speak of one match alone. `attack` holds ATT&CK ids (``T1190``).
    `file` is the path below the pack's folder, for error messages. A benign pattern carries its
    reason in `benign_explanations`.
    """

    id: str
    title: str
    kind: RuleKind
    pack: str
    file: str
    grade: Grade
    confidence: Confidence
    severity: Severity
    cves: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    benign_explanations: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()


def explanations(false_positives: Iterable[object]) -> tuple[str, ...]:
    """The harmless explanations among what a rule says of its false positives.

    "None known", "Unlikely" and their like explain nothing: a reader who looks for a harmless
    cause must not have to read them.
    """
    texts = (str(text).strip() for text in false_positives)
    return tuple(text for text in texts if not _explains_nothing(text.lower().rstrip(".")))


def _explains_nothing(text: str) -> bool:
    return text in _NO_EXPLANATION or text.startswith("none known")
