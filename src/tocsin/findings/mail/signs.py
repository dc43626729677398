"""What is unusual about some mails of a mailbox, beside its habit: all signs, and their points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.findings.mail import content, volume, who
from tocsin.findings.mail.question import Group, Question, Sign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tocsin.findings.mail.habit import Habit


def telling(question: Question) -> tuple[Sign, ...]:
    """Signs without which all others say nothing: people send many invitations, also at night."""
    return tuple(
        sign
        for find in (who.address, who.kind, who.server, content.threads)
        for sign in find(question)
    )


def further(question: Question, habit: Habit) -> tuple[Sign, ...]:
    """All other signs, beside the habit that the others show."""
    return tuple(
        sign
        for find in (
            volume.burst,
            volume.steady,
            volume.alike,
            volume.contacts,
            volume.pace,
            who.hours,
            content.size,
            content.answers,
        )
        for sign in find(question, habit)
    )


def weighed(found: Iterable[Sign], points: Mapping[str, float]) -> tuple[Sign, ...]:
    """The same signs with the points that knowledge gives for each by its name; volume first."""
    given = (sign._replace(points=round(sign.points * points[sign.name], 2)) for sign in found)
    return tuple(sorted(given, key=lambda sign: list(Group).index(sign.group)))
