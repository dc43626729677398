"""What one observation says of each CVE: a status, its reason, and how far it can be trusted.

The builds of a row decide, by `tocsin.knowledge.status`. Where a row shows several builds that
none of the others explains, the worst counts and the others stand beside it. What a feed claims
is no part of this. Judgements are remembered for each set of builds, so a million rows are quick.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from tocsin.campaign.observation import Method
from tocsin.knowledge.builds import Number, builds_like, cumulative_update_of, parse
from tocsin.knowledge.cves import all_cves
from tocsin.knowledge.fixes import special_packages
from tocsin.knowledge.root import cached
from tocsin.knowledge.status import StatusWord, status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tocsin.campaign.observation import Observation, SeenBuild

WORST_FIRST = (
    StatusWord.VULNERABLE,
    StatusWord.UNDETERMINED,
    StatusWord.NEWER_THAN_CATALOGUE,
    StatusWord.FIXED,
    StatusWord.NOT_AFFECTED,
)
"""The order of the words where several are said of one host."""
NOT_OPEN = frozenset({StatusWord.FIXED, StatusWord.NOT_AFFECTED})
"""What is no longer, or never was, vulnerable."""
SETTLED = NOT_OPEN | {StatusWord.VULNERABLE}
"""What leaves no doubt."""

_THREE = 3


class Doubt(StrEnum):
    """Why a status is neither vulnerable nor fixed, and so what would settle it."""

    NO_BUILD = "no_build"
    """Nobody saw a build."""
    THREE_PARTS = "three_parts"
    """Three parts name the cumulative update and not the security update."""
    STALE = "stale"
    """What was seen in full is too old beside what was seen since."""
    NEWER_BUILD = "newer_build"
    """The build is newer than all that are known here."""
    UNKNOWN_BUILD = "unknown_build"
    """No source lists a build like this: an own build, or no Exchange at all."""
    SPECIAL_PACKAGE = "special_package"
    """A package that could be installed without older updates."""
    NEEDS_CHECK = "needs_check"
    """A setting, the directory or Windows decides, and no build."""
    NO_SOURCE = "no_source"
    """The sources are silent, or contradict each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is said of one CVE, why, and by which build.

    `reason` is a part of a sentence. `build` is the one that decided, None where none was seen,
    with `precision` parts that count: three where `method` is not to be trusted with the fourth.
    `doubt` is None where the status leaves none. `also` holds what other builds of the same row
    say, worst first.
    """

    cve: str
    status: StatusWord
    reason: str
    build: str | None
    precision: int | None
    method: Method
    doubt: Doubt | None = None
    also: tuple[StatusWord, ...] = ()


def exploited_cves() -> tuple[str, ...]:
    """Every CVE that is known to be exploited, in order: what a campaign asks about."""
    return tuple(sorted(cve.id for cve in all_cves().values() if cve.known_exploited))


def judge(observation: Observation, cves: Iterable[str] | None = None) -> Mapping[str, Judged]:
    """What a row says of each of `cves` (all known ones where None), in their order. Pure.

    Nothing is judged where the row does not speak of Exchange: the mapping is empty. A claim of
    the owner is judged like any build, and its `method` says that it is one.
    """
    if not observation.about_exchange:
        return MappingProxyType({})
    asked = _all() if cves is None else tuple(cves)
    return judge_builds(observation.builds, asked)


@cached
def judge_builds(builds: tuple[SeenBuild, ...], cves: tuple[str, ...]) -> Mapping[str, Judged]:
    """What builds that were seen together say of each CVE: the worst of what none explains."""
    left = unexplained(builds)
    return MappingProxyType({cve: _worst(left, cve) for cve in cves})


def judge_build(build: str, method: Method, cve: str) -> Judged:
    """What one build says of one CVE."""
    known = _known(build, method)
    found = known.get(cve)
    if found is None:
        found = known[cve] = _judged(build, method, cve)
    return found


@cached
def _known(_build: str, _method: Method) -> dict[str, Judged]:
    """What was found out of a build before, filled as it is asked for."""
    return {}


def _judged(build: str, method: Method, cve: str) -> Judged:
    number = counting(build, method)
    said = status(number if number is not None else build, cve)
    return Judged(
        cve=cve,
        status=said.status,
        reason=said.reason,
        build=build,
        precision=len(number) if number is not None else None,
        method=method,
        doubt=_doubt(number, said.status, cve),
    )


def nothing_seen(cve: str) -> Judged:
    """What is said of a CVE where no build was seen."""
    return Judged(
        cve=cve,
        status=StatusWord.UNDETERMINED,
        reason="nobody saw a build",
        build=None,
        precision=None,
        method=Method.NONE,
        doubt=Doubt.NO_BUILD,
    )


@cached
def counting(build: str, method: Method) -> Number | None:
    """The parts of a build that count, or None for text that is no build.

    A CPE name is the feed's inference: tools map a cumulative update to its first build and so
    would call every updated server open. Its fourth part says nothing.

    Source: cisagov/XFD (2024-10), backend/src/models/service.ts, maps the short build to the CPE
    of the cumulative update's first build.
    """
    number = parse(build)
    if number is None:
        return None
    return number[:_THREE] if method is Method.CPE else number


def unexplained(builds: Iterable[SeenBuild]) -> tuple[SeenBuild, ...]:
    """Leave out what a more precise build explains, and names where something was observed.

    ``15.2.721`` in a path is explained by ``15.2.721.13`` in a header. A version out of a CPE
    name counts only where nothing else was seen.
    """
    known = {(build, how): counting(build, how) for build, how in builds}
    observed = {one: number for one, number in known.items() if one[1] is not Method.CPE}
    left = observed or known
    precise = {number[:_THREE] for number in left.values() if number and len(number) > _THREE}
    return tuple(
        sorted(
            one
            for one, number in left.items()
            if number is None or len(number) > _THREE or number not in precise
        )
    )


def order(word: StatusWord) -> int:
    """The place of a word, the worst first, from 0."""
    return WORST_FIRST.index(word)


def _worst(builds: tuple[SeenBuild, ...], cve: str) -> Judged:
    if not builds:
        return nothing_seen(cve)
    judged = sorted((judge_build(*one, cve) for one in builds), key=lambda one: order(one.status))
    worst = judged[0]
    others = sorted({one.status for one in judged} - {worst.status}, key=order)
    if not others:
        return worst
    told = "; ".join(f"{one.build} says {one.status}" for one in judged[1:])
    return replace(
        worst,
        reason=f"{worst.reason} ({told}: several servers answer here, or a part lags behind)",
        also=tuple(others),
    )


def _doubt(number: Number | None, word: StatusWord, cve: str) -> Doubt | None:
    """Why it is not settled. The check of a setting comes first: no build would help there."""
    if word in SETTLED:
        return None
    if word is StatusWord.NEWER_THAN_CATALOGUE:
        return Doubt.NEWER_BUILD
    entry = all_cves().get(cve)
    if entry is not None and entry.check_name is not None:
        return Doubt.NEEDS_CHECK
    found = cumulative_update_of(number) if number is not None else None
    if number is None or found is None:
        return Doubt.UNKNOWN_BUILD
    return _doubt_within(number, found.name, cve)


def _doubt_within(number: Number, cu: str, cve: str) -> Doubt:
    if len(number) == _THREE:
        alike = {status(one.number, cve).status for one in builds_like(number)}
        return Doubt.THREE_PARTS if alike & SETTLED else Doubt.NO_SOURCE
    special = special_packages().get(cu)
    if special is not None and number >= special.first and cve not in special.fixes:
        return Doubt.SPECIAL_PACKAGE
    return Doubt.NO_SOURCE


@cached
def _all() -> tuple[str, ...]:
    return tuple(all_cves())
