"""One pack's verdict: its window on this server, whether the logs suffice, and the level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.events.kind import in_words
from tocsin.model.grade import Assurance, Level
from tocsin.verdict.decide import Row, Seen, decide, worst

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tocsin.findings.finding import Finding
    from tocsin.knowledge.packs import Pack, Sufficient
    from tocsin.matching.scan import Period
    from tocsin.verdict.coverage import Coverage, Source
    from tocsin.verdict.exposure import Exposed

Window = tuple["datetime", "datetime"]
DAMAGE = 0.01
"""The share of a source's rows that may be damaged before it no longer counts as complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A pack's verdict and why.

    `row` is the row of the table that decided; None where nothing was found and the pack is not
    applicable or about no campaign. `window` is None there too, whatever was found.
    `never_vulnerable` tells a pack that cannot apply because of the build from one that cannot
    because of the time. A pack that is not detectable has no row, whatever was found.
    """

    pack: Pack
    row: Row | None
    assurance: Assurance
    window: Window | None
    needed: tuple[str, ...]
    missing: tuple[str, ...]
    not_applicable: str | None
    never_vulnerable: bool
    limits: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level | None:
        """The pack's level, if it has one."""
        return self.row.level if self.row else None

    @property
    def check_instead(self) -> tuple[str, ...]:
        """What to look at, where the attack may have happened and no evidence can tell."""
        return () if self.not_applicable else self.pack.about.check_instead


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measure:
    """How well one sufficing set of sources covers the window."""

    sufficient: Sufficient
    assurance: Assurance
    missing: tuple[str, ...]
    limits: tuple[str, ...]


def judge_pack(
    pack: Pack,
    findings: Sequence[Finding],
    coverage: Coverage,
    exposed: Sequence[Exposed],
    looked_at: Period,
) -> Judged:
    """The verdict of one pack over its own findings. Pure.

    Rows outside of `looked_at` were not matched: a log that holds them covers nothing there.
    """
    own = tuple(finding for finding in findings if finding.pack == pack.about.slug)
    detectable = pack.about.detectable
    if detectable and pack.about.exploitation_from is None:
        return _of_no_campaign(pack, own, coverage, looked_at)
    decisive = [one for one in exposed if one.cve in pack.about.decisive_cves]
    all_of_it = [one for one in exposed if one.cve in pack.about.cves]
    never = bool(all_of_it) and all(one.never for one in all_of_it)
    window = _window(pack, coverage, decisive)
    reason = _not_applicable(pack, coverage, decisive, window, never=never)
    if reason is not None or not detectable:
        # What shows nothing must not speak, neither for the server nor against it.
        speaks = detectable and worst(own) is not Seen.NOTHING
        in_vain = never or _came_after(own, _patched(decisive))
        return Judged(
            pack=pack,
            row=decide(own, Assurance.COMPLETE) if speaks else None,
            assurance=Assurance.COMPLETE if in_vain else Assurance.INSUFFICIENT,
            window=None,
            needed=(),
            missing=(),
            not_applicable=reason,
            never_vulnerable=never and detectable,
            limits=(),
            findings=own,
        )
    best = _best(pack, coverage.within(looked_at), window)
    return Judged(
        pack=pack,
        row=decide(own, best.assurance),
        assurance=best.assurance,
        window=window,
        needed=best.sufficient.sources,
        missing=best.missing,
        not_applicable=None,
        never_vulnerable=False,
        limits=best.limits,
        findings=own,
    )


def _of_no_campaign(
    pack: Pack, own: tuple[Finding, ...], coverage: Coverage, looked_at: Period
) -> Judged:
    """The verdict of a pack about what follows any way in: a web shell, ransomware.

    Nobody can say in which time it might have come, so that nothing of it was found says nothing
    of the server, and weighs nothing. What was found is measured against the evidence's own time.
    """
    whole = (coverage.first, coverage.last) if coverage.first and coverage.last else None
    best = _best(pack, coverage.within(looked_at), whole)
    row = decide(own, best.assurance)
    speaks = row.seen is not Seen.NOTHING
    return Judged(
        pack=pack,
        row=row if speaks else None,
        assurance=best.assurance,
        window=None,
        needed=best.sufficient.sources if speaks else (),
        missing=best.missing if speaks else (),
        not_applicable=None,
        never_vulnerable=False,
        limits=best.limits if speaks else (),
        findings=own,
    )


def _window(pack: Pack, coverage: Coverage, decisive: Sequence[Exposed]) -> Window | None:
    """The exploitation period, cut to the time that this server may have been vulnerable."""
    end = coverage.last
    if pack.about.exploitation_until is not None and end is not None:
        end = min(end, pack.about.exploitation_until)
    patched = _patched(decisive)
    if patched is not None:
        end = patched if end is None else min(end, patched)
    start = pack.about.exploitation_from
    return None if start is None or end is None or end <= start else (start, end)


def _patched(decisive: Sequence[Exposed]) -> datetime | None:
    """From when on a build was seen in which all of these are fixed; None while any is not."""
    fixes = [one.until for one in decisive if one.until is not None]
    return max(fixes) if fixes and len(fixes) == len(decisive) else None


def _came_after(findings: Sequence[Finding], patched: datetime | None) -> bool:
    """Whether all that was found is of a time when the server was fixed, so that it was in vain.

    Of rows that were counted and not kept nobody knows the time.
    """
    return patched is not None and all(
        finding.total == len(finding.matches)
        and all(match.time is not None and match.time >= patched for match in finding.matches)
        for finding in findings
    )


def _not_applicable(
    pack: Pack,
    coverage: Coverage,
    decisive: Sequence[Exposed],
    window: Window | None,
    *,
    never: bool,
) -> str | None:
    if never:
        since = f" from {decisive[0].seen:%Y-%m-%d} on" if decisive[0].seen else ""
        return (
            f"no build seen in the evidence{since} was ever vulnerable "
            f"({decisive[0].status.reason}); what ran before is not known"
        )
    start = pack.about.exploitation_from
    if window is None and start is not None and coverage.last is not None:
        if coverage.last <= start:
            return (
                f"the evidence ends {coverage.last:%Y-%m-%d}, before this campaign "
                f"is known to have begun ({start:%Y-%m-%d})"
            )
        return (
            f"the server was fixed before this campaign is known to have begun ({start:%Y-%m-%d})"
        )
    return None


def _best(pack: Pack, coverage: Coverage, window: Window | None) -> _Measure:
    order = [Assurance.COMPLETE, Assurance.PARTIAL, Assurance.INSUFFICIENT]
    measures = [_measure(one, coverage, window) for one in pack.about.sufficient]
    return min(measures, key=lambda one: (order.index(one.assurance), len(one.missing)))


def _measure(sufficient: Sufficient, coverage: Coverage, window: Window | None) -> _Measure:
    """How one sufficing set covers the window: all of it, some of it, or too little."""
    parts = [_covers(needed, coverage, window) for needed in sufficient.sources]
    missing = tuple(part.needed for part in parts if part.missing)
    if missing:
        assurance = Assurance.INSUFFICIENT
    elif any(part.limits for part in parts):
        assurance = Assurance.PARTIAL
    else:
        assurance = Assurance.COMPLETE
    return _Measure(
        sufficient=sufficient,
        assurance=assurance,
        missing=missing,
        limits=tuple(limit for part in parts for limit in part.limits),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Covers:
    """How one needed source covers the window; without limits it is complete."""

    needed: str
    missing: bool
    limits: tuple[str, ...]


def _covers(needed: str, coverage: Coverage, window: Window | None) -> _Covers:
    name = in_words(needed)
    sources = [source for source in coverage.of(needed) if source.events and source.first]
    if not sources or window is None:
        limit = f"{name}: no usable log of this kind is in the collection."
        return _Covers(needed=needed, missing=True, limits=(limit,))
    best = min(sources, key=lambda source: _length(source.misses(window)))
    stretches = best.misses(window)
    if _length(stretches) >= (window[1] - window[0]).total_seconds():
        limit = (
            f"{name}: its rows ({_span(best)}) lie outside the time that matters "
            f"({window[0]:%Y-%m-%d} to {window[1]:%Y-%m-%d})."
        )
        return _Covers(needed=needed, missing=True, limits=(limit,))
    limits = [
        f"{name}: nothing from {low:%Y-%m-%d %H:%M} to {high:%Y-%m-%d %H:%M} UTC."
        for low, high in stretches
    ]
    return _Covers(
        needed=needed,
        missing=False,
        limits=(*limits, *_damage(name, needed, sources, coverage)),
    )


def _damage(
    name: str, needed: str, sources: Sequence[Source], coverage: Coverage
) -> tuple[str, ...]:
    """What could not be read of a source, where it is more than a row here and there.

    A file that no row of could be read counts under the format alone: it may be of any stream.
    """
    whole = coverage.sources.get(needed.partition(":")[0])
    places = [*sources, whole] if whole and whole not in sources else list(sources)
    damaged = sum(source.problems for source in places)
    rows = sum(source.events for source in places)
    lost = sum(source.lost for source in places)
    if not lost and damaged <= DAMAGE * (rows + damaged):
        return ()
    return (f"{name}: {damaged} places could not be read, {lost} of them whole files.",)


def _length(stretches: Sequence[Window]) -> float:
    return sum((high - low).total_seconds() for low, high in stretches)


def _span(source: Source) -> str:
    first, last = source.first, source.last
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}" if first and last else "no times"


def headline(judged: Judged, *, way_in_seen: bool = False) -> str:
    """Why the pack has its level, in one sentence.

    What any attack leaves (a web shell, a command) is not put down to the pack's own.
    `way_in_seen` says that another pack tells how they got in.
    """
    about = judged.pack.about
    if judged.row is None and judged.not_applicable is None:
        return f"{about.title}: {not_assessable(judged)}"
    if judged.row is None:
        return f"{about.title}: not applicable, {judged.not_applicable}."
    success = worst(judged.findings) in (Seen.FOLLOW_UP, Seen.SUCCESS)
    open_end = "" if way_in_seen or not success else " How they got in was not seen."
    if not about.cves:
        return f"{about.title}: {judged.row.because}{open_end}"
    if serious(judged.findings) and not _is_its_attack(judged):
        return f"{judged.row.because}{open_end}"
    return f"{about.title}: {judged.row.because}"


def not_assessable(judged: Judged) -> str:
    """What is said of a pack that no evidence can show, in place of a verdict."""
    return f"not assessable from this evidence. Check instead: {' '.join(judged.check_instead)}"


def got_in(judged: Judged) -> bool:
    """Whether the pack's own attack was seen to get in, or may have."""
    seen = worst(judged.findings)
    return seen in (Seen.FOLLOW_UP, Seen.SUCCESS, Seen.SUSPICION) and _is_its_attack(judged)


def _is_its_attack(judged: Judged) -> bool:
    """Whether what was found is what the pack is about; without a CVE all of it is."""
    named = {cve for finding in serious(judged.findings) for cve in finding.cves}
    return not judged.pack.about.cves or bool(named & {*judged.pack.about.cves})


def serious(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that carry the worst of what was seen, for the reasons; no scans."""
    seen = worst(findings)
    if seen in (Seen.PROBE, Seen.NOTHING):
        return []
    return [finding for finding in findings if worst([finding]) is seen]
