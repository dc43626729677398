"""Which rows of a text log some rule must be asked about, told from their bytes.

For one format, one header and one set of rules:

* a rule that has a rare clause (`literals`) is asked about the rows in which it is found;
* a rule whose every clause is common, or that has none, is asked about each combination of values
  of the columns that it looks at, once (`distinct`); such rules are named as full scans. What in
  it has a rare clause of its own is taken to be false for this, and the rule is also asked about
  the rows in which that clause is found: a condition on a query, which is never the same twice,
  costs nothing on rows that cannot meet it;
* a rule that looks at the whole row, or at fields that no column holds, and has no clause, is
  asked about every row, and is named so as well.

What is rare is told by samples: of the first rows in bulk, and of later ones if too many pass.
The answer for a row is always that of `FormatRules.hits`; here it is only decided who is asked.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tocsin.matching.sigma.asks import asks_of
from tocsin.matching.sigma.choosing import NOBODY, plan_of
from tocsin.matching.sigma.samples import Samples
from tocsin.matching.sigma.sieve import sieve
from tocsin.matching.sigma.signs import signs_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from tocsin.events.bulk import Places, Rows
    from tocsin.events.format import Format
    from tocsin.matching.sigma.choosing import Asked, Columns, Plan
    from tocsin.matching.sigma.plan import FormatRules, Seen

_WORTH = 6_000
"""Rows that passed beyond what the samples made believe, at which choosing anew pays."""
_SAMPLES = 12
"""Files, or stretches under a header, of which the first block is a sample."""
_CHOICES = 8
_TRIES = 3
"""Rows of one file that are shown for a field that some column may give."""
_DASH = b"-"[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Of one block: the lines to read with the rules to ask, and what else was found.

    `lines` are indexes of plain lines, each with the places of the rules that are asked; None for
    all of them. `counts` are the matches of rules that are only counted, on other rows.
    """

    lines: Sequence[tuple[int, Asked | None]]
    counts: Mapping[str, int]


class Narrow:
    """The choice for one format and header; it learns while it is used.

    `counted` are the ids of rules of which only the number of matches is wanted.
    """

    def __init__(
        self, form: Format, rules: FormatRules, names: Sequence[str], *, counted: frozenset[str]
    ) -> None:
        self._form = form
        self._rules = rules
        self._counted = counted
        self._asks = [
            asks_of(place, entry, routes, form, frozenset(names))
            for place, entry, routes in rules.routed
        ]
        self._fields: dict[str, frozenset[str]] = {}
        for one in self._asks:
            for name, columns in one.fields.items():
                self._fields[name] = self._fields.get(name, frozenset()) | columns
        self._by_stream = any(
            route.streams is not None for _, _, routes in rules.routed for route in routes
        )
        """Whether rows with the same columns may be asked about by different rules."""
        self._sieves = {one.place: sieve(one.need) for one in self._asks if one.need is not None}
        self._unseen: dict[str, int] = {}
        self._samples = Samples(self._asks)
        self._choices = 0
        self._expected = 0.0
        self._rows_since = 0
        self._passed_since = 0
        self._plan: Plan | None = None

    @property
    def is_made(self) -> bool:
        """Whether there is a choice yet."""
        return self._plan is not None

    def asked(self, text: str) -> Asked | None:
        """The places of the rules to ask about one row with this text; None for all of them.

        A row that is not plain is one of another header, or has quotes or too many blanks: what
        is searched for stands in it all the same, and what columns say does not matter.
        """
        plan = self._plan
        if plan is None or not text.isascii() or "\0" in text:
            return None
        row = text.lower().encode("ascii") + b"\n"
        waited = [one for one in plan.prefilter.found_in(row) if plan.waits[one]]
        asked = self._sifted(plan, waited, row)
        return None if asked is None else asked | plan.always

    @property
    def full_scans(self) -> tuple[str, ...]:
        """The rules that have no rare clause."""
        always = self._plan.always if self._plan else NOBODY
        return tuple(one.entry.id for one in self._asks if one.place in always)

    def choose(self, rows: Rows, inside: NDArray[np.bool_], named: Iterable[int] = ()) -> Chosen:
        """What to read of `rows`.

        `inside` tells which plain rows are to be looked at, and `named` are lines that somebody
        else wants to see.
        """
        if self._plan is None or (rows.is_first and self._samples.taken < _SAMPLES):
            self._samples.take(rows)
        plan = self._plan or self._choose(rows)
        if rows.is_first and self._by_stream:
            for group in plan.columns:
                group.forget()
        hits = plan.prefilter.search(rows.data)
        chosen = self._found(plan, rows, hits)
        for line in rows.plain.tolist() if plan.every else named:
            chosen.setdefault(line, NOBODY)
        counts = self._ask_columns(plan, rows, inside, hits, chosen) if plan.columns else {}
        self._watch(rows)
        odd, always = frozenset(rows.odd.tolist()), plan.always
        return Chosen(
            lines=[
                (line, None if asked is None else asked | always)
                for line, asked in chosen.items()
                if line not in odd
            ],
            counts=counts,
        )

    def _ask_columns(
        self,
        plan: Plan,
        rows: Rows,
        inside: NDArray[np.bool_],
        hits: tuple[Places, Places],
        chosen: dict[int, Asked | None],
    ) -> Counter[str]:
        """Ask about each combination of values; add to `chosen` the rows that must be read.

        Returns the matches of rules that are only counted, on rows that nobody reads.
        """
        rest = np.flatnonzero(~_among(chosen, rows))
        numbered = [
            (
                group,
                self._number(group, rows, rest, signs_in(rows, group.signs, plan.patterns, hits)),
            )
            for group in plan.columns
        ]
        for group, numbers in numbered:
            for line in rows.plain[rest[group.speaks[numbers]]].tolist():
                chosen.setdefault(line, NOBODY)
        free = (inside & ~_among(chosen, rows))[rest]
        counts: Counter[str] = Counter()
        for group, numbers in numbered:
            times = np.bincount(numbers[free & group.counts[numbers]])
            for number in np.flatnonzero(times).tolist():
                for hit in group.said[number]:
                    counts[hit.id] += int(times[number])
        return counts

    def note(self, rows: Rows, inside: NDArray[np.bool_], seen: Seen) -> None:
        """Show `seen` rows of the period, so that it sees each field that any of them has."""
        if rows.is_first:
            self._unseen = dict.fromkeys(self._fields, _TRIES)
        for name in list(self._unseen):
            row = _row_with(self._fields[name], rows, inside)
            if row is not None:
                self._rules.hits(rows.event(row), seen, only=NOBODY)
                self._unseen[name] -= 1
                if not self._unseen[name]:
                    del self._unseen[name]

    def _found(
        self, plan: Plan, rows: Rows, hits: tuple[Places, Places]
    ) -> dict[int, Asked | None]:
        """The lines in which a pattern is found, and the rules that wait for it."""
        waited = np.flatnonzero(plan.waits[hits[0]])
        if not len(waited):
            return {}
        patterns, at = hits[0][waited], hits[1][waited]
        pairs = np.unique(rows.lines_of(at) * plan.prefilter.size + patterns)
        lines, found_there = np.divmod(pairs, plan.prefilter.size)
        starts = np.flatnonzero(np.diff(lines, prepend=-1))
        several = found_there.tolist()
        chosen: dict[int, Asked | None] = {}
        self._passed_since += len(starts)
        np.add(plan.seen, np.bincount(found_there, minlength=len(plan.seen)), out=plan.seen)
        ends = (*starts[1:].tolist(), len(several))
        for start, end in zip(starts.tolist(), ends, strict=True):
            line = int(lines[start])
            row = rows.data[rows.starts[line] : rows.ends[line]].lower()
            asked = self._sifted(plan, several[start:end], row)
            if asked is None or asked:
                chosen[line] = asked
        return chosen

    def _sifted(self, plan: Plan, patterns: Iterable[int], row: bytes) -> Asked | None:
        """Who is asked about a row in which these patterns are found; it is in lower case."""
        asked: set[int] = set()
        for pattern in patterns:
            waiting = plan.by_pattern[pattern]
            if waiting is None:
                return None
            if pattern == plan.disguised:
                asked |= waiting
                continue
            asked.update(
                one
                for one in waiting
                if one not in asked and ((sifter := self._sieves.get(one)) is None or sifter(row))
            )
        return frozenset(asked)

    def _number(
        self, group: Columns, rows: Rows, which: Places, signs: NDArray[np.uint64] | None
    ) -> Places:
        """The combination of each of these plain rows; all were asked about afterwards."""
        if group.distinct.is_full:
            group.forget()
        numbers, fresh = group.distinct.number(rows, which, signs)
        if fresh:
            for row in fresh:
                hits = self._rules.hits(rows.event(int(which[row])), only=group.asked)
                group.said.append(tuple(hits))
            group.speaks = np.array(
                [any(hit.id not in self._counted for hit in said) for said in group.said]
            )
            group.counts = np.array([bool(said) for said in group.said])
        return numbers

    def _watch(self, rows: Rows) -> None:
        """Choose anew where too many rows pass, now that more is known of what is rare."""
        self._rows_since += len(rows.starts)
        surplus = self._passed_since - self._expected * self._rows_since
        # The first choice is made after a few rows, and deserves another look in any case.
        is_first = self._choices == 1 and self._passed_since > _WORTH
        if is_first or (surplus > _WORTH and self._choices < _CHOICES):
            self._samples.take(rows)
            self._choose(rows)

    def _choose(self, rows: Rows) -> Plan:
        """Decide how to ask each rule, after the samples and what was met since."""
        self._choices += 1
        if self._plan is not None:
            found = zip(self._plan.patterns, self._plan.seen.tolist(), strict=True)
            self._samples.meet(dict(found), self._rows_since)
        self._rows_since = self._passed_since = 0
        self._plan = plan_of(self._form, self._asks, self._samples, rows, self._plan)
        self._expected = self._samples.share(list(self._plan.patterns))
        return self._plan


def _among(lines: Iterable[int], rows: Rows) -> NDArray[np.bool_]:
    """Which plain rows are among these lines."""
    among = np.zeros(len(rows.starts), np.bool_)
    among[list(lines)] = True
    return among[rows.plain]


def _row_with(columns: frozenset[str], rows: Rows, inside: NDArray[np.bool_]) -> int | None:
    """A plain row inside the period in which one of these columns says something."""
    for name in sorted(columns):
        for begins, stops in rows.deciding(name):
            lengths = stops - begins
            said = (lengths > 1) | ((lengths == 1) & (rows.codes[begins] != _DASH))
            said &= inside
            if said.any():
                return int(said.argmax())
    return None
