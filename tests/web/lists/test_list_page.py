from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import django_filters
import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.web.lists.asking import SIZES
from tocsin.web.lists.listing import Column, Listing
from tocsin.web.organisations.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse
    from pytest_django import DjangoAssertNumQueries

    Asked = Callable[..., HttpResponse]

pytestmark = pytest.mark.usefixtures("organisations")


def names(response: HttpResponse) -> list[str]:
    """The first column of the page, in order."""
    page = response.content.decode()
    return [part.split("</a>")[0].split(">")[-1] for part in page.split('class="table__link"')[1:]]


def test_a_list_says_how_many_rows_there_are_and_links_to_each(asked: Asked) -> None:
    page = asked().content.decode()
    assert "<strong>60</strong> organisations" in page
    assert 50 == page.count("data-list-row")
    assert "1–50 of 60" in page
    first = Organisation.objects.get(name="Organisation 00")
    assert f'<a class="table__link" href="/organisations/{first.pk}/">Organisation 00</a>' in page


def test_a_filter_says_how_many_of_how_many_match_and_what_it_asks(asked: Asked) -> None:
    page = asked("sector=health&sector=water&q=07").content.decode()
    assert "<strong>0</strong> of 60 organisations" in page
    assert "Sector: <strong>Health or Water</strong>" in page
    assert "Search: <strong>“07”</strong>" in page
    assert 'href="/organisations/?q=07"' in page
    assert 'href="/organisations/?sector=health&amp;sector=water"' in page
    assert "None of 60 organisations matches." in page


@pytest.mark.parametrize(
    ("query", "count", "said"),
    [
        ("gone=false", 60, "Gone: <strong>no</strong>"),
        ("gone=true", 0, "Gone: <strong>yes</strong>"),
        ("since_after=2021-03-01", 0, "Gone since: <strong>from 2021-03-01</strong>"),
        (
            "since_after=2021-03-01&since_before=2021-03-05",
            0,
            "Gone since: <strong>from 2021-03-01 to 2021-03-05</strong>",
        ),
        ("country=XX", 59, "Country: <strong>XX</strong>"),
        ("q=south", 5, "Search: <strong>“south”</strong>"),
    ],
)
def test_each_kind_of_filter_is_told_in_words(
    asked: Asked, query: str, count: int, said: str
) -> None:
    page = asked(query).content.decode()
    assert f"<strong>{count}</strong> of 60" in page
    assert said in page


def test_taking_a_range_off_takes_both_of_its_ends_off(asked: Asked) -> None:
    page = asked("since_after=2021-03-01&since_before=2021-03-05&country=XX").content.decode()
    assert 'href="/organisations/?country=XX"' in page


def test_every_word_of_a_search_must_be_somewhere(asked: Asked) -> None:
    assert ["Organisation 03"] == names(asked("q=south+03"))


def test_a_list_sorts_by_a_column_both_ways_and_says_so(asked: Asked) -> None:
    page = asked("sort=sector").content.decode()
    assert 'aria-sort="ascending"><a href="?sort=-sector"' in page
    assert "sorted by Sector, ascending" in page
    assert "aria-sort" not in page.split("Sector<")[1].split("</thead>")[0]
    page = asked("sort=-sector").content.decode()
    assert 'aria-sort="descending"><a href="?sort=sector"' in page


@pytest.mark.parametrize("sort", ["sector", "-sector", "country", "-country", "name"])
def test_pages_hold_each_row_once_whatever_the_order(asked: Asked, sort: str) -> None:
    seen = [name for page in (1, 2, 3) for name in names(asked(f"sort={sort}&per=25&page={page}"))]
    assert sorted(f"Organisation {number:02}" for number in range(60)) == sorted(seen)


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("page=abc", 200, "There is no page “abc”. This is the first."),
        ("page=99", 200, "There is no page 99. This is the last, 2."),
        ("page=-1", 200, "This is the last, 2."),
        ("page=" + "9" * 5000, 200, "There is no page “9999"),
        ("sort=colour", 200, "There is no column “colour” to sort by."),
        ("sort=length", 200, "There is no column “length” to sort by."),
        ("sort=--name", 200, "There is no column “--name” to sort by."),
        ("per=7", 200, "There are no pages of “7” rows; here are 50."),
        ("format=xml", 400, "There is no export as “xml”, only as CSV and JSON."),
        ("sector=nowhere", 200, "Sector is left out:"),
        ("since_after=yesterday", 200, "Gone since is left out:"),
        ("sector=nowhere&format=csv", 400, "Sector is left out:"),
        ("country=%00", 200, "Null characters are not allowed."),
        ("q=%00", 200, "<strong>60</strong> organisations"),
        ("sort=%00", 200, "There is no column “‹U+0000›” to sort by."),
        ("page=%E2%80%AE", 200, "There is no page “‹U+202E›”."),
    ],
)
def test_an_address_that_makes_no_sense_shows_the_list_and_says_what_was_left_out(
    asked: Asked, query: str, status: int, says: str
) -> None:
    response = asked(query)
    assert status == response.status_code
    assert says in response.content.decode()


@given(
    parts=st.dictionaries(
        st.sampled_from(["q", "sort", "page", "per", "format", "sector", "gone", "since_after"]),
        st.text(max_size=12),
    )
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_address_breaks_a_list(asked: Asked, parts: dict[str, str]) -> None:
    from django.utils.http import urlencode  # noqa: PLC0415 used here alone

    query = urlencode({name: value.encode("utf-8", "replace") for name, value in parts.items()})
    assert asked(query).status_code in {200, 400}


@pytest.mark.parametrize("size", SIZES)
def test_a_page_asks_the_database_the_same_whatever_its_size(
    asked: Asked, size: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    asked()  # makes the person
    # The person, its role, all rows, rows that match, the page, views.
    with django_assert_max_num_queries(6):
        asked(f"per={size}&sector=health")


def test_htmx_gets_the_rows_alone_and_a_tidy_address(asked: Asked) -> None:
    response = asked("q=&sector=health&since_after=", hx_request="true", hx_target="list")
    page = response.content.decode()
    assert "<html" not in page
    assert "<strong>20</strong> of 60" in page
    assert "/organisations/?sector=health" == response["HX-Push-Url"]
    assert {"HX-Request", "HX-Target"} <= set(response["Vary"].split(", "))


def test_a_page_that_the_browser_restores_is_whole(asked: Asked) -> None:
    headers = {
        "hx_request": "true",
        "hx_target": "list",
        "hx_history_restore_request": "true",
    }
    assert "<html" in asked("sector=health", **headers).content.decode()


def test_the_form_keeps_what_was_asked(asked: Asked) -> None:
    page = asked("q=Organisation&sector=health&sort=-name&per=25&gone=false").content.decode()
    assert 'name="q" id="list-search" value="Organisation"' in page
    assert 'value="health" checked' in page
    assert '<input type="hidden" form="list-form" name="sort" value="-name">' in page
    assert '<input type="hidden" form="list-form" name="per" value="25">' in page
    assert '<option value="false" selected>No</option>' in page
    assert '<option value="">Any</option>' in page


def test_hostile_text_is_shown_and_never_acts(asked: Asked, listing: Listing) -> None:
    hostile = '<img src=x onerror="alert(1)">\u202egnp'
    Organisation.objects.filter(name="Organisation 00").update(name=hostile)
    page = asked("q=onerror").content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;‹U+202E›gnp" in page
    page = asked('q="><script>alert(1)</script>').content.decode()
    assert "<script>alert" not in page


def test_a_missing_value_is_a_dash_for_the_eyes_and_a_word_for_the_ears(asked: Asked) -> None:
    page = asked("q=07").content.decode()
    assert '<span aria-hidden="true">–</span><span class="hidden">still there</span>' in page
    assert '<span aria-hidden="true">–</span><span class="hidden">not known</span>' in page


def test_cells_carry_their_label_for_narrow_screens(asked: Asked) -> None:
    page = asked("q=07").content.decode()
    assert '<td role="cell" data-label="Length of the name" class="number">' in page


def test_a_list_without_any_row_says_what_to_do(asked: Asked) -> None:
    Organisation.objects.all().delete()
    page = asked().content.decode()
    assert "No organisation yet." in page
    assert '<a class="button button--primary" href="/constituencies/">Import a list</a>' in page
    assert "<form" not in page.split('<main id="content"')[1]


def test_the_table_is_well_formed(asked: Asked) -> None:
    page = asked("sector=health").content.decode()
    table = page.split('<div class="table-wrap">')[1].split("</div>\n<nav")[0]
    root = ET.fromstring(table.replace(" data-list-row", ""))  # noqa: S314 our own page
    assert 20 == len(root.findall("tbody/tr"))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"default_sort": "length"}, "no column length that sorts"),
        ({"columns": (Column("a", "A"), Column("a", "B"))}, "two columns have the same name"),
    ],
)
def test_a_list_that_cannot_work_is_refused_at_once(
    listing: Listing, wrong: dict[str, object], says: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=says):
        replace(listing, **wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_a_filter_must_not_take_the_name_of_a_part_of_the_address(listing: Listing) -> None:
    class Filters(django_filters.FilterSet):  # type: ignore[misc]  # brings no types
        page = django_filters.CharFilter()

    with pytest.raises(ImproperlyConfigured, match="must not be called page"):
        replace(listing, filters=Filters)
