"""Walk a collection: the first hunt reads everything, the second only what may hold a pivot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.artefacts.discover import discover
from tocsin.errors import SourceError
from tocsin.events.format import Unit, all_formats
from tocsin.events.kind import kind_of
from tocsin.evidence.damage import problem_of
from tocsin.evidence.listed import mismatch
from tocsin.evidence.manifest import HashingStream
from tocsin.matching.content import ContentPlan, Shown, look
from tocsin.matching.indicators.files import match_of_file
from tocsin.matching.rules import Seen
from tocsin.matching.scan import Observer, Tally, reduced, rows_with, scan
from tocsin.matching.sigma.correlation.engine import correlate
from tocsin.matching.sigma.correlation.firing import as_match
from tocsin.matching.sigma.correlation.hits import Hits
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode
from tocsin.model.result import ManifestEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from tocsin.artefacts.discover import Discovered
    from tocsin.events.format import Format
    from tocsin.evidence.collection import Collection, Member
    from tocsin.evidence.manifest import Digest
    from tocsin.matching.match import Match
    from tocsin.matching.rules import RuleSet
    from tocsin.matching.scan import Period
    from tocsin.matching.watching import Watch
    from tocsin.model.artefact import Artefact
    from tocsin.model.progress import Progress

TRACES_PER_KEY = 2000
"""Rows that the second hunt keeps for one kind of pivot; the rest are counted."""
_NEVER_SEEN = (ProblemCode.NOT_COLLECTED, ProblemCode.MISSING)
"""Files that the server had and we do not: lost to the kind of source that they would be."""
_NO_WISHES = ContentPlan()
PROBLEMS_PER_PLACE = 20
"""Problems of one code that are listed for one file; the rest are one line with their number."""


@dataclass(kw_only=True)
class Problems(Observer):
    """All problems counted, and the first of each kind in each file listed."""

    listed: list[Problem] = field(default_factory=list)
    _counts: Counter[tuple[str, ProblemCode]] = field(default_factory=Counter)

    def row(self, *_: object) -> None:
        """A row that could be read is no problem."""

    def problem(self, kind: str, problem: Problem) -> None:
        """List or count one."""
        del kind
        place = (problem.artefact, problem.code)
        self._counts[place] += 1
        if self._counts[place] <= PROBLEMS_PER_PLACE:
            self.listed.append(problem)

    def watches(self, form: Format) -> Sequence[Watch]:
        """A row that could be read is no problem."""
        del form
        return ()

    def absorb(self, later: Problems) -> None:
        """List or count what was met in one more file."""
        for problem in later.listed:
            self.problem("", problem)
        for place, count in later._counts.items():
            self._counts[place] += max(0, count - PROBLEMS_PER_PLACE)

    def taken(self) -> list[Problem]:
        """The list, with one line for what was counted only; sorted by place."""
        more = [
            Problem(
                artefact=artefact,
                line=None,
                code=code,
                detail=f"{count - PROBLEMS_PER_PLACE} more places with this problem in this file",
            )
            for (artefact, code), count in self._counts.items()
            if count > PROBLEMS_PER_PLACE
        ]
        return sorted(
            [*self.listed, *more],
            key=lambda one: (one.artefact, one.line or 10**12, one.code, one.detail),
        )


@dataclass(kw_only=True)
class Reading:
    """What the first hunt gives: matches, the manifest, problems, and what can be read again."""

    tally: Tally = field(default_factory=Tally)
    seen: Seen = field(default_factory=Seen)
    shown: Shown = field(default_factory=Shown)
    problems: Problems = field(default_factory=Problems)
    manifest: list[ManifestEntry] = field(default_factory=list)
    formats: set[str] = field(default_factory=set)
    logs: list[tuple[Artefact, Member]] = field(default_factory=list)
    not_correlated: list[str] = field(default_factory=list)
    """What correlations could not look at, in sentences."""

    @property
    def matches(self) -> list[Match]:
        """The matches that are kept, in the order of reading."""
        return self.tally.matches

    @property
    def counts(self) -> Counter[str]:
        """All matches by rule, benign patterns included."""
        return self.tally.counts


def read(
    collection: Collection,
    rules: RuleSet,
    period: Period,
    observers: Sequence[Observer],
    progress: Progress,
    plan: ContentPlan = _NO_WISHES,
) -> Reading:
    """The first hunt: every file once, hashed while it is read. Never raises on evidence."""
    reading = Reading(tally=Tally(correlated=Hits(rules.correlations)))
    watching = [*observers, reading.problems]
    for found in discover(collection, list(all_formats().values())):
        progress.file(found.member.path.inside)
        if found.problem is not None:
            _tell(watching, _expected(found), found.problem)
        if found.readable:
            try:
                digest = _read_one(found, reading, rules, period, watching, progress, plan)
                path = found.member.path.inside
                if problem := mismatch(path, collection.claimed.get(path), digest):
                    _tell(watching, _expected(found), problem)
            except OSError as error:
                _tell(watching, _expected(found), problem_of(error, found.member.path.inside))
            except Exception as error:  # noqa: BLE001 a worker: see `_bug`
                _tell(watching, _expected(found), _bug(error, found.member.path.inside))
    for problem in collection.problems:
        is_file = problem.code in _NEVER_SEEN
        kind = _kind_by_place(EvidencePath.plain(problem.artefact)) if is_file else "collection"
        _tell(watching, kind, problem)
    _correlate(reading)
    return reading


def _correlate(reading: Reading) -> None:
    """Keep each firing of a correlation as a match, now that every row is known."""
    hits = reading.tally.correlated
    outcome = correlate(hits)
    for firing in outcome.speaking:
        reading.tally.keep(as_match(firing, hits))
    for rule in outcome.counts.keys() - outcome.silent:
        reading.counts[rule] = outcome.counts[rule]  # more than are kept
    reading.not_correlated += outcome.limits()


def _read_one(
    found: Discovered,
    reading: Reading,
    rules: RuleSet,
    period: Period,
    watching: Sequence[Observer],
    progress: Progress,
    plan: ContentPlan,
) -> Digest:
    path = found.member.path.inside
    others = rules.indicators.digests - {"sha256"}
    form: Format | None = None
    first: Match | None = None
    with HashingStream(found.member.open(), progress.advance, others) as stream:
        if found.artefact is not None:
            form = all_formats()[found.artefact.format]
            reading.formats.add(form.name)
            row = scan(
                stream,
                found.artefact,
                form,
                rules=rules,
                period=period,
                observers=watching,
                tally=reading.tally,
                seen=reading.seen,
            )
            first = reduced("", found.artefact, form, row) if row else None
            if form.unit is not Unit.DOCUMENT:
                reading.logs.append((found.artefact, found.member))
        _look(found, form, first, reading, rules, watching, plan)
        digest = stream.finish()
    reading.manifest.append(ManifestEntry(path=path, size=digest.size_bytes, sha256=digest.sha256))
    digests = {"sha256": digest.sha256, **digest.others}
    for hit in rules.indicators.file_match(found.member.path, digest.size_bytes, digests):
        reading.tally.keep(match_of_file(hit, found.member, digest.size_bytes, digests))
    return digest


def _look(
    found: Discovered,
    form: Format | None,
    first: Match | None,
    reading: Reading,
    rules: RuleSet,
    watching: Sequence[Observer],
    plan: ContentPlan,
) -> None:
    """Show the file to YARA; `first` is its first row. Raises `OSError`."""
    looked = look(found.member, form, first, rules=rules, plan=plan, shown=reading.shown)
    for match in looked.matches:
        reading.tally.keep(match)
    # What no rule of a pack looks into says nothing about how much of its kind was seen.
    is_document = form is not None and form.unit is Unit.DOCUMENT
    for problem in looked.problems:
        _tell(watching, _expected(found) if is_document else "collection", problem)


def _bug(error: Exception, path: str) -> Problem:
    """A defect of ours in one file must cost neither the other files nor the truth.

    The responder has one server and little time: the hunt goes on, the file counts as lost (so
    nothing is claimed of it), and the problem says that it is our fault.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else "nowhere"
    return Problem(
        artefact=path,
        line=None,
        code=ProblemCode.DEFECT,
        detail=f"a defect of Tocsin, please report it: {type(error).__name__} in {where}",
    )


def refuse_what_nobody_reads(source: Path, reading: Reading) -> None:
    """Raise `SourceError` where the source is one file that is no archive and no log we know.

    A folder or archive without a log is a server of which nothing can be said; a file that was
    handed over by mistake must not look like a server.
    """
    alone = [entry.path for entry in reading.manifest] == [source.name]
    if alone and source.is_file() and not reading.formats:
        raise SourceError(
            "is neither an archive that Tocsin opens nor a log that it knows; give a folder, "
            "a zip, tar or 7z archive, or one log file",
            where=str(source),
        )


def read_again(
    reading: Reading,
    words: Sequence[str],
    wanted: Callable[[Mapping[str, str], datetime | None], str | None],
    period: Period,
    progress: Progress,
) -> tuple[list[Match], Counter[str]]:
    """The second hunt: the rows that hold one of `words` and that `wanted` gives a key for.

    Returns the rows, as matches whose rule is ``pivot:<key>``, and how many there were by key.
    Problems were told in the first hunt.
    """
    counts: Counter[str] = Counter()
    traces: list[Match] = []
    if not words:
        return traces, counts
    for artefact, member in reading.logs:
        progress.file(artefact.path.inside)
        for key, trace in _traces(artefact, member, words, wanted, period):
            counts[key] += 1
            if counts[key] <= TRACES_PER_KEY:
                traces.append(trace)
    return traces, counts


def _traces(
    artefact: Artefact,
    member: Member,
    words: Sequence[str],
    wanted: Callable[[Mapping[str, str], datetime | None], str | None],
    period: Period,
) -> Iterator[tuple[str, Match]]:
    form = all_formats()[artefact.format]
    try:
        with member.open() as stream:
            for event in rows_with(stream, artefact, form, words):
                if not period.holds(event.time):
                    continue
                trace = reduced("", artefact, form, event)
                if key := wanted(trace.values, event.time):
                    yield key, reduced(f"pivot:{key}", artefact, form, event)
    except OSError:
        # The first hunt met and reported the same damage; what came before it was read.
        return


def _expected(found: Discovered) -> str:
    """The kind of source that a file would have been, as far as its place tells."""
    if found.artefact is not None:
        return kind_of(found.artefact.format, "")
    return _kind_by_place(found.member.path)


def _kind_by_place(path: EvidencePath) -> str:
    for form in all_formats().values():
        if any(path.matches(pattern) for pattern in form.paths):
            return kind_of(form.name, "")
    return "collection"


def _tell(observers: Sequence[Observer], kind: str, problem: Problem) -> None:
    for observer in observers:
        observer.problem(kind, problem)
