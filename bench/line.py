"""What one command of a part took, beside the bar that it should clear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.measure import Run

HEADINGS = ("", "wall s", "CPU s", "peak MiB", "per CPU s", "ratio", "bar", "", "found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the table.

    `amount` is what was read, in `unit`. `ratio` is against what the part says; `bar` is the most
    that it may be, or the least where `at_least`. `found` counts known hits that were found,
    `known` those that there are, where somebody compared.
    """

    what: str
    run: Run | None = None
    amount: float = 0
    unit: str = "MiB"
    ratio: float | None = None
    bar: float | None = None
    at_least: bool = False
    found: int | None = None
    known: int = 0
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the bar is cleared; None where there is no bar or nothing to hold to it."""
        if self.bar is None or self.ratio is None or self.run is None or self.run.code:
            return None
        return self.ratio >= self.bar if self.at_least else self.ratio <= self.bar

    @property
    def _whole(self) -> bool:
        """Whether everything was read, so that a rate can be told."""
        return self.amount > 0 and self.run is not None and self.run.code == 0

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        run = self.run
        if run is None:
            return (self.what, *[""] * 8, self.note)
        over = ">" if run.code is None else ""
        bar = "" if self.bar is None else f"{'>=' if self.at_least else '<='} {self.bar:g}"
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        return (
            self.what,
            f"{over}{run.wall_s:.2f}",
            f"{over}{run.cpu_s:.2f}",
            f"{run.peak_mib:.0f}" if run.peak_mib else "",
            f"{self.amount / run.cpu_s:,.0f} {self.unit}" if self._whole and run.cpu_s else "",
            "" if self.ratio is None or run.code else f"{over}{self.ratio:.2f}",
            bar,
            verdict,
            "" if self.found is None else f"{self.found} of {self.known}",
            self.note,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part's table: what it is about, what was synthetic, and what was wrong."""

    name: str
    title: str
    ratio: str
    synthetic: str
    lines: Sequence[Line]
    wrong: Sequence[str] = ()


def as_text(part: Part) -> str:
    """The table for a terminal."""
    rows = [(*HEADINGS, ""), *(line.cells() for line in part.lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADINGS))]
    lines = [f"== {part.name}: {part.title}", f"   ratio: {part.ratio}"]
    for row in rows:
        cells = [
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row[:-1], widths, strict=True))
        ]
        lines.append(f"{'  '.join(cells)}  {row[-1]}".rstrip())
    return "\n".join([*lines, f"   synthetic: {part.synthetic}"])


def as_markdown(part: Part) -> str:
    """The table for the page of benchmarks."""
    rows = [
        "| what | wall s | CPU s | peak MiB | per CPU s | ratio | bar | | hits known | note |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {' | '.join(cell.replace('|', '/') for cell in line.cells())} |"
            for line in part.lines
        ),
    ]
    return "\n".join([f"Ratio: {part.ratio}. Synthetic: {part.synthetic}.", "", *rows, ""])


def _escaped(cell: str) -> str:
    return cell.replace("|", "/")
