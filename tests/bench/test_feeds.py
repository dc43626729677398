"""The report that the benchmark reads is a report, and holds what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.feeds import write_report
from tocsin.campaign.observation import Observation
from tocsin.campaign.observing import Asked, observe

if TYPE_CHECKING:
    from pathlib import Path


def test_every_generated_row_is_an_observation_and_the_web_shells_are_counted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "report.csv"
    known = write_report(path, 2_000, "a seed")
    rows = list(observe(path, Asked()))
    assert [] == [row for row in rows if not isinstance(row, Observation)]
    shells = [row for row in rows if row.evidence == ("web_shell",)]
    assert (2_000, len(shells)) == (known.rows, known.web_shells)
    assert {"shadowserver"} == {row.feed for row in rows}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    for path in (one, two):
        write_report(path, 100, "a seed")
    assert one.read_bytes() == two.read_bytes()
