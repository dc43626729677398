from __future__ import annotations

import pytest

from tests.campaign.reading_feeds import read
from tocsin.campaign.observation import FeedProblem, Observation
from tocsin.model.problem import ProblemCode


def one(text: str, **mapping: str) -> Observation:
    (row,) = read("csv", text, mapping=mapping)
    assert isinstance(row, Observation)
    return row


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_by_the_header(delimiter: str) -> None:
    text = "Address,Build,Note\n192.0.2.1,15.1.2507.16,x y\n".replace(",", delimiter)
    row = one(text, ip="Address", build="Build")
    assert ("192.0.2.1", "15.1.2507.16", 4, (("Note", "x y"),)) == (
        row.ip,
        row.build,
        row.precision,
        row.extra,
    )


def test_names_of_columns_are_found_without_regard_to_capitals() -> None:
    assert "192.0.2.1" == one("IP Address,X\n192.0.2.1,\n", ip="ip address").ip


def test_a_column_that_is_not_there_makes_every_row_a_problem_and_names_those_that_are() -> None:
    rows = read("csv", "a,b\n1,webshell\n2,3\n", mapping={"ip": "address"})
    told = [(row.code, row.evidence) for row in rows if isinstance(row, FeedProblem)]
    assert [(ProblemCode.NO_HEADER, ("web_shell",)), (ProblemCode.NO_HEADER, ())] == told
    assert "a, b" in (rows[0].detail if isinstance(rows[0], FeedProblem) else "")


def test_a_host_may_be_named_by_name_alone() -> None:
    assert "mail.example.org" == one("Name,b\nmail.example.org,\n", hostname="Name").hostname


def test_a_row_that_names_no_host_is_a_problem() -> None:
    (row,) = read("csv", "a,b\n,x\n", mapping={"ip": "a"})
    assert isinstance(row, FeedProblem)
    assert ProblemCode.BAD_VALUE is row.code
