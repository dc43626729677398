"""The benchmark of owners: what it invents has a known truth, and that truth is found."""

from __future__ import annotations

import pytest

from bench.owners import listed, rows
from tocsin.campaign.constituency import read_constituency
from tocsin.campaign.owners import Owners, clues_of


@pytest.mark.slow
def test_every_owner_that_is_known_is_found_and_each_kind_of_row_is_there() -> None:
    owners = Owners(read_constituency(listed(), "list.json"))
    kinds, wrong = set(), []
    for row, expected in rows(400, 400):
        found = owners.of(clues_of(row)).constituent
        name = found.organisation if found is not None else ""
        kinds.add((expected or "")[:3])
        if expected is not None and name != expected:
            wrong.append((row.ip, row.hostname, expected, name))
    assert ([], {"Org", ""}) == (wrong, kinds)
