from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tocsin.web.audit.models import Decision
from tocsin.web.lists.listing import Column, Listing
from tocsin.web.organisations.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import StreamingHttpResponse
    from pytest_django import DjangoAssertNumQueries

    Asked = Callable[..., StreamingHttpResponse]

pytestmark = pytest.mark.usefixtures("organisations")


def table(response: StreamingHttpResponse) -> list[list[str]]:
    text = response.getvalue().decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_csv_holds_all_rows_that_match_and_not_the_page_alone(asked: Asked) -> None:
    rows = table(asked("format=csv&per=25&page=2&sort=-name"))
    assert ["name", "sector", "country", "gone_at", "length"] == rows[0]
    assert 60 == len(rows) - 1
    assert ["Organisation 59", "water", "XX", "", "15"] == rows[1]
    assert 20 == len(table(asked("format=csv&sector=health"))) - 1


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        " =1",
        "\t=1",
        "\r=1",
        "\n=1",
        '=HYPERLINK("x")',
        "\uff1d1",
        "\uff20SUM(A1)",
    ],
)
def test_no_cell_is_a_formula(asked: Asked, name: str) -> None:
    Organisation.objects.filter(name="Organisation 00").update(name=name)
    cells = [row[0] for row in table(asked("format=csv"))[1:]]
    for cell in cells:
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff20")), cell


def test_a_negative_number_stays_a_number(asked: Asked, listing: Listing) -> None:
    columns = (Column("name", "Name", sort=("name",)), Column("minus", "Minus", lambda _: -3))
    rows = table(asked("format=csv", replace(listing, columns=columns)))
    assert ["Organisation 00", "-3"] == rows[1]


def test_json_says_what_it_is_of_and_keeps_types(asked: Asked) -> None:
    at = datetime(2021, 3, 12, 8, 30, tzinfo=UTC)
    Organisation.objects.filter(name="Organisation 00").update(gone_at=at, name='"=1\u2028</b>')
    found = json.loads(asked("format=json&sector=health&q=1").getvalue())
    assert "organisations" == found["list"]
    assert "TLP:AMBER" == found["tlp"]
    assert "proxylogon" == found["campaign"]
    assert "Sector: Health; Search: “1”" == found["filter"]
    assert 60 == found["of"]
    assert {
        "name": '"=1\u2028</b>',
        "sector": "health",
        "country": "XX",
        "gone_at": "2021-03-12T08:30:00Z",
        "length": 8,
    } == found["rows"][0]


def test_json_without_any_row_is_json(asked: Asked) -> None:
    assert [] == json.loads(asked("format=json&q=nothing").getvalue())["rows"]


def test_columns_may_be_in_exports_alone(asked: Asked, listing: Listing) -> None:
    columns = (
        Column("name", "Name", sort=("name",)),
        Column("region", "Region", shown=False),
    )
    changed = replace(listing, columns=columns)
    assert ["name", "region"] == table(asked("format=csv", changed))[0]
    assert "Region" not in asked("", changed).content.decode()


def test_the_file_is_named_by_tlp_campaign_list_and_time(asked: Asked) -> None:
    response = asked("format=csv")
    name = response["Content-Disposition"]
    assert name.startswith('attachment; filename="tlp-amber_proxylogon_organisations_2')
    assert name.endswith('Z.csv"')
    assert "text/csv; charset=utf-8" == response["Content-Type"]
    assert "no-store" == response["Cache-Control"]


def test_an_export_is_streamed_with_few_queries(
    asked: Asked, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    asked()  # makes the person
    # The person, its role, all rows, the rows.
    with django_assert_max_num_queries(4):
        response = asked("format=json")
        assert response.streaming
        response.getvalue()


def test_reads_of_a_list_of_personal_data_are_decisions(asked: Asked, listing: Listing) -> None:
    personal = replace(listing, personal=True)
    asked("q=somebody", personal)
    asked("format=csv", personal)
    found = list(Decision.objects.order_by("number").values_list("action", "detail"))
    assert [
        ("list.read", '{"as":"page","list":"organisations"}'),
        ("list.read", '{"as":"csv","list":"organisations"}'),
    ] == found


def test_reads_of_other_lists_are_none(asked: Asked) -> None:
    asked()
    assert not Decision.objects.exists()
