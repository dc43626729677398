"""What everybody must fulfil who looks at rows: files and stretches may be shown to several.

The law: what fresh observers saw of the parts, put together in their order, is what one observer
saw of everything. So the result of a hunt does not depend on how many processes read it.
"""

from __future__ import annotations

import inspect
import io
import pickle
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.events.format import all_formats
from tocsin.events.kind import kind_of
from tocsin.matching.reading import Problems
from tocsin.matching.scan import Observer
from tocsin.model.artefact import Artefact
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem
from tocsin.verdict.names import NameCollector
from tocsin.verdict.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tocsin.events.format import Row

EVERYBODY: tuple[Observer, ...] = (*Watch(names=NameCollector()).everybody, Problems())
MAKERS: dict[str, Callable[[], Observer]] = {type(one).__name__: type(one) for one in EVERYBODY}
TIMES = 12
"""How often the rows of a sample are shown: some observers look for what comes again."""
AGENTS = ("cs(User-Agent)", "UserAgent")
per_observer = pytest.mark.parametrize("observer", MAKERS)


@cache
def rows_of(name: str) -> tuple[Row, ...]:
    form = all_formats()[name]
    once = (*form.parse(io.BytesIO(form.sample), artefact_of(name)),)
    # What a damaged file gives, too; half of a sample of one row may give nothing.
    half = form.sample[: len(form.sample) // 2]
    damaged = form.parse(io.BytesIO(half), artefact_of(name))
    return (*(by_another(row, time) for time in range(TIMES) for row in once), *damaged)


def by_another(row: Row, number: int) -> Row:
    """The same request by another program; any other row as it is."""
    agents = [] if isinstance(row, Problem) else [one for one in AGENTS if one in row.fields]
    if isinstance(row, Problem) or not agents:
        return row
    others = dict.fromkeys(agents, f"agent {number}")
    return replace(row, fields={**row.fields, **others})


def artefact_of(name: str) -> Artefact:
    form = all_formats()[name]
    path = EvidencePath.plain(form.sample_path)
    return Artefact(path=path, format=name, size_bytes=len(form.sample))


def show(observer: Observer, name: str, rows: Sequence[Row]) -> Observer:
    for row in rows:
        if isinstance(row, Problem):
            observer.problem(kind_of(name, ""), row)
        else:
            kind = kind_of(name, row.stream)
            observer.row(artefact_of(name), all_formats()[name], kind, row)
    return observer


def said(observer: Observer) -> dict[str, object]:
    """Whatever it answers to a question without conditions, in a form that can be compared."""
    answers: dict[str, object] = {}
    for name, what in inspect.getmembers(type(observer)):
        if name.startswith("_") or hasattr(Observer, name):
            continue
        if isinstance(what, property):
            answers[name] = plain(getattr(observer, name))
        elif inspect.isfunction(what):
            asked = [*inspect.signature(what).parameters][1:]
            if asked in ([], ["otherwise"]):
                answers[name] = plain(getattr(observer, name)(*asked))
    return answers


def plain(value: object) -> object:
    """Any value as texts, numbers, tuples, dictionaries and sets."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {plain(key): plain(one) for key, one in value.items()}
    if isinstance(value, AbstractSet):
        return frozenset(map(plain, value))
    if isinstance(value, list | tuple):
        return tuple(map(plain, value))
    if is_dataclass(value):
        return tuple(plain(getattr(value, one.name)) for one in fields(value))
    is_whole = isinstance(value, Enum) or not hasattr(value, "__dict__")
    return value if is_whole else plain(vars(value))


def parts_of(rows: Sequence[Row], cuts: Sequence[int]) -> Iterator[Sequence[Row]]:
    edges = [0, *sorted(cut % (len(rows) + 1) for cut in cuts), len(rows)]
    for start, end in pairwise(edges):
        yield rows[start:end]


def test_nobody_who_looks_at_rows_is_left_out_here() -> None:
    def below(kind: type) -> Iterator[str]:
        one: type
        for one in kind.__subclasses__():
            if one.__module__.startswith("tocsin.") and not one.__subclasses__():
                yield one.__name__
            yield from below(one)

    assert sorted(MAKERS) == sorted(set(below(Observer)))


@per_observer
def test_an_observer_says_what_it_saw(observer: str) -> None:
    watching = MAKERS[observer]()
    nothing = said(watching)
    assert nothing or isinstance(watching, Problems)
    for name in all_formats():
        show(watching, name, rows_of(name))
    assert nothing != said(watching), "its answers do not depend on what it was shown"


@per_observer
@pytest.mark.parametrize("name", list(all_formats()))
@settings(max_examples=4, deadline=None)
@given(cuts=st.lists(st.integers(min_value=0, max_value=10**6), max_size=3))
def test_parts_that_are_put_together_are_the_whole(
    observer: str, name: str, cuts: Sequence[int]
) -> None:
    rows = rows_of(name)
    together = MAKERS[observer]()
    for part in parts_of(rows, cuts):
        fresh = show(together.fresh(), name, part)
        together.absorb(pickle.loads(pickle.dumps(fresh)))  # noqa: S301 our own
    assert said(show(MAKERS[observer](), name, rows)) == said(together)


@per_observer
def test_files_that_are_put_together_are_a_server(observer: str) -> None:
    whole, together = MAKERS[observer](), MAKERS[observer]()
    for name in all_formats():
        show(whole, name, rows_of(name))
        together.absorb(show(together.fresh(), name, rows_of(name)))
    assert said(whole) == said(together)


@per_observer
def test_a_fresh_observer_has_seen_nothing(observer: str) -> None:
    watching = MAKERS[observer]()
    for name in all_formats():
        show(watching, name, rows_of(name))
    before = said(watching)
    watching.absorb(watching.fresh())
    assert before == said(watching)
    assert said(MAKERS[observer]()) == said(watching.fresh())
