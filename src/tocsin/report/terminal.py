"""The result in plain words, for somebody at a terminal: with or without colour, at any width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tocsin.model.grade import Level, Severity
from tocsin.report import exposures, mail, summary, words
from tocsin.report.visible import shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from tocsin.model.result import Citation, CoverageEntry, Finding, HostResult, Result

LEVEL_STYLES: dict[Level, str] = {
    Level.COMPROMISED: "bold white on red",
    Level.EXPLOITED: "bold white on red",
    Level.INCONCLUSIVE: "bold black on yellow",
    Level.ATTEMPTED: "bold black on yellow",
    Level.PROBED: "bold white on blue",
    Level.NO_EVIDENCE_FOUND: "bold white on blue",
}
_SEVERITY_STYLES: dict[Severity, str] = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFORMATIONAL: "dim",
}
_TOLD_IN_FULL = 3
_WHY_IN_BRIEF = 4
_FINDINGS_SHOWN = 15
_STEPS_SHOWN = 12
_CITATIONS_SHOWN = 2
_CLIENTS_SHOWN = 8
_CITED_CHARACTERS = 160
_GAPS_SHOWN = 3
_EXPOSURES_SHOWN = 8
_INTRUDERS_SHOWN = 5
_CASES_SHOWN = 8
_FAILURES_SHOWN = 5
_REASON_CHARACTERS = 200


def render(result: Result) -> RenderableType:
    """Lay out the whole result; print it on a `rich.console.Console`.

    No text from evidence is ever read as markup, and none of it reaches the terminal unescaped.
    """
    told = _host if len(result.hosts) <= _TOLD_IN_FULL else _host_in_brief
    parts = [part for host in result.hosts for part in told(host)]
    return Group(
        *parts, *_listed("What became of the rules", [*_rules(result)]), *_in_short(result)
    )


def _rules(result: Result) -> Iterable[str]:
    """The account of all rules; the ids are in the report."""
    rules = result.tool.rules
    not_applicable = f"{rules.not_applicable:,} not applicable: no source of theirs was read"
    yield f"{words.loaded(rules)} loaded; {not_applicable}"
    if rules.fields_never_seen:
        yield f"{len(rules.fields_never_seen):,} asked for a field that no row had"
    if rules.full_scan:
        yield f"{len(rules.full_scan):,} needed every row in full"
    if rules.failed:
        yield f"{len(rules.failed):,} could not be used"
        for failure in rules.failed[:_FAILURES_SHOWN]:
            yield f"{failure.file}: {shortened(failure.reason, _REASON_CHARACTERS)}"
        if len(rules.failed) > _FAILURES_SHOWN:
            yield f"… and {len(rules.failed) - _FAILURES_SHOWN:,} more in the report"


def one_line(host: HostResult) -> str:
    """A host's verdict in a line, for `--quiet` and for logs."""
    return visible(
        f"{words.rank(host.verdict)}\t{host.name}\t{words.headline(host.verdict)}\t{host.source}"
    ).replace("‹U+0009›", "\t")


def _in_short(result: Result) -> list[RenderableType]:
    """The verdicts once more, the worst first: the end is what stays on the screen.

    Among several servers of one name only the source tells them apart. One server alone has room
    for the first thing to do.
    """
    hosts = sorted(result.hosts, key=lambda host: -words.rank(host.verdict).severity)
    servers = "" if len(hosts) == 1 else f": {len(hosts)} servers, the worst first"
    parts = [_heading(f"In short{servers}"), *(_shortly(one, hosts) for one in hosts)]
    if len(hosts) == 1:
        steps = summary.next_steps(hosts[0])
        parts += [_indented(f"First: {visible(step)}") for step in steps[:1]]
    return [*parts, Text()]


def _shortly(host: HostResult, hosts: Sequence[HostResult]) -> RenderableType:
    namesakes = sum(host.name == other.name for other in hosts)
    origin = f"  ({visible(host.source)})" if namesakes > 1 else ""
    span = summary.span(host)
    dates = f"  {words.day(span[0])} to {words.day(span[1])}" if span else "  no dates"
    name = f"  {visible(host.name)}{origin}"
    return _indented(Text.assemble(_badge(host), name, (dates, "dim")))


def _host(host: HostResult) -> list[RenderableType]:
    parts = _verdict(host)
    parts += _listed("Why", host.verdict.reasons)
    parts += _next_steps(host)
    parts += _listed("What could not be seen", host.verdict.limits)
    parts += _findings("Findings", host.findings)
    leads = "Leads from your own rules and lists (they never raise the verdict)"
    parts += _findings(leads, host.leads, is_lead=True)
    parts += _mail(host)
    parts += _intruders(host)
    parts += _builds(host)
    parts += _coverage(host)
    parts += _set_aside(host)
    return parts


def _host_in_brief(host: HostResult) -> list[RenderableType]:
    """One of many: whoever reads about thirty servers wants each on a quarter of a screen."""
    reasons = host.verdict.reasons
    parts = _verdict(host)
    parts += _listed("Why", reasons[:_WHY_IN_BRIEF])
    if len(reasons) > _WHY_IN_BRIEF:
        more = words.count(len(reasons) - _WHY_IN_BRIEF, "more reason")
        parts.append(_indented(f"… and {more} in the report", by=6))
    return parts


def _verdict(host: HostResult) -> list[RenderableType]:
    name = visible(host.name)
    origin = f"  ({visible(host.source)})" if host.source != host.name else ""
    verdict = host.verdict
    return [
        Text(),
        Text.assemble(_badge(host), ("  " + name, "bold"), origin),
        Text(),
        _indented(words.meaning(verdict)),
        _indented(words.dates_covered(verdict, summary.span(host))),
        _indented(f"Assurance: {verdict.assurance}, that is, {words.assurance(verdict)}."),
    ]


def _next_steps(host: HostResult) -> list[RenderableType]:
    steps = summary.next_steps(host)
    parts = _listed("What to do next", steps[:_STEPS_SHOWN], numbered=True)
    if len(steps) > _STEPS_SHOWN:
        more = words.count(len(steps) - _STEPS_SHOWN, "more step")
        parts.append(_indented(f"{more} beside the findings in the report", by=6))
    return parts


def _badge(host: HostResult) -> Text:
    level = words.rank(host.verdict)
    symbol = words.LEVEL_SYMBOLS[level]
    return Text(f" {symbol} {words.headline(host.verdict).upper()} ", style=LEVEL_STYLES[level])


def _findings(
    title: str, findings: Sequence[Finding], *, is_lead: bool = False
) -> list[RenderableType]:
    if not findings:
        return []
    parts: list[RenderableType] = [_heading(f"{title} ({len(findings)})")]
    for finding in summary.worst_first(findings)[:_FINDINGS_SHOWN]:
        style = _SEVERITY_STYLES[finding.severity]
        severity = Text(finding.severity.upper(), style=style)
        parts.append(_hanging(severity, 10, Text(visible(finding.title), style="bold")))
        parts += [_indented(visible(line), by=6) for line in _about(finding, is_lead=is_lead)]
        parts += [_cited(citation) for citation in finding.citations[:_CITATIONS_SHOWN]]
        more = len(finding.citations) - _CITATIONS_SHOWN
        if more > 0:
            told = f"… and {words.count(more, 'citation')} more"
            if finding.rows > len(finding.citations):
                told += f", of {words.count(finding.rows, 'row')}"
            parts.append(_indented(told, by=6))
    if len(findings) > _FINDINGS_SHOWN:
        less = words.count(len(findings) - _FINDINGS_SHOWN, "less severe one")
        parts.append(_indented(f"… and {less}, which the report shows"))
    return parts


def _about(finding: Finding, *, is_lead: bool) -> Iterable[str]:
    stage = words.LEAD if is_lead else words.stage(finding)
    yield f"{stage} · {words.period(finding.first_seen, finding.last_seen)}"
    if finding.clients:
        more = len(finding.clients) - _CLIENTS_SHOWN
        shown = ", ".join(finding.clients[:_CLIENTS_SHOWN])
        yield f"from {shown}" + (f" and {more:,} more" if more > 0 else "")
    if finding.benign_explanations:
        yield f"harmless if: {'; '.join(finding.benign_explanations)}"


def _cited(citation: Citation) -> RenderableType:
    text = Text.assemble(
        (visible(words.place(citation)), "cyan"),
        f"  {words.moment(citation.time)}\n",
        (visible(shortened(citation.text, _CITED_CHARACTERS)), "dim"),
    )
    return _indented(text, by=6)


def _builds(host: HostResult) -> list[RenderableType]:
    lines = [
        " ".join(
            part
            for part in (
                build.build,
                build.product,
                build.cu,
                build.su,
                f"({words.period(build.first_seen, build.last_seen)}, from {build.from_})",
            )
            if part
        )
        for build in host.builds
    ]
    return [*_listed("Builds", lines), *_exposures(host)]


def _exposures(host: HostResult) -> list[RenderableType]:
    """What is known to be exploited and not settled; the rest is counted."""
    if host.exposure and not host.builds:
        untold = "no build is named in the evidence, so nothing can be said of any of them"
        return _listed("Vulnerabilities known to be exploited", [untold])
    found = exposures.sorted_out(host.exposure)
    lines = [
        f"{exposures.title(one.cve)}: {exposures.status_in_words(one.status)}; "
        f"{shortened(one.reason, _REASON_CHARACTERS)}"
        + (f" ({exposures.exposed(one)})" if one.exposed_from else "")
        for one in found.first[:_EXPOSURES_SHOWN]
    ]
    if len(found.first) > _EXPOSURES_SHOWN:
        lines.append(f"{len(found.first) - _EXPOSURES_SHOWN} more that are known to be exploited")
    if found.rest:
        lines.append(f"the others: {found.rest_in_words}; all of them are in the report")
    return _listed("Vulnerabilities known to be exploited", lines)


def _coverage(host: HostResult) -> list[RenderableType]:
    lines = sorted(_seen(entry) for entry in host.coverage)
    lines += [
        f"{words.source(kind)}: needed for the verdict, and not there"
        for kind in summary.missing(host)
    ]
    return _listed("What was read", lines)


def _seen(entry: CoverageEntry) -> str:
    files, rows = words.count(entry.files, "file"), words.count(entry.events, "row")
    text = f"{words.source(entry.kind)}: {files}, {rows}"
    if entry.first is not None and entry.last is not None:
        text += f", {words.day(entry.first)} to {words.day(entry.last)}"
    gaps = [f"{words.moment(start)} to {words.moment(end)}" for start, end in entry.gaps]
    if gaps:
        more = f" and {len(gaps) - _GAPS_SHOWN} more" if len(gaps) > _GAPS_SHOWN else ""
        text += f"; no row in {', '.join(gaps[:_GAPS_SHOWN])}{more}"
    if entry.problems:
        text += f"; {words.count(entry.problems, 'unreadable place')}"
    return text


def _set_aside(host: HostResult) -> list[RenderableType]:
    problems = [
        f"{group.code}: {words.count(group.count, 'place')} in {words.count(group.files, 'file')}"
        + "".join(f"; {one.artefact}: {one.detail}" for one in group.examples)
        for group in summary.problem_groups(host, examples=1)
    ]
    noise = [
        f"{summary.pattern_title(entry)}: {words.count(entry.events, 'row')}"
        for entry in sorted(host.noise, key=lambda entry: (-entry.events, entry.rule))
    ]
    return [
        *_listed("What could not be read", problems),
        *_listed("Harmless patterns, counted and set aside", noise),
    ]


def _mail(host: HostResult) -> list[RenderableType]:
    """One line for each mailbox, with its habit; where none is in question, how many there are."""
    if host.mail_abuse is None:
        return []
    lines = [mail.summary_of(host.mail_abuse)]
    for case in host.mail_abuse.cases[:_CASES_SHOWN]:
        tied = f"; {case.joins[0]}" if case.joins else ""
        lines.append(f"{case.sender}: {case.what}; {case.baseline}{tied}")
    if len(host.mail_abuse.cases) > _CASES_SHOWN:
        lines.append(f"… and {len(host.mail_abuse.cases) - _CASES_SHOWN} more in the report")
    return _listed("Mail in the name of others", lines)


def _intruders(host: HostResult) -> list[RenderableType]:
    """One line for each, and one for each overlap; where there is none, nothing is said of it."""
    lines: list[str] = []
    for one in host.intruders[:_INTRUDERS_SHOWN]:
        when = f", {words.span(one.first_seen, one.last_seen)}" if one.first_seen else ""
        found = words.count(len(one.findings), "finding")
        lines.append(f"{words.intruder(one)}{when}: {found}. {one.note}")
        lines += [group.wording for group in one.groups]
    if len(host.intruders) > _INTRUDERS_SHOWN:
        lines.append(f"… and {len(host.intruders) - _INTRUDERS_SHOWN} more in the report")
    return _listed("Who seems to have been here (no attribution)", lines)


def _listed(title: str, lines: Sequence[str], *, numbered: bool = False) -> list[RenderableType]:
    if not lines:
        return []
    parts: list[RenderableType] = [_heading(title)]
    for number, line in enumerate(lines, start=1):
        mark = f"{number:>2}." if numbered else " •"
        parts.append(_hanging(Text(mark), 4, Text(visible(line))))
    return parts


def _heading(title: str) -> RenderableType:
    return Padding(Text(title, style="bold underline"), (1, 0, 0, 0), expand=False)


def _indented(text: str | Text, *, by: int = 2) -> RenderableType:
    return Padding(text if isinstance(text, Text) else Text(text), (0, 0, 0, by), expand=False)


def _hanging(mark: Text, width: int, text: Text) -> RenderableType:
    """A line whose further lines stand below its text, not below its mark."""
    row = Table.grid(padding=0)
    row.add_column(width=width, no_wrap=True)
    row.add_column(overflow="fold")
    row.add_row(mark, text)
    return Padding(row, (0, 0, 0, 2), expand=False)
