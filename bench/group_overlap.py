"""How much an overlap with a known group is worth: the numbers that decide its wording.

    .venv/bin/python -m bench.group_overlap            print the table
    .venv/bin/python -m bench.group_overlap --record   put it on the page group-overlap

For each number of techniques seen: how often a group is named for a set drawn at random, how often
for a set of a group that is taken off the table, and, for sets drawn from a group's own list with
noise, how often its own name comes out, how often another, and how often none.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from bench.page import put
from tocsin.findings.groups import SOME, ways_of
from tocsin.findings.overlap import FEWEST, NOISE, TRIES, Ways
from tocsin.knowledge.groups import groups
from tocsin.knowledge.packs import all_packs
from tocsin.matching.rules import load_rules
from tocsin.verdict.intruders import observable

PAGE = Path(__file__).resolve().parents[1] / "docs/explanation/group-overlap.md"
BEGIN, END = "<!-- table: bench.group_overlap -->", "<!-- end of table -->"
SIZES = (5, 6, 8, 10, 12, 15)
SEED = 7
"""Another one than that of the thresholds, so that these are judged on sets they never saw."""


def main() -> int:
    """Print the table, or record it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--record", action="store_true")
    record = parser.parse_args().record
    text = table(of_packs())
    print(text)
    if record:
        put(PAGE, text, BEGIN, END)
    return 0


def of_packs() -> Ways:
    """The groups, compared by the techniques that the rules of our packs can show."""
    return ways_of(groups(), observable(load_rules(all_packs()).infos))


def table(ways: Ways) -> str:
    """The numbers, in Markdown."""
    heads = (
        "techniques seen",
        "named for a random set",
        "named for a set of a group that is on no list",
        "own group named",
        "another one named",
        "none named",
        "right, of the named",
    )
    about = (
        f"{len(ways.groups)} groups, {len(ways.observable)} techniques that our rules can show "
        f"and that are not given; {TRIES:,} sets for each number; {NOISE:.0%} noise."
    )
    lines = [about, "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [row(ways, size) for size in SIZES]
    return "\n".join(lines) + "\n"


def row(ways: Ways, size: int) -> str:
    """The numbers for sets of one size."""
    worth = ways.calibrated(size)
    dice = np.random.Generator(np.random.PCG64([SEED, size]))
    speaks = size >= FEWEST and worth.right_of_named >= SOME
    threshold = worth.threshold if speaks else np.inf
    _, by_chance = ways.named(ways.chance_sets(size, dice), threshold)
    drawn, held = ways.sets_of_groups(size, dice)
    _, unknown = ways.named(held, threshold, without=drawn)
    first, is_named = ways.named(held, threshold)
    right = float(np.mean(is_named & (first == drawn)))
    wrong = float(np.mean(is_named & (first != drawn)))
    shares = (np.mean(by_chance), np.mean(unknown), right, wrong, 1 - right - wrong)
    of_named = f"{right / (right + wrong):.0%}" if right + wrong else "-"
    return f"| {size} | {' | '.join(f'{one:.1%}' for one in shares)} | {of_named} |"


if __name__ == "__main__":
    sys.exit(main())
