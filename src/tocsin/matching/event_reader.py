"""What `tocsin rules` does with one file, or one stretch of it, in whichever process."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from tocsin.events.format import all_formats
from tocsin.matching.applied import Account
from tocsin.matching.asking import rows_found
from tocsin.matching.counting import Told, counted
from tocsin.matching.failures import failure_of
from tocsin.matching.rules import Seen
from tocsin.matching.tasks import OneStretch, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tocsin.events.format import Format
    from tocsin.evidence.collection import Collection, Member
    from tocsin.matching.asking import Found
    from tocsin.matching.crew import Say
    from tocsin.matching.learnt import Learnt, News
    from tocsin.matching.rules import RuleSet
    from tocsin.matching.scan import Period
    from tocsin.matching.several import JsonLinesRules
    from tocsin.matching.tasks import WholeFile
    from tocsin.model.artefact import Artefact

_ROWS = 500
_CHARACTERS = 2**18
"""What is said at once: the matches of one rule on every row must not fill the memory."""


class Rows(NamedTuple):
    """Some rows of a file that rules say yes to, in file order."""

    found: list[Found]


class Counted(NamedTuple):
    """What became of all rows of a file, or a stretch of it, and what was learnt meanwhile."""

    account: Account
    news: News | None


@dataclass(kw_only=True)
class EventReader:
    """Asks the rules about files, in one process; `own` are those for JSON lines of any kind."""

    collection: Collection
    rules: RuleSet
    own: JsonLinesRules
    period: Period
    learnt: Learnt
    _members: list[Member] = field(default_factory=list)

    def form_of(self, artefact: Artefact) -> Format:
        """The format that a file is read with."""
        own = self.own.form
        return own if artefact.format == own.name else all_formats()[artefact.format]

    def rules_for(self, form: Format) -> RuleSet | JsonLinesRules:
        """Whoever is asked about rows of this format."""
        return self.own if form is self.own.form else self.rules

    def rows(
        self,
        task: WholeFile | OneStretch,
        member: Member,
        account: Account,
        on_bytes: Callable[[int], None],
    ) -> Iterator[Found]:
        """The rows that a rule says yes to; `account` is told of all. Raises `OSError`."""
        if task.artefact is None:
            return
        stretch = task.stretch if isinstance(task, OneStretch) else None
        form = self.form_of(task.artefact)
        with member.open() as raw:
            if stretch is not None:
                raw.seek(stretch.place.at)
            yield from rows_found(
                counted(raw, on_bytes),
                task.artefact,
                form,
                self.rules_for(form),
                self.period,
                account,
                only=stretch,
            )

    def work(self, task: WholeFile | OneStretch, say: Say) -> None:
        """Do one task in a process of a crew. Never raises on evidence."""
        self._members = self._members or list(self.collection.members())
        member = self._members[task.number]
        account = Account(seen=self.learnt.seen)

        def read() -> None:
            if not self._is_cut(task, member, say):
                self._say_rows(task, member, account, say)

        failure = failure_of(read, member)
        if failure is not None:
            account.problem(failure)
        say(Counted(replace(account, seen=Seen()), self.learnt.news()))

    def _is_cut(self, task: WholeFile | OneStretch, member: Member, say: Say) -> bool:
        if isinstance(task, OneStretch) or not task.may_be_cut or task.artefact is None:
            return False
        with member.open() as stream:
            progress = Told(say, is_silent=True)
            return cut(task, self.form_of(task.artefact), counted(stream, progress.add), say)

    def _say_rows(
        self, task: WholeFile | OneStretch, member: Member, account: Account, say: Say
    ) -> None:
        progress = Told(say)
        found: list[Found] = []
        characters = 0
        try:
            for row in self.rows(task, member, account, progress.add):
                found.append(row)
                characters += len(row.event.text)
                if len(found) >= _ROWS or characters >= _CHARACTERS:
                    say(Rows(found))
                    found, characters = [], 0
        finally:
            if found:
                say(Rows(found))
            progress.tell()
