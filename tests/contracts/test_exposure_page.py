"""The reference of exposure: every word and key that comes out has its line there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.campaign.seen import OPEN, PROXYLOGON, hosts_of, row
from tocsin.campaign.constituency import COLUMNS
from tocsin.campaign.exposure import Doubt
from tocsin.campaign.host_json import host_json
from tocsin.campaign.merge import Colour
from tocsin.campaign.owners import Step
from tocsin.campaign.signs import SignKind
from tocsin.campaign.totals import SETTLED_BY, Totals
from tocsin.campaign.transitions import Change

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/exposure.md").read_text(
    encoding="utf-8"
)


def words(heading: str, first: str) -> list[str]:
    """The first column of the table with this first heading, in this part of the page."""
    part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = part.partition(f"\n| {first} |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`[^|]*`) \|", table, flags=re.MULTILINE)
    return [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize(
    ("heading", "first", "expected"),
    [
        ("Status", "colour", set(Colour)),
        ("What would settle the yellow", "doubt", set(Doubt)),
        ("Changes", "change", set(Change)),
        ("The constituency", "column", set(COLUMNS)),
        ("Whose a host is", "step", set(Step)),
        ("Whose a host is", "sign", set(SignKind)),
    ],
)
def test_every_word_stands_in_the_reference_and_none_besides(
    heading: str, first: str, expected: set[str]
) -> None:
    assert expected == set(words(heading, first))


def test_every_key_of_a_host_stands_in_the_reference_in_its_order() -> None:
    host = hosts_of([row(OPEN)])["192.0.2.1"]
    assert list(host_json(host, Totals((PROXYLOGON,)), None)) == words("JSON", "key")


def test_for_every_doubt_it_is_said_what_would_settle_it() -> None:
    assert set(Doubt) == set(SETTLED_BY)
