"""What the packs could not see or say on this server, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.verdict.campaign import not_assessable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tocsin.verdict.campaign import Judged


def limits_of(packs: Sequence[Judged], last: datetime | None) -> list[str]:
    """Whose packs they are, what each could not see, and which were not assessed. Pure.

    `last` is the end of the evidence. Campaigns that began later are told in one sentence: a
    reader must not lose the limits that matter among a dozen that say the same.
    """
    told: list[str] = []
    later: list[str] = []
    for judged in packs:
        about, start = judged.pack.about, judged.pack.about.exploitation_from
        if judged.pack.own is not None:
            told.append(
                f"{about.title}: a pack of your own from {judged.pack.own}, not signed and not "
                "part of Tocsin; what it found counts as that of any pack."
            )
        told += judged.limits
        if (
            judged.not_applicable
            and not judged.never_vulnerable
            and last
            and start
            and last <= start
        ):
            later.append(f"{about.name} ({start:%Y-%m-%d})")
        elif judged.not_applicable:
            told.append(f"{about.name}: not assessed; {judged.not_applicable}.")
        elif judged.check_instead:
            told.append(f"{about.name}: {not_assessable(judged)}")
        else:
            told += about.limits
    if later and last:
        told.append(
            f"Not assessed, since the evidence ends {last:%Y-%m-%d} and the first use that is "
            f"known of was later: {', '.join(later)}."
        )
    return [*told, _looked_for(packs)]


def _looked_for(packs: Sequence[Judged]) -> str:
    """No verdict speaks of attacks that no pack knows."""
    seen = [judged.pack.about for judged in packs if judged.pack.about.detectable]
    ways = [about.name for about in seen if about.cves]
    after = [about.name for about in seen if not about.cves]
    told = [f"the ways in of {_in_a_row(ways)}"] if ways else []
    if after:
        told.append(f"{_in_a_row(after)}, however somebody got in")
    looked = ", and for ".join(told) or "nothing that this evidence could show"
    return f"Tocsin looked for {looked}. Other ways in are not looked for."


def _in_a_row(names: Sequence[str]) -> str:
    """Names as one lists them: with commas, and an "and" before the last."""
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
