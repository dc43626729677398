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
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import hyperscan
import numpy as np

from tocsin.events.distinct import Distinct
from tocsin.matching.prefilter import Prefilter
from tocsin.matching.sigma.asks import asks_of, tests_in
from tocsin.matching.sigma.literals import DISGUISED, choose, letters
from tocsin.matching.sigma.sieve import sieve
from tocsin.matching.sigma.signs import MOST, exactly, judged, patterns_of, signs_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from tocsin.events.bulk import Places, Rows
    from tocsin.events.format import Format
    from tocsin.matching.sigma.asks import Asks
    from tocsin.matching.sigma.literals import Clause, Cost, Pattern
    from tocsin.matching.sigma.plan import FormatRules, Hit, Seen
    from tocsin.matching.sigma.signs import Sign

COMMON = 0.003
"""The share of rows above which a clause is too common to read all of them for one rule."""
REPEATED = 0.2
"""New combinations for each row, up to which asking about each once is less work."""
_WORTH = 6_000
"""Rows that passed beyond what the samples made believe, at which choosing anew pays."""
_SAMPLES = 200
"""Files, or stretches under a header, of which the first block is a sample."""
_SAMPLE_BYTES = 2**17
_PARTS = 4
"""Places of a block from which a sample is taken: the first minute of a day is like no other."""
_CHOICES = 8
_NEVER = 1e12
"""The price of a pattern that Hyperscan does not take."""
Asked: TypeAlias = frozenset[int]
"""Places of rules."""
_NOBODY: Asked = frozenset()
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


@dataclass(slots=True)
class _Columns:
    """Rules that are asked once for each combination of values, and what they said."""

    asked: Asked
    distinct: Distinct
    signs: tuple[Sign, ...]
    said: list[tuple[Hit, ...]] = field(default_factory=list)
    speaks: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    """By combination: whether one of the rules matches that is not counted only."""
    counts: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    """By combination: whether any of the rules matches."""

    def forget(self) -> None:
        """Begin anew."""
        self.distinct.forget()
        self.said.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What the samples led to."""

    prefilter: Prefilter
    patterns: Mapping[Pattern, int]
    by_pattern: tuple[Asked | None, ...]
    columns: tuple[_Columns, ...]
    every: Asked
    disguised: int | None
    waits: NDArray[np.bool_]
    """By pattern: whether rows in which it is found are chosen for it."""
    seen: NDArray[np.int64]
    """By pattern that is waited for: the rows in which it was found."""

    @property
    def always(self) -> Asked:
        """Who is asked about each row that is read."""
        return self.every.union(*(group.asked for group in self.columns))


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
        self._sieves = {
            one.place: found
            for one in self._asks
            if (found := sieve(one.entry.node, one.carrier)) is not None
        }
        self._unseen: dict[str, int] = {}
        self._patterns: list[Pattern] = []
        self._sampler: Prefilter | None = None
        self._passed: Counter[Pattern] = Counter()
        self._met: dict[Pattern, float] = {}
        self._sampled = 0
        self._samples = 0
        self._choices = 0
        self._expected = 0.0
        self._rows_since = 0
        self._passed_since = 0
        self._plan: _Plan | None = None

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
        row = text.lower().encode("ascii")
        waited = [one for one in plan.prefilter.found_in(row) if plan.waits[one]]
        asked = self._sifted(plan, waited, row)
        return None if asked is None else asked | plan.always

    @property
    def full_scans(self) -> tuple[str, ...]:
        """The rules that have no rare clause."""
        always = self._plan.always if self._plan else _NOBODY
        return tuple(one.entry.id for one in self._asks if one.place in always)

    def choose(self, rows: Rows, inside: NDArray[np.bool_], named: Iterable[int] = ()) -> Chosen:
        """What to read of `rows`.

        `inside` tells which plain rows are to be looked at, and `named` are lines that somebody
        else wants to see.
        """
        if self._plan is None or (rows.is_first and self._samples < _SAMPLES):
            self._sample(rows)
        plan = self._plan or self._choose(rows)
        if rows.is_first and self._by_stream:
            for group in plan.columns:
                group.forget()
        hits = plan.prefilter.search(rows.data)
        chosen = self._found(plan, rows, hits)
        for line in rows.plain.tolist() if plan.every else named:
            chosen.setdefault(line, _NOBODY)
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
                chosen.setdefault(line, _NOBODY)
        free = (inside & ~_among(chosen, rows))[rest]
        counts: Counter[str] = Counter()
        for group, numbers in numbered:
            times = np.bincount(numbers[free & group.counts[numbers]])
            for number in np.flatnonzero(times).tolist():
                for hit in group.said[number]:
                    counts[hit.id] += int(times[number])
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

    def note(self, rows: Rows, inside: NDArray[np.bool_], seen: Seen) -> None:
        """Show `seen` rows of the period, so that it sees each field that any of them has."""
        if rows.is_first:
            self._unseen = dict.fromkeys(self._fields, _TRIES)
        for name in list(self._unseen):
            row = _row_with(self._fields[name], rows, inside)
            if row is not None:
                self._rules.hits(rows.event(row), seen, only=_NOBODY)
                self._unseen[name] -= 1
                if not self._unseen[name]:
                    del self._unseen[name]

    def _found(
        self, plan: _Plan, rows: Rows, hits: tuple[Places, Places]
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

    def _sifted(self, plan: _Plan, patterns: Iterable[int], row: bytes) -> Asked | None:
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
        self, group: _Columns, rows: Rows, which: Places, signs: NDArray[np.uint64] | None
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
            self._sample(rows)
            self._choose(rows)

    def _sample(self, rows: Rows) -> None:
        """Count how many rows each pattern lets pass."""
        if self._sampler is None:
            self._patterns, self._sampler = _usable(self._all_patterns())
        for part in range(_PARTS):
            low = int(rows.starts[part * len(rows.starts) // _PARTS])
            self._sample_of(rows, low, min(low + _SAMPLE_BYTES // _PARTS, len(rows.data)))
        self._samples += 1

    def _sample_of(self, rows: Rows, low: int, high: int) -> None:
        self._sampled += int(np.diff(np.searchsorted(rows.starts, (low, high)))[0])
        if not self._patterns or self._sampler is None:
            return
        which, at = self._sampler.search(rows.data[low:high])
        pairs = np.unique(rows.lines_of(at + low) * len(self._patterns) + which)
        passed = np.bincount(pairs % len(self._patterns), minlength=len(self._patterns))
        for place in np.flatnonzero(passed).tolist():
            self._passed[self._patterns[place]] += int(passed[place])

    def _choose(self, rows: Rows) -> _Plan:
        """Decide how to ask each rule, after the samples and what was met since."""
        self._choices += 1
        if self._plan is not None and self._rows_since:
            for pattern, seen in zip(self._plan.patterns, self._plan.seen.tolist(), strict=True):
                rate = seen / self._rows_since
                self._met[pattern] = max(rate, self._met.get(pattern, 0.0))
        self._rows_since = self._passed_since = 0
        self._plan = self._chosen(frozenset(self._patterns), rows)
        found = sum(self._rows_with(one) for one in self._plan.patterns)
        self._expected = found / max(self._sampled, 1)
        return self._plan

    def _all_patterns(self) -> list[Pattern]:
        """Every pattern that some clause may be made of."""
        wanted: dict[Pattern, None] = {}

        def free(pattern: Pattern) -> float:
            wanted[pattern] = None
            return 0.0

        for one in self._asks:
            one.choose(free)
        return list(wanted)

    def _chosen(self, usable: frozenset[Pattern], rows: Rows) -> _Plan:
        def cost(pattern: Pattern) -> float:
            # What is in no sample is not free: the longer a text, the rarer.
            unseen = self._sampled * 8.0 ** -letters(pattern)
            return self._rows_with(pattern) + unseen if pattern in usable else _NEVER

        waiting: dict[Pattern, Asked | None] = {}
        by_columns: dict[tuple[tuple[str, ...], tuple[Sign, ...]], set[int]] = {}
        every: set[int] = set()
        for one in self._asks:
            clause = one.choose(cost)
            if clause is not None and not clause <= usable:
                clause = None
            if clause is None or self._is_common(clause):
                split = self._split(one, cost, rows)
                if split is not None and (clause is None or _repeat(split, rows)):
                    key = (split.columns, split.signs)
                    by_columns.setdefault(key, set()).add(one.place)
                    clause = split.rare
            if clause is None:
                every.add(one.place)
                continue
            for pattern in clause:
                waiting[pattern] = (waiting.get(pattern) or _NOBODY) | {one.place}
        if viewed := frozenset(one.place for one in self._asks if one.is_viewed):
            waiting[DISGUISED] = viewed
        for pattern in self._form.bulk.rewritten if self._form.bulk else ():
            waiting[pattern] = None
        patterns = dict.fromkeys(waiting) | {
            pattern: None
            for _, signs in by_columns
            for sign in signs
            for pattern in patterns_of(sign)
        }
        before = self._plan
        return _Plan(
            prefilter=before.prefilter
            if before is not None and list(before.patterns) == list(patterns)
            else Prefilter(list(patterns)),
            patterns={pattern: number for number, pattern in enumerate(patterns)},
            by_pattern=tuple(waiting.get(pattern, _NOBODY) for pattern in patterns),
            columns=tuple(
                _Columns(frozenset(places), Distinct(columns), signs)
                for (columns, signs), places in by_columns.items()
            ),
            every=frozenset(every),
            disguised=list(patterns).index(DISGUISED) if viewed else None,
            seen=np.zeros(len(patterns), np.int64),
            waits=np.array([pattern in waiting for pattern in patterns], np.bool_),
        )

    def _is_common(self, clause: Clause) -> bool:
        return sum(self._rows_with(one) for one in clause) > COMMON * self._sampled

    def _rows_with(self, pattern: Pattern) -> float:
        """Of so many rows as were sampled, those that hold a pattern, as far as is known."""
        return max(self._passed[pattern], self._met.get(pattern, 0.0) * self._sampled)

    def _split(self, one: Asks, cost: Cost, rows: Rows) -> _Split | None:
        """The columns that decide a rule where none of some rare patterns is found."""
        if not one.is_decided:
            return None
        columns: set[str] = set(one.stream & one.names)
        signs: dict[Sign, None] = {}
        rare: set[Pattern] = set()
        for test in tests_in(one.entry.node):
            clause = choose(test, one.carrier, cost)
            if clause is not None and not self._is_common(clause):
                rare |= clause
                continue
            found = one.columns_of(test)
            told = None if _repeat_alone(found, rows) else exactly(test, one)
            if told is None and clause is not None and not _repeat_alone(found, rows):
                told = judged(test, one, clause)
            if told is None:
                columns |= found
            else:
                signs.update(dict.fromkeys(told))
        if len(signs) > MOST:
            columns.update(sign.column for sign in signs)
            signs.clear()
        return _Split(tuple(sorted(columns)), tuple(signs), frozenset(rare))


@dataclass(frozen=True, slots=True)
class _Split:
    """What decides a rule: the values of columns and signs, where no rare pattern is found."""

    columns: tuple[str, ...]
    signs: tuple[Sign, ...]
    rare: Clause


def _among(lines: Iterable[int], rows: Rows) -> NDArray[np.bool_]:
    """Which plain rows are among these lines."""
    among = np.zeros(len(rows.starts), np.bool_)
    among[list(lines)] = True
    return among[rows.plain]


def _repeat(split: _Split, rows: Rows) -> bool:
    """Whether these columns say the same again and again."""
    return _repeat_alone(split.columns, rows)


def _repeat_alone(columns: Iterable[str], rows: Rows) -> bool:
    table = Distinct(sorted(columns))
    half = len(rows.plain) // 2
    table.number(rows, np.arange(half))
    known = len(table)
    table.number(rows, np.arange(half, len(rows.plain)))
    return len(table) - known <= REPEATED * (len(rows.plain) - half)


def _row_with(columns: frozenset[str], rows: Rows, inside: NDArray[np.bool_]) -> int | None:
    """A plain row inside the period in which one of these columns says something."""
    for name in rows.names:
        place = rows.column(name) if name in columns else None
        if place is None:
            continue
        begins, stops = place
        lengths = stops - begins
        said = (lengths > 1) | ((lengths == 1) & (rows.codes[begins] != _DASH))
        said &= inside
        if said.any():
            return int(said.argmax())
    return None


def _usable(patterns: list[Pattern]) -> tuple[list[Pattern], Prefilter]:
    """Those that Hyperscan takes, and all of them compiled."""
    try:
        return patterns, Prefilter(patterns)
    except hyperscan.HyperscanError:
        usable = [one for one in patterns if _compiles(one)]
        return usable, Prefilter(usable)


def _compiles(pattern: Pattern) -> bool:
    try:
        Prefilter([pattern])
    except hyperscan.HyperscanError:
        return False
    return True
