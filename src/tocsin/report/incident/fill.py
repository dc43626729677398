"""Fill an authority's profile with what a result tells, and leave the rest as blanks."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from tocsin.report import summary, words
from tocsin.report.incident.facts import FACTS, sentences

if TYPE_CHECKING:
    from datetime import datetime

    from tocsin.knowledge.authorities import Deadline, Field, Profile
    from tocsin.model.result import Result
    from tocsin.report.choices import Choices

SCHEMA = "tocsin.incident/1"
DRAFT = "A program made this from log files. It is no legal advice, and nobody has checked it yet."


def filled(profile: Profile, result: Result, choices: Choices) -> dict[str, Any]:
    """One authority's report as JSON values. `value` is null where only the victim knows."""
    stated = profile.slug in choices.authorities
    about = msgspec.to_builtins(profile)
    return {
        **{key: about[key] for key in ("slug", "title", "authority", "region", "language")},
        **{key: about[key] for key in ("status", "bound", "legal_basis", "channel")},
        "applies": True if stated else None,
        "checked": about["checked"],
        "checked_against": about["checked_against"],
        "to_confirm": about["to_confirm"],
        "deadlines": [_deadline(one, choices, stated=stated) for one in profile.deadlines],
        "sections": [
            {
                "title": section.title,
                "fields": [_field(one, result) for one in section.fields],
            }
            for section in profile.sections
        ],
    }


def frame(result: Result, choices: Choices) -> dict[str, Any]:
    """What stands around every authority's report."""
    worst = summary.worst(result)
    aware = choices.aware_since
    return {
        "schema": SCHEMA,
        "draft": DRAFT,
        "tlp": choices.tlp.value,
        "verdict": worst.value,
        "headline": words.LEVEL_NAMES[worst],
        "aware_since": _iso(aware) if aware is not None else None,
        "tool": {"version": result.tool.version, "knowledge": result.tool.knowledge},
    }


def _deadline(one: Deadline, choices: Choices, *, stated: bool) -> dict[str, Any]:
    """No clock runs unless the reporter says that the duty exists, and since when."""
    aware = choices.aware_since if stated else None
    due = None
    if aware is not None and one.hours is not None:
        with suppress(OverflowError):  # the calendar ends in the year 9999
            due = _iso(aware + timedelta(hours=one.hours))
    return {**msgspec.to_builtins(one), "due": due}


def _field(one: Field, result: Result) -> dict[str, Any]:
    return {
        "id": one.id,
        "asks": one.asks,
        "source": one.source,
        "prefilled": [
            {"fact": name, "title": FACTS[name].title, "lines": list(sentences(name, result))}
            for name in one.facts
        ],
        "only_you": one.only_you or None,
        "value": None,
    }


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
