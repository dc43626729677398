"""Compare what `tocsin rules --json` found with what the generators know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

Place = tuple[str, int]
"""A file's name inside the collection, and a line or record in it."""


def missing(output: Path, expected: Collection[tuple[str, Place]]) -> list[tuple[str, Place]]:
    """The pairs of rule and place that are not in the output, of those that must be.

    A file is told by the end of its path: what stands before it is the collection's business.
    """
    left = set(expected)
    by_tail: dict[tuple[str, int], set[tuple[str, Place]]] = {}
    for rule, (path, place) in expected:
        by_tail.setdefault((rule, place), set()).add((rule, (path, place)))
    for hit in hits(output):
        told = hit["line"] if "line" in hit else hit.get("record")
        for pair in by_tail.get((str(hit["rule"]), int(told or 0)), ()):
            if _same_file(hit["artefact"], pair[1][0]):
                left.discard(pair)
    return sorted(left)


def hits(output: Path) -> Iterator[dict[str, Any]]:
    """Every hit in the output of `tocsin rules --json`; not the summary."""
    with output.open("rb") as file:
        for line in file:
            told = orjson.loads(line)
            if "summary" not in told:
                yield told


def summary(output: Path) -> dict[str, Any]:
    """The last object of the output; empty where there is none."""
    last = b""
    with output.open("rb") as file:
        for line in file:
            last = line
    told = orjson.loads(last) if last else {}
    return dict(told.get("summary", {}))


def _same_file(told: str, expected: str) -> bool:
    return told == expected or told.endswith("/" + expected) or expected.endswith("/" + told)
