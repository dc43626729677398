"""`tocsin rules`: any rules over any files of events, hit by hit, and the account of all of it.

    load the rules -> open each source -> find its files of events -> ask the rules about every
    row -> say what became of every rule, file and row

Nothing is judged here, and nothing is kept but counts: whoever iterates gets every hit.
"""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tocsin.artefacts.discover import discover
from tocsin.errors import KnowledgeError, SourceError
from tocsin.events.format import all_formats
from tocsin.evidence.collection import Limits
from tocsin.evidence.open import open_collection
from tocsin.evidence.parts import without_later_parts
from tocsin.matching.applied import Account, Fired, Hit, Summary
from tocsin.matching.crew import Crew, Lost, can_fork
from tocsin.matching.event_reader import Counted, EventReader, Rows
from tocsin.matching.failures import as_problem, defect
from tocsin.matching.files import files_below
from tocsin.matching.learnt import Learnt, learn
from tocsin.matching.rules import load_rules
from tocsin.matching.scan import Period
from tocsin.matching.several import JsonLinesRules
from tocsin.matching.sigma.correlation.engine import correlate
from tocsin.matching.sigma.correlation.hits import Hits
from tocsin.matching.sigma.keywords import keywords_in
from tocsin.matching.tasks import OneStretch, WholeFile, brings_more, lost_in_words, may_be_cut
from tocsin.matching.turns import Turns
from tocsin.model.grade import Severity
from tocsin.model.problem import Problem, ProblemCode
from tocsin.model.progress import running

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from tocsin.events.format import Format, LogSource
    from tocsin.evidence.collection import Collection, Member
    from tocsin.matching.asking import Found
    from tocsin.matching.cache import RuleCache
    from tocsin.matching.rules import RuleSet
    from tocsin.model.artefact import Artefact
    from tocsin.model.progress import Progress
    from tocsin.model.rule import RuleInfo

_Task: TypeAlias = "WholeFile | OneStretch"
_YARA = (".yar", ".yara")
_BUFFER_BYTES = 2**20
_REASONS_TOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user asked for. `lowest` leaves out the hits of rules below it.

    `log_source` says what log JSON lines are that do not tell it themselves; without it every
    rule is asked about them. `jobs` processes share the work; the result is the same.
    """

    period: Period = field(default_factory=Period)
    lowest: Severity = Severity.INFORMATIONAL
    log_source: LogSource | None = None
    limits: Limits = field(default_factory=Limits)
    jobs: int = 1


class _File(NamedTuple):
    """A file of events, and its number in the collection."""

    number: int
    artefact: Artefact
    member: Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The user's rules; `yara_files` lie beside them and are none of this command."""

    rules: RuleSet
    yara_files: int


def load(paths: Sequence[Path], cache: RuleCache | None = None) -> Loaded:
    """Load the Sigma rules in `paths`, files and folders; sooner the second time with a `cache`.

    Raises `KnowledgeError` where not one can be used; what fails among others is in the set.
    """
    yara = {path for path in files_below(paths, _YARA) if path.suffix.lower() in _YARA}
    sigma = [path for path in paths if path not in yara]
    rules = load_rules([], user_sigma=sigma, cache=cache)
    if not rules.infos:
        raise KnowledgeError(_why_none(rules, len(yara)))
    return Loaded(rules=rules, yara_files=len(yara))


class Application:
    """One run: iterate over `hits` to the end, over `firings`, and ask for the `summary`."""

    def __init__(self, loaded: Loaded, wishes: Wishes) -> None:
        """Apply these rules; nothing is read yet."""
        self.account = Account()
        self._loaded = loaded
        self._odd: list[Problem] = []
        self._rules = loaded.rules
        self._wishes = wishes
        entries = loaded.rules._sigma  # noqa: SLF001 - the set has no public way to its entries yet
        self._entries = {entry.id: entry for entry in entries}
        self._json_lines = JsonLinesRules(entries, wishes.log_source)
        self._correlated = Hits(loaded.rules.correlations)
        self._kinds = [*all_formats().values(), self._json_lines.form]

    @property
    def titles(self) -> dict[str, str]:
        """The rules' titles, by id."""
        return {rule: info.title for rule, info in self._rules.infos.items()}

    def hits(self, sources: Sequence[Path], progress: Progress) -> Generator[Hit, None, None]:
        """Every hit in every source, in the order of sources, files and rows.

        Raises `SourceError` where no source can be opened or none holds events; what is wrong
        with one among several is a problem in the account.
        """
        errors: list[SourceError] = []
        wanted = without_later_parts(sources)
        for source in wanted:
            try:
                yield from self._in_source(source, progress)
            except SourceError as error:
                errors.append(error)
                self.account.problem(
                    Problem(
                        artefact=str(source), line=None, code=ProblemCode.SOURCE, detail=str(error)
                    )
                )
        if errors and len(errors) == len(wanted):
            raise errors[0]

    def firings(self) -> Iterator[Fired]:
        """What correlations make of all rows, once the hits were taken; by time."""
        outcome = correlate(self._correlated)
        for firing in outcome.speaking:
            info = self._rules.infos[firing.rule]
            if self._counted(info):
                yield Fired(rule=info, firing=firing, hits=self._correlated)
        kept = Counter(firing.rule for firing in outcome.firings)
        self.account.not_correlated = outcome.limits()
        self.account.not_correlated += [
            f"{outcome.counts[rule] - kept[rule]} more firings of {rule} are counted here only."
            for rule in sorted(outcome.counts)
            if outcome.counts[rule] > kept[rule] and rule not in outcome.silent
        ]

    def summary(self) -> Summary:
        """What became of everything, once hits and firings were taken."""
        account, rules = self.account, self._rules
        full_scans = rules.narrows.full_scans
        return Summary(
            rules=len(rules.infos),
            events=account.events.total(),
            matches=account.matches.total(),
            not_applicable=self._not_applicable(),
            failed=rules.failed,
            full_scan=tuple(rule for rule in rules.infos if rule in full_scans),
            fields_never_seen=tuple(rules.fields_never_seen(account.seen)),
            matches_by_rule={
                rule: account.matches[rule] for rule in rules.infos if account.matches[rule]
            },
            files=account.files,
            formats=dict(sorted(account.events.items())),
            unknown_files=account.unknown,
            problems={code.value: account.problems[code] for code in sorted(account.problems)},
            outside_period=account.outside,
            below_level=account.below,
            asked_of_every_rule=account.asked_all,
            yara_files=self._loaded.yara_files,
            not_correlated=tuple(account.not_correlated),
        )

    def _not_applicable(self) -> tuple[str, ...]:
        """The rules that nothing could serve which was read, JSON lines of any kind included."""
        missing = self._rules.not_applicable(self.account.events)
        if self._json_lines.form.name not in self.account.events:
            return tuple(missing)
        served = {*self._rules.infos}.difference(missing).union(self._json_lines.ids)
        served |= self._rules.correlations.can_fire(served)
        return tuple(rule for rule in missing if rule not in served)

    def _in_source(self, source: Path, progress: Progress) -> Iterator[Hit]:
        with running(progress, f"{source.name}, unpacking", None):
            collection = open_collection(source, self._wishes.limits, progress.advance)
        reader = EventReader(
            collection=collection,
            rules=self._rules,
            own=self._json_lines,
            period=self._wishes.period,
            learnt=Learnt(rules=self._rules),
        )
        before = self.account.files
        # Processes are forked before anything starts threads.
        crew = self._crew(reader)
        bars = running(progress, collection.name, collection.total_bytes)
        with collection, crew or nullcontext(), bars:
            files = self._files(collection, progress)
            read = self._here(files, reader, progress)
            if crew is not None:
                read = self._elsewhere(files, crew, progress)
            for artefact, row in read:
                form = reader.form_of(artefact)
                yield from self._told(row, reader.rules_for(form), artefact, form, str(source))
            for problem in (*self._odd, *collection.problems):
                self.account.problem(problem)
            self._odd.clear()
        if self.account.files == before:
            raise SourceError(_what_it_is_not(source), where=str(source))

    def _crew(self, reader: EventReader) -> Crew[_Task] | None:
        is_shared = self._wishes.jobs > 1 and can_fork()
        return Crew(self._wishes.jobs, reader.work) if is_shared else None

    def _files(self, collection: Collection, progress: Progress) -> Iterator[_File]:
        """Every file of events; what is odd about the others is kept until these were read."""
        unpacked = _containers(collection)
        for number, found in enumerate(discover(collection, self._kinds)):
            path = found.member.path.inside
            progress.file(path)
            if found.problem is not None:
                self._odd.append(found.problem)
            if found.artefact is not None:
                self.account.files += 1
                yield _File(number, found.artefact, found.member)
            elif path not in unpacked:
                self.account.unknown += 1

    def _here(
        self, files: Iterator[_File], reader: EventReader, progress: Progress
    ) -> Iterator[tuple[Artefact, Found]]:
        """What is found in all files by this process."""
        for number, artefact, member in files:
            account = Account(seen=self.account.seen)
            task = WholeFile(number, artefact)
            try:
                for row in reader.rows(task, member, account, progress.advance):
                    yield artefact, row
            except Exception as error:  # noqa: BLE001 a worker: see `as_problem`
                account.problem(as_problem(error, artefact.path.inside))
            finally:
                self._take(account)

    def _elsewhere(
        self, files: Iterator[_File], crew: Crew[_Task], progress: Progress
    ) -> Iterator[tuple[Artefact, Found]]:
        """What is found in all files by other processes, in the same order."""
        artefacts: dict[int, Artefact] = {}

        def tasks() -> Iterator[_Task]:
            for number, artefact, member in files:
                artefacts[number] = artefact
                form = all_formats().get(artefact.format)
                yield WholeFile(number, artefact, may_be_cut=may_be_cut(form, member))

        def at_once(_: _Task, what: object) -> _Task | None:
            if isinstance(what, int):
                progress.advance(what)
            return what if isinstance(what, OneStretch) else None

        for task, what in Turns(crew, tasks(), at_once=at_once, brings_more=brings_more):
            artefact = artefacts[task.number]
            match what:
                case Rows():
                    for row in what.found:
                        yield artefact, row
                case Counted():
                    self._take(what.account)
                    learn(what.news, self._rules, self.account.seen)
                case Lost():
                    self.account.problem(defect(artefact.path.inside, lost_in_words(task, what)))

    def _take(self, account: Account) -> None:
        self.account.absorb(account)
        if self._wishes.log_source is None:
            self.account.asked_all += account.events[self._json_lines.form.name]

    def _told(
        self,
        found: Found,
        rules: RuleSet | JsonLinesRules,
        artefact: Artefact,
        form: Format,
        source: str,
    ) -> Iterator[Hit]:
        answers = self._correlated.take(
            found.answers,
            rules.sigma_for(form),
            artefact,
            form,
            found.event,
            source=source,
            damaged=found.damaged,
        )
        for rule, view in answers:
            info = self._rules.infos[rule]
            if not self._counted(info):
                continue
            entry = self._entries[rule]
            yield Hit(
                rule=info,
                fields=entry.fields,
                keywords=keywords_in(entry.node),
                source=source,
                artefact=artefact,
                place_kind=form.place,
                event=found.event,
                view=view,
                damaged=found.damaged,
            )

    def _counted(self, rule: RuleInfo) -> bool:
        """Count a match, and say whether it is to be told."""
        if rule.severity.rank < self._wishes.lowest.rank:
            self.account.below += 1
            return False
        self.account.hit(rule)
        return True


def _why_none(rules: RuleSet, yara_files: int) -> str:
    """Why there is no rule, and what to do."""
    if rules.failed:
        reasons = [f"{one.file}: {one.reason}" for one in rules.failed[:_REASONS_TOLD]]
        more = len(rules.failed) - len(reasons)
        told = "; ".join(reasons) + (f"; and {more} more" if more > 0 else "")
        return f"not one Sigma rule can be used: {told}"
    if yara_files:
        return "there are YARA rules only, which look into files: tocsin hunt SOURCE --yara PATH"
    return "there is no Sigma rule: name files, or folders with files that end in .yml or .yaml"


def _what_it_is_not(source: Path) -> str:
    if source.is_file():
        return (
            "is neither an archive that Tocsin opens nor a log that it knows, nor JSON lines; "
            "JSON must have one object on each line (jq -c '.[]' makes that of a list), and other "
            "logs can be turned into it"
        )
    return "holds no file of events: no log that Tocsin knows, and no JSON lines"


def _containers(collection: Collection) -> set[str]:
    """The members that others come out of: they were read, if not as they are."""
    return {
        inside[:end]
        for member in collection.members()
        if (inside := member.path.inside)
        for end in (at for at, letter in enumerate(inside) if letter == "/")
    }
