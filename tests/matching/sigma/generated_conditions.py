"""Conditions of Sigma rules made up as trees, and how each of them can come true."""

from __future__ import annotations

import itertools
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeAlias

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Tree: TypeAlias = (
    str | tuple[str, str] | tuple[str, "Tree"] | tuple[str, "Tree", "Tree"] | tuple[str, str, str]
)
"""A name; ``("not", tree)``; ``("and", tree, tree)``; ``("of", "1", "sel_*")``."""

_PATTERNS = ("them", "sel_*", "filter_*", "*_a", "_o*", "*", "k*s")


def trees(names: Sequence[str]) -> st.SearchStrategy[Tree]:
    """Conditions over these names, each of which means something."""
    useful = [pattern for pattern in _PATTERNS if _meant(pattern, names)]
    leaves: list[st.SearchStrategy[Tree]] = [st.sampled_from(names)]
    if useful:
        words = st.sampled_from(("1", "any", "all"))
        leaves.append(st.tuples(st.just("of"), words, st.sampled_from(useful)))
    return st.recursive(
        st.one_of(leaves),
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.sampled_from(("and", "or")), inner, inner),
        ),
        max_leaves=5,
    )


def written(tree: Tree) -> str:
    """The condition as rules write it."""
    match tree:
        case str():
            return tree
        case ("of", str(quantifier), str(pattern)):
            return f"{quantifier} of {pattern}"
        case ("not", inner):
            return f"not {_grouped(inner)}"
        case (word, left, right):
            return f"{_grouped(left)} {word} {_grouped(right)}"
        case _:
            raise AssertionError(tree)


def way_to_be_true(tree: Tree, names: Sequence[str]) -> dict[str, bool] | None:
    """What each name has to say, so that the whole holds; None where it never does."""
    for answers in itertools.product((True, False), repeat=len(names)):
        way = dict(zip(names, answers, strict=True))
        if holds(tree, way):
            return way
    return None


def holds(tree: Tree, answers: Mapping[str, bool]) -> bool:
    """Whether the condition is true where the names say this."""
    match tree:
        case str():
            return answers[tree]
        case ("of", str(quantifier), str(pattern)):
            found = [answers[name] for name in _meant(pattern, answers)]
            return all(found) if quantifier == "all" else any(found)
        case ("not", inner):
            return not holds(inner, answers)
        case ("and", left, right):
            return holds(left, answers) and holds(right, answers)
        case ("or", left, right):
            return holds(left, answers) or holds(right, answers)
        case _:
            raise AssertionError(tree)


def _grouped(tree: Tree) -> str:
    return tree if isinstance(tree, str) else f"({written(tree)})"


def _meant(pattern: str, names: Sequence[str] | Mapping[str, bool]) -> list[str]:
    wanted = "*" if pattern == "them" else pattern
    return [
        name
        for name in names
        if fnmatchcase(name, wanted) and (pattern[0] == "_" or name[0] != "_")
    ]
