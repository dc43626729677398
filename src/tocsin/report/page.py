"""What the HTML page shows of one host: chosen, bounded, in order; templates only print."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Generic, TypeVar

from tocsin.model.grade import Grade
from tocsin.report import calendar, summary, timeline, words
from tocsin.report.exposures import Exposures, sorted_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tocsin.model.grade import Level
    from tocsin.model.result import (
        CoverageEntry,
        Finding,
        HostResult,
        ManifestEntry,
        Noise,
        TimelineEntry,
    )
    from tocsin.report.calendar import Calendar
    from tocsin.report.summary import ProblemGroup
    from tocsin.report.timeline import Chart

T = TypeVar("T")

_FINDINGS = 200
_MOMENTS = 300
_FILES = 1000
_PROBLEM_EXAMPLES = 4
_NEXT_STEPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion(Generic[T]):
    """As much of something as a page can hold, and how much there is of it."""

    shown: Sequence[T]
    total: int

    @property
    def left_out(self) -> int:
        """How many are not shown."""
        return self.total - len(self.shown)

    def said(self, one: str, many: str, which: str) -> str:
        """``12 files`` or ``5,000 files, of which 1,000 are shown …``."""
        text = words.count(self.total, one, many)
        if not self.left_out:
            return text
        return f"{text}: {which} ({len(self.shown):,}), the others are in report.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A place that the page's navigation leads to."""

    id: str
    title: str
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A row of the timeline's table; `grade` is None where the row is context."""

    entry: TimelineEntry
    grade: Grade | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """One host as its part of the page shows it.

    `numbers` are the anchors of the findings that are shown, by id.
    """

    number: int
    host: HostResult
    rank: Level
    dates: str
    tally: str
    sections: Sequence[Section]
    next_steps: Portion[str]
    findings: Portion[Finding]
    leads: Portion[Finding]
    numbers: Mapping[str, str]
    timeline: Chart | None
    decisive: Chart | None
    grades: Sequence[Grade | None]
    moments: Portion[Moment]
    calendar: Calendar | None
    exposures: Exposures
    coverage: Sequence[CoverageEntry]
    missing: Sequence[str]
    problems: Sequence[ProblemGroup]
    noise: Sequence[Noise]
    manifest: Portion[ManifestEntry]


def view_of(host: HostResult, number: int) -> HostView:
    """Choose what the page shows of `host`, the `number`-th from 1. Pure."""
    findings = _portion(summary.worst_first(host.findings), _FINDINGS)
    leads = _portion(summary.worst_first(host.leads), _FINDINGS)
    chart = timeline.draw(host)
    return HostView(
        number=number,
        host=host,
        rank=words.rank(host.verdict),
        dates=_dates(host),
        tally=_tally(host),
        sections=_sections(host),
        next_steps=_portion(summary.next_steps(host), _NEXT_STEPS),
        findings=findings,
        leads=leads,
        numbers=_numbers(findings.shown, "f") | _numbers(leads.shown, "l"),
        timeline=chart,
        decisive=timeline.draw_decisive(host),
        grades=_grades(chart),
        moments=_moments(host),
        calendar=calendar.draw(host),
        exposures=sorted_out(host.exposure),
        coverage=sorted(host.coverage, key=lambda entry: entry.kind),
        missing=summary.missing(host),
        problems=summary.problem_groups(host, examples=_PROBLEM_EXAMPLES),
        noise=sorted(host.noise, key=lambda noise: (-noise.events, noise.rule)),
        manifest=_portion(sorted(host.manifest, key=lambda entry: entry.path), _FILES),
    )


def _portion(things: Sequence[T], most: int) -> Portion[T]:
    return Portion(shown=things[:most], total=len(things))


def _dates(host: HostResult) -> str:
    span = summary.span(host)
    return f"{words.day(span[0])} to {words.day(span[1])}" if span else "none"


def _tally(host: HostResult) -> str:
    """``2 critical, 1 high``, from the worst."""
    severities = [one.severity for one in summary.worst_first(host.findings)]
    counts = [f"{severities.count(severity)} {severity}" for severity in dict.fromkeys(severities)]
    return ", ".join(counts) or "none"


def _sections(host: HostResult) -> Sequence[Section]:
    there_may_be = (
        (host.timeline, Section(id="timeline", title="Timeline", count=len(host.timeline))),
        (True, Section(id="findings", title="Findings", count=len(host.findings))),
        (host.leads, Section(id="leads", title="Leads", count=len(host.leads))),
        (
            host.mail_abuse,
            Section(
                id="mail",
                title="Mail in the name of others",
                count=len(host.mail_abuse.cases) if host.mail_abuse else 0,
            ),
        ),
        (True, Section(id="coverage", title="Coverage")),
        (host.packs, Section(id="packs", title="Campaigns")),
        (host.builds or host.exposure, Section(id="builds", title="Builds and exposure")),
        (host.noise, Section(id="noise", title="Harmless patterns")),
        (host.problems, Section(id="problems", title="Unreadable", count=len(host.problems))),
        (
            host.intruders,
            Section(id="intruders", title="Who was here", count=len(host.intruders)),
        ),
        (host.manifest, Section(id="files", title="Files", count=len(host.manifest))),
    )
    return tuple(section for is_there, section in there_may_be if is_there)


def _numbers(findings: Sequence[Finding], letter: str) -> dict[str, str]:
    """Anchors by id; where findings share their id, the gravest, which comes first."""
    numbers: dict[str, str] = {}
    for number, one in enumerate(findings, start=1):
        numbers.setdefault(one.id, f"{letter}{number}")
    return numbers


def _grades(chart: Chart | None) -> Sequence[Grade | None]:
    """The grades on the chart, least first, for its legend."""
    if chart is None:
        return ()
    there = {mark.grade for mark in chart.marks}
    return tuple(grade for grade in chain((None,), Grade) if grade in there)


def _moments(host: HostResult) -> Portion[Moment]:
    """Where there are too many, the gravest; always in order of time."""
    grades = summary.cited_grades(host)
    moments = [
        Moment(entry=entry, grade=grades.get((entry.finding, entry.time)))
        for entry in host.timeline
    ]
    chosen = sorted(moments, key=lambda one: -one.grade.rank if one.grade else 1)[:_MOMENTS]
    chosen.sort(key=lambda one: (one.entry.time, one.entry.source, one.entry.summary))
    return Portion(shown=chosen, total=len(moments))
