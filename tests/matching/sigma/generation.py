"""Rules and evidence made up together: what reference and fast engine are held against.

`cases` gives events, `files` gives whole files as a server writes them, or as damage leaves them. Of
the events of a case, number n fits rule n by construction; the others are near misses. `expected`
says what an engine must find in a file: what `Format.parse` reads in it, judged by the reference.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.matching.sigma.generated_logs import LOGS
from tests.matching.sigma.generated_rules import LETTERS, Shape, line_pairs, pairs
from tests.matching.sigma.rule_making import rule_text
from tests.matching.sigma.slow_views import views
from tocsin.events.format import all_formats
from tocsin.matching.sigma import reference
from tocsin.matching.sigma.read import read_documents
from tocsin.model.artefact import Artefact
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sigma.rule import SigmaRule

    from tests.matching.sigma.generated_rules import Pair
    from tests.matching.sigma.slow_views import Request
    from tocsin.model.event import Event

EVENTS = Shape(
    fields=("A", "b", "cs(User-Agent)", "X-Forwarded-For", "Threat Name", "d.e", "F_1", "%g", "ü"),
    letters=f"{LETTERS}\n\t\0",
    choices={"EventID": ("1", "4688", "4104"), "Channel": ("Security", "System")},
    times=("UtcTime",),
)
"""Events of no format in particular."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Sigma files, and events of which the first ones fit the rule of the same number."""

    rules: tuple[str, ...]
    events: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class File:
    """A file, the format and path it is read with, and the Sigma files to ask about it."""

    format: str
    path: str
    data: bytes
    rules: tuple[str, ...]

    def __iter__(self) -> Iterator[object]:
        """Format name, path, bytes, rule texts."""
        return iter((self.format, self.path, self.data, self.rules))


@st.composite
def cases(
    draw: st.DrawFn, shape: Shape = EVENTS, logsource: object = None, *, one_in: int = 1
) -> Case:
    """Some rules, and events that fit them, almost fit them, or have nothing to do with them.

    Of the near misses, one in `one_in` is taken.
    """
    made = draw(st.lists(pairs(shape), min_size=1, max_size=3))
    return draw(_around(made, shape, logsource, one_in))


@st.composite
def cases_of_one_line(draw: st.DrawFn, kind: str) -> Case:
    """A rule of one line of one of `KINDS`, and events around it."""
    return draw(_around([draw(line_pairs(EVENTS, kind))], EVENTS, None, 1))


@st.composite
def _around(
    draw: st.DrawFn, made: Sequence[Pair], shape: Shape, logsource: object, one_in: int
) -> Case:
    rules = [
        rule_text(
            dict(pair.detection),
            name=f"rule-{number}",
            logsource=logsource or {"product": "exchange", "service": "httpproxy"},
        )
        for number, pair in enumerate(made)
    ]
    events = [pair.fields for pair in made]
    letter, other = draw(st.sampled_from(shape.letters)), draw(st.sampled_from(shape.fields))
    for pair in made:
        start = draw(st.integers(0, one_in - 1))
        events += near_misses(pair.fields, letter, other)[start::one_in]
    return Case(rules=tuple(rules), events=(*events, {}))


@st.composite
def files(draw: st.DrawFn, name: str | None = None, *, damaged: bool = True) -> File:
    """A whole file in one of the formats of `LOGS`, with rules that fit rows of it.

    Where it is not `damaged`, every rule fits at least one row.
    """
    log = LOGS[draw(st.sampled_from(sorted(LOGS))) if name is None else name]
    case = draw(cases(log.shape, log.logsource, one_in=4))
    data = draw(log.written(case.events, damaged=damaged))
    return File(format=log.name, path=log.path, data=data, rules=(*case.rules, *log.own_rules()))


def expected(
    data: bytes, name: str, rules: Sequence[str], path: str | None = None
) -> set[tuple[int, str]]:
    """Place and rule name of all that an engine must find in a file, salvaged rows included."""
    form = all_formats()[name]
    where = EvidencePath.plain(form.sample_path if path is None else path)
    artefact = Artefact(path=where, format=name, size_bytes=len(data))
    found: set[tuple[int, str]] = set()
    for row in form.parse(io.BytesIO(data), artefact):
        event = row.salvaged if isinstance(row, Problem) else row
        if event is not None:
            fitting = rules_that_fit(event, rules, LOGS[name].request)
            found |= {(event.place, rule) for rule in fitting}
    return found


def rules_that_fit(
    event: Event, rules: Sequence[str], request: Request | None = None
) -> frozenset[str]:
    """The names of the rules that the reference finds in an event, in one view of it or another."""
    parsed = [parsed_rule(text) for text in rules]
    return frozenset(
        str(rule.name)
        for rule in parsed
        if any(reference.matches(rule, event, view) for view in views(event.fields, request, rule))
    )


@lru_cache(maxsize=256)
def parsed_rule(text: str) -> SigmaRule:
    """The rule in a Sigma file, as pySigma reads it."""
    (document,) = read_documents(text)
    assert document.rule is not None
    return document.rule


def near_misses(fields: Mapping[str, str], letter: str, other: str) -> list[dict[str, str]]:
    """Every event that differs from this one in one field, by little.

    `letter` is what is put in; `other` is the name of a field that the value may move to.
    """
    found: list[dict[str, str]] = []
    for name, text in fields.items():
        middle = len(text) // 2
        changed = (
            f"{letter}{text}",
            f"{text}{letter}",
            f"{text[:middle]}{letter}{text[middle:]}",
            f"{text[:middle]}{letter}{text[middle + 1 :]}",
            text[1:],
            text[:-1],
            text.swapcase(),
            # The same number, and the same address, to those who read them as such.
            f"0{text}",
            f"{text}.0",
            f" {text} ",
            f"::ffff:{text}",
        )
        found += [{**fields, name: one} for one in dict.fromkeys(changed) if one != text]
        rest = {key: value for key, value in fields.items() if key != name}
        found += [rest, {**rest, other: text}]
    return [
        {name: value for name, value in one.items() if value not in ("", "-")} for one in found
    ]
