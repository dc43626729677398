"""What is done with one file, or one stretch of it, by whichever process it falls to.

A process gets tasks, which name files by their number in the collection, and says what comes of
each. Nothing that it says depends on what it did before, so any number of processes find the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from tocsin.events.format import Unit, all_formats
from tocsin.evidence.manifest import HashingStream
from tocsin.matching.content import Looked, Shown, look
from tocsin.matching.counting import Told, counted
from tocsin.matching.failures import failure_of
from tocsin.matching.reading import TRACES_PER_KEY
from tocsin.matching.scan import Pass, reduced, rows_with
from tocsin.matching.sigma.correlation.hits import Hits
from tocsin.matching.tally import Draft, Tally
from tocsin.matching.tasks import Again, OneStretch, WholeFile, cut
from tocsin.matching.watching import Watching
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tocsin.events.format import Format
    from tocsin.events.stretches import Stretch
    from tocsin.evidence.collection import Collection, Member
    from tocsin.evidence.manifest import Digest
    from tocsin.matching.content import ContentPlan
    from tocsin.matching.crew import Say
    from tocsin.matching.learnt import Learnt, News
    from tocsin.matching.match import Match
    from tocsin.matching.rules import RuleSet
    from tocsin.matching.scan import Observer, Period
    from tocsin.matching.tasks import Task
    from tocsin.model.artefact import Artefact
    from tocsin.model.problem import Problem


class Portion(NamedTuple):
    """What was found in one stretch, or in a whole file, and what was learnt meanwhile."""

    draft: Draft
    observers: Sequence[Observer]
    news: News | None


class FileEnd(NamedTuple):
    """What is known of a file once it was read; without a digest there is a `failure`.

    `was_read` says that all of its rows came; `first` is the first row of a document.
    """

    shown: Shown
    digest: Digest | None = None
    was_read: bool = False
    first: Match | None = None
    looked: Looked = Looked()
    failure: Problem | None = None


class Traces(NamedTuple):
    """What the second hunt found in a file or stretch, in order, and how much of each key."""

    found: Sequence[tuple[str, Match]]
    counts: Counter[str]
    failure: Problem | None


@dataclass(kw_only=True)
class FileReader:
    """Does the tasks of a hunt in one process.

    `observers` are asked for `fresh` ones only. Without `looks` somebody else shows files to YARA.
    One that `tells` says what it learnt, which nobody else would know.
    """

    collection: Collection
    rules: RuleSet
    period: Period
    observers: Sequence[Observer]
    plan: ContentPlan
    learnt: Learnt
    looks: bool = True
    tells: bool = False
    _members: list[Member] = field(default_factory=list)

    def work(self, task: Task, say: Say) -> None:
        """Do one task. Never raises on evidence."""
        self._members = self._members or list(self.collection.members())
        member = self._members[task.number]
        match task:
            case WholeFile():
                say(self._file(task, member, say))
            case OneStretch():
                failure = failure_of(lambda: self._stretch(task, member, say), member)
                if failure is not None:
                    say(failure)
            case Again():
                say(self._again(task, member))

    def _file(self, task: WholeFile, member: Member, say: Say) -> FileEnd:
        end = FileEnd(shown=Shown(cut_short=task.slow))
        # Of a file that is cut, those tell who read its stretches.
        progress = Told(say, is_silent=task.may_be_cut)

        def read() -> None:
            nonlocal end
            others = self.rules.indicators.digests - {"sha256"}
            with HashingStream(member.open(), progress.add, others) as stream:
                form = all_formats()[task.artefact.format] if task.artefact else None
                if task.artefact is not None and form is not None:
                    row = self._rows(task, task.artefact, form, stream, say)
                    end = end._replace(was_read=True, first=row)
                if self.looks:
                    looked = look(
                        member, form, end.first, rules=self.rules, plan=self.plan, shown=end.shown
                    )
                    end = end._replace(looked=looked)
                end = end._replace(digest=stream.finish())

        failure = failure_of(read, member)
        progress.tell()
        end.shown.cut_short -= task.slow
        return end._replace(failure=failure)

    def _rows(
        self,
        task: WholeFile,
        artefact: Artefact,
        form: Format,
        stream: HashingStream,
        say: Say,
    ) -> Match | None:
        """Read all rows, or say where others may read them; the first one of a document."""
        if Watching.suffices(self.observers, form) and cut(task, form, stream, say):
            return None
        row = self._scan(artefact, form, stream, None, say)
        return row if form.unit is Unit.DOCUMENT else None

    def _stretch(self, task: OneStretch, member: Member, say: Say) -> None:
        progress = Told(say)
        form = all_formats()[task.artefact.format]
        with member.open() as raw:
            raw.seek(task.stretch.place.at)
            self._scan(task.artefact, form, counted(raw, progress.add), task.stretch, say)
        progress.tell()

    def _scan(
        self,
        artefact: Artefact,
        form: Format,
        stream: BinaryIO,
        only: Stretch | None,
        say: Say,
    ) -> Match | None:
        """Say a portion at each border and at the end, also where a defect ends it early."""

        def fresh() -> list[Observer]:
            return [observer.fresh() for observer in self.observers]

        def blank() -> Tally:
            return Tally(ours=self.rules.ours, correlated=Hits(self.rules.correlations))

        def tell() -> None:
            news = self.learnt.news() if self.tells else None
            say(Portion(one.tally.draft(), one.observers, news))

        def relieve() -> None:
            tell()
            one.observers, one.tally = fresh(), blank()

        one = Pass(
            artefact=artefact,
            form=form,
            rules=self.rules,
            period=self.period,
            observers=fresh(),
            tally=blank(),
            seen=self.learnt.seen,
            only=only,
            relieve=relieve,
        )
        try:
            one.over(stream)
        finally:
            tell()
        return reduced("", artefact, form, one.first) if one.first else None

    def _again(self, task: Again, member: Member) -> Traces:
        counts: Counter[str] = Counter()
        found: list[tuple[str, Match]] = []

        def read() -> None:
            found.extend(_kept(self._traces(task, member), counts))

        failure = failure_of(read, member)
        if failure is not None and failure.code is not ProblemCode.DEFECT:
            failure = None  # The first hunt met and reported the same damage.
        return Traces(found, counts, failure)

    def _traces(self, task: Again, member: Member) -> Iterator[tuple[str, Match]]:
        artefact, stretch = task.artefact, task.stretch
        form = all_formats()[artefact.format]
        with member.open() as stream:
            if stretch is not None:
                stream.seek(stretch.place.at)
            for event in rows_with(stream, artefact, form, task.search.words(), stretch):
                if not self.period.holds(event.time):
                    continue
                trace = reduced("", artefact, form, event)
                if key := task.search.found_by(trace.values, event.time):
                    yield key, reduced(f"pivot:{key}", artefact, form, event)


def _kept(
    traces: Iterator[tuple[str, Match]], counts: Counter[str]
) -> Iterator[tuple[str, Match]]:
    for key, trace in traces:
        counts[key] += 1
        if counts[key] <= TRACES_PER_KEY:
            yield key, trace
