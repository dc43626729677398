"""Walk a collection: the first hunt reads everything, the second only what may hold a pivot."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tocsin.artefacts.discover import discover
from tocsin.events.format import Unit, all_formats
from tocsin.events.kind import kind_of
from tocsin.evidence.listed import mismatch
from tocsin.matching.content import look
from tocsin.matching.crew import Crew, Lost, can_fork
from tocsin.matching.failures import defect
from tocsin.matching.file_reader import FileEnd, FileReader, Portion, Traces
from tocsin.matching.indicators.files import match_of_file
from tocsin.matching.learnt import Learnt, learn
from tocsin.matching.options import Options
from tocsin.matching.reading import TRACES_PER_KEY, Log, Reading
from tocsin.matching.sigma.correlation.engine import correlate
from tocsin.matching.sigma.correlation.firing import as_match
from tocsin.matching.sigma.correlation.hits import Hits
from tocsin.matching.tally import Tally
from tocsin.matching.tasks import (
    Again,
    OneStretch,
    WholeFile,
    brings_more,
    lost_in_words,
    may_be_cut,
)
from tocsin.matching.turns import Turns
from tocsin.matching.yara.ask import has_scanned
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode
from tocsin.model.result import ManifestEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from tocsin.artefacts.discover import Discovered
    from tocsin.events.stretches import Stretch
    from tocsin.evidence.collection import Collection
    from tocsin.evidence.manifest import Digest
    from tocsin.matching.match import Match
    from tocsin.matching.rules import RuleSet
    from tocsin.matching.scan import Observer
    from tocsin.matching.tasks import Search, Task
    from tocsin.model.progress import Progress

_NEVER_SEEN = (ProblemCode.NOT_COLLECTED, ProblemCode.MISSING)
"""Files that the server had and we do not: lost to the kind of source that they would be."""
_NO_WISHES = Options()


class Readers:
    """Whoever reads a collection: this process, or as many others as were asked for.

    Use it as a context manager, around everything that starts threads: the other processes are
    forked when it is entered, and are gone when it is left. The result is the same however many
    there are: each file, and each stretch of a large log, is shown to fresh observers, and what
    they saw is put together in the order of the collection.
    """

    def __init__(
        self,
        collection: Collection,
        rules: RuleSet,
        observers: Sequence[Observer],
        options: Options = _NO_WISHES,
    ) -> None:
        """Start nothing yet; `collection` is open."""
        self.reading = Reading(tally=Tally(ours=rules.ours, correlated=Hits(rules.correlations)))
        self._collection = collection
        self._rules = rules
        self._observers = [*observers, self.reading.problems]
        self._options = options
        self._reader = FileReader(
            collection=collection,
            rules=rules,
            period=options.period,
            observers=self._observers,
            plan=options.content,
            learnt=Learnt(rules=rules, seen=self.reading.seen),
        )
        self._crew: Crew[Task] | None = None
        self._found: dict[int, Discovered] = {}
        self._stretches: dict[int, list[Stretch]] = {}

    def __enter__(self) -> Self:
        """Start the other processes, where there shall be some."""
        if self._options.jobs > 1 and can_fork():
            # YARA-X keeps no time in a process that was forked after a scan: then we ask it here.
            self._reader.looks = not has_scanned()
            theirs = replace(self._reader, learnt=Learnt(rules=self._rules), tells=True)
            self._crew = Crew(self._options.jobs, theirs.work)
            self._crew.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End them."""
        if self._crew is not None:
            self._crew.__exit__(kind, error, trace)

    def read(self, progress: Progress) -> Reading:
        """The first hunt: every file once, hashed while it is read. Never raises on evidence."""
        unreadable: list[Discovered] = []
        self._do(self._files(progress, unreadable), self._take, progress)
        for found in unreadable:
            self._tell_of(found, found.problem)
        for problem in self._collection.problems:
            is_file = problem.code in _NEVER_SEEN
            kind = (
                _kind_by_place(EvidencePath.plain(problem.artefact)) if is_file else "collection"
            )
            self._tell(kind, problem)
        _correlate(self.reading)
        return self.reading

    def read_again(self, search: Search, progress: Progress) -> tuple[list[Match], Counter[str]]:
        """The second hunt: the rows that hold one of the words, and that there is a key for.

        Returns the rows, as matches whose rule is ``pivot:<key>``, and how many there were by key.
        Problems were told in the first hunt.
        """
        words = search.words()
        progress.step(f"second hunt: {len(words)} traces to follow")
        counts: Counter[str] = Counter()
        kept: Counter[str] = Counter()
        traces: list[Match] = []

        def take(task: Task, what: object) -> None:
            if not isinstance(what, Traces):
                self._take(task, what)
                return
            counts.update(what.counts)
            for key, trace in what.found:
                kept[key] += 1
                if kept[key] <= TRACES_PER_KEY:
                    traces.append(trace)
            if what.failure is not None:
                self._tell("collection", what.failure)

        if words:
            self._do(self._searches(search, progress), take, None)
        return traces, counts

    def _do(
        self,
        tasks: Iterator[Task],
        take: Callable[[Task, object], None],
        progress: Progress | None,
    ) -> None:
        """Have all tasks done, and `take` what is said of them, in their order."""

        def at_once(task: Task, what: object) -> Task | None:
            if isinstance(what, OneStretch):
                self._stretches.setdefault(task.number, []).append(what.stretch)
                return what
            if isinstance(what, int) and progress is not None:
                progress.advance(what)
            return None

        if self._crew is not None:
            for heard in Turns(self._crew, tasks, at_once=at_once, brings_more=brings_more):
                take(heard.task, heard.what)
            return
        for task in tasks:
            self._reader.work(task, partial(_say_here, task, take, at_once))

    def _files(self, progress: Progress, unreadable: list[Discovered]) -> Iterator[Task]:
        kinds = list(all_formats().values())
        for number, found in enumerate(discover(self._collection, kinds)):
            progress.file(found.member.path.inside)
            if not found.readable:
                unreadable.append(found)
                continue
            self._found[number] = found
            form = all_formats()[found.artefact.format] if found.artefact else None
            yield WholeFile(
                number,
                found.artefact,
                slow=self.reading.shown.cut_short,
                may_be_cut=self._crew is not None and may_be_cut(form, found.member),
            )

    def _searches(self, search: Search, progress: Progress) -> Iterator[Task]:
        for log in self.reading.logs:
            progress.file(log.artefact.path.inside)
            for stretch in log.stretches or (None,):
                yield Again(log.number, log.artefact, stretch, search)

    def _take(self, task: Task, what: object) -> None:
        """Take what was said of one file, in its turn."""
        match what:
            case Portion():
                for ours, later in zip(self._observers, what.observers, strict=True):
                    ours.absorb(later)
                self.reading.tally.absorb(what.draft)
                learn(what.news, self._rules, self.reading.seen)
            case FileEnd():
                self._end(task.number, what)
            case Problem():
                self._tell_of(self._found[task.number], what)
            case Lost():
                self._lose(task, what)

    def _end(self, number: int, end: FileEnd) -> None:
        found = self._found.pop(number)
        stretches = self._stretches.pop(number, [])
        reading, artefact = self.reading, found.artefact
        self._tell_of(found, found.problem)
        if artefact is not None:
            reading.formats.add(artefact.format)
            if end.was_read and all_formats()[artefact.format].unit is not Unit.DOCUMENT:
                reading.logs.append(Log(artefact, number, stretches))
        self._looked(found, end)
        self._tell_of(found, end.failure)
        if end.digest is not None:
            self._hashed(found, end.digest)

    def _looked(self, found: Discovered, end: FileEnd) -> None:
        """What YARA said of a file."""
        form = all_formats()[found.artefact.format] if found.artefact else None
        looked, shown = end.looked, self.reading.shown
        if not self._reader.looks:
            plan, member = self._options.content, found.member
            looked = look(member, form, end.first, rules=self._rules, plan=plan, shown=shown)
        shown.add(end.shown)
        for match in looked.matches:
            self.reading.tally.keep(match)
        # What no rule of a pack looks into says nothing about how much of its kind was seen.
        is_document = form is not None and form.unit is Unit.DOCUMENT
        for problem in looked.problems:
            self._tell(_expected(found) if is_document else "collection", problem)

    def _hashed(self, found: Discovered, digest: Digest) -> None:
        path, size = found.member.path.inside, digest.size_bytes
        self.reading.manifest.append(ManifestEntry(path=path, size=size, sha256=digest.sha256))
        digests = {"sha256": digest.sha256, **digest.others}
        for hit in self._rules.indicators.file_match(found.member.path, size, digests):
            self.reading.tally.keep(match_of_file(hit, found.member, size, digests))
        self._tell_of(found, mismatch(path, self._collection.claimed.get(path), digest))

    def _lose(self, task: Task, lost: Lost[Any]) -> None:
        """Two processes ended over this task."""
        words = lost_in_words(task, lost)
        if isinstance(task, Again):
            self._tell("collection", defect(task.artefact.path.inside, words))
            return
        found = self._found[task.number]
        self._tell_of(found, defect(found.member.path.inside, words))
        if isinstance(task, WholeFile):
            del self._found[task.number]
            self._stretches.pop(task.number, None)

    def _tell_of(self, found: Discovered, problem: Problem | None) -> None:
        if problem is not None:
            self._tell(_expected(found), problem)

    def _tell(self, kind: str, problem: Problem) -> None:
        for observer in self._observers:
            observer.problem(kind, problem)


def _say_here(
    task: Task,
    take: Callable[[Task, object], None],
    hear: Callable[[Task, object], Task | None],
    what: object,
    *,
    at_once: bool = False,
) -> None:
    """What one process says to itself."""
    if at_once:
        hear(task, what)
    else:
        take(task, what)


def _correlate(reading: Reading) -> None:
    """Keep each firing of a correlation as a match, now that every row is known."""
    hits = reading.tally.correlated
    outcome = correlate(hits)
    for firing in outcome.speaking:
        reading.tally.keep(as_match(firing, hits))
    made = Counter(firing.rule for firing in outcome.speaking)
    for rule in outcome.counts.keys() - outcome.silent:
        reading.tally.noted[rule] += outcome.counts[rule] - made[rule]
    reading.limits += [*outcome.limits(), *reading.tally.limits()]


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
