"""What a YARA rule claims, read from its meta section."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from tocsin.errors import KnowledgeError
from tocsin.model.grade import Confidence, Grade, Severity
from tocsin.model.rule import RuleInfo, RuleKind, explanations

if TYPE_CHECKING:
    import yara_x

Word = TypeVar("Word", bound=StrEnum)
_KNOWN = frozenset(
    (
        "title",
        "grade",
        "confidence",
        "severity",
        "cves",
        "attack",
        "false_positives",
        "next_steps",
        "description",
        "reference",
        "author",
        "date",
    )
)
_STEPS = (
    "Preserve the file, and find out who wrote it and when, and who has asked for it since",
    "Read what the rule's author says of its purpose and of false alarms",
)
"""What to do with a lead, whatever the rule is about."""
_SHOWN = 200
"""Characters of a title, and of a name that is shown: a rule may call itself what it likes."""


def pack_info(rule: yara_x.Rule, *, pack: str, file: str, slug: str) -> RuleInfo:
    """The claim of a rule of ours. Raises `KnowledgeError` where something is missing."""
    if rule.identifier != slug.replace("-", "_"):
        raise KnowledgeError(
            f"rule {rule.identifier!r} must be called {slug.replace('-', '_')!r}, as its file",
            where=file,
        )
    meta = {name: str(value) for name, value in rule.metadata}
    if unknown := sorted(meta.keys() - _KNOWN):
        raise KnowledgeError(f"meta {unknown[0]!r} is not known", where=file)
    if not meta.get("title"):
        raise KnowledgeError("meta 'title' is missing", where=file)
    return RuleInfo(
        id=slug,
        title=meta["title"],
        kind=RuleKind.DETECTION,
        pack=pack,
        file=file,
        grade=_word(Grade, meta, "grade", file),
        confidence=_word(Confidence, meta, "confidence", file),
        severity=_word(Severity, meta, "severity", file),
        cves=_list(meta, "cves", ","),
        attack=_list(meta, "attack", ","),
        benign_explanations=explanations(_list(meta, "false_positives", "|")),
        next_steps=_list(meta, "next_steps", "|"),
    )


def lead_info(rule: yara_x.Rule, *, file: str, slug: str) -> RuleInfo:
    """The claim of a rule that the user brought: a lead."""
    meta = {name: str(value) for name, value in rule.metadata}
    return lead(slug, meta.get("title") or meta.get("description") or slug, file)


def lead(slug: str, title: str, file: str) -> RuleInfo:
    """What any rule of the user's claims, whatever it says of itself."""
    return RuleInfo(
        id=slug,
        title=shortened(title),
        kind=RuleKind.LEAD,
        pack="",
        file=file,
        grade=Grade.ATTEMPT,
        confidence=Confidence.LOW,
        severity=Severity.MEDIUM,
        next_steps=_STEPS,
    )


def shortened(text: str) -> str:
    """A text of somebody else's in one line, and not without end."""
    text = " ".join(text[: 2 * _SHOWN].split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _word(words: type[Word], meta: dict[str, str], key: str, file: str) -> Word:
    try:
        return words(meta[key])
    except KeyError as error:
        raise KnowledgeError(f"meta {key!r} is missing", where=file) from error
    except ValueError as error:
        allowed = ", ".join(words)
        raise KnowledgeError(
            f"meta {key}: {meta[key]!r} is none of {allowed}", where=file
        ) from error


def _list(meta: dict[str, str], key: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in meta.get(key, "").split(separator) if part.strip())
