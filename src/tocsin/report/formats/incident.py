"""The incident report: what authorities ask, with what the hunt knows filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.knowledge.authorities import chosen_profiles
from tocsin.report.choices import UNDECIDED, Choices
from tocsin.report.format import Report
from tocsin.report.incident.fill import filled, frame
from tocsin.report.incident.pdf import check_typesetter, typeset
from tocsin.report.jsontext import document
from tocsin.report.traces import shown

if TYPE_CHECKING:
    from tocsin.model.result import Result

_NAMES = 40


def render(result: Result, choices: Choices = UNDECIDED) -> bytes:
    """Print the reports of all chosen authorities, or of all there are, as one JSON document."""
    profiles = chosen_profiles(choices.authorities)
    return document(
        {
            **frame(result, choices),
            "servers": [shown(host.name, 200) for host in result.hosts],
            "profiles": [filled(profile, result, choices) for profile in profiles],
        }
    )


def papers(result: Result, choices: Choices) -> dict[str, bytes]:
    """Lay out one PDF for each authority, unless none is wanted."""
    if not choices.pdf:
        return {}
    names = [shown(host.name, 60) for host in result.hosts]
    more = [f"and {len(names) - _NAMES} more"] if len(names) > _NAMES else []
    around = {**frame(result, choices), "servers": [*names[:_NAMES], *more]}
    return {
        f"incident.{profile.slug}.pdf": typeset(
            {**around, "profile": filled(profile, result, choices)}
        )
        for profile in chosen_profiles(choices.authorities)
    }


def check(choices: Choices) -> None:
    """Raise `UsageError` for an authority that is not there, or a typesetter that is missing."""
    chosen_profiles(choices.authorities)
    if choices.pdf:
        check_typesetter()


REPORT = Report(
    name="incident",
    title="An incident report for authorities, filled in as far as the evidence goes",
    extension="incident.json",
    media_type="application/json",
    render=render,
    beside=papers,
    check=check,
    heeds=frozenset({"tlp", "authorities", "aware_since", "pdf"}),
)
