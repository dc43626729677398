from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django import forms
from django.template import Context, Template

from tocsin.web.design.templatetags.desk import (
    cell,
    moment,
    number,
    percent,
    size,
    tlp,
)

AT = datetime(2021, 3, 12, 8, 30, 15, tzinfo=UTC)


def rendered(text: str, **context: object) -> str:
    return Template("{% load desk %}" + text).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("red", '<span class="badge badge--red">Red</span>'),
        ("yellow", '<span class="badge badge--yellow">Yellow</span>'),
        ("", '<span class="badge badge--grey">Not assessed</span>'),
        (None, '<span class="badge badge--grey">Not assessed</span>'),
        ('"><script>', '<span class="badge badge--grey">Not assessed</span>'),
    ],
)
def test_a_colour_always_says_its_name(value: str | None, expected: str) -> None:
    assert expected == rendered("{% colour value %}", value=value)


def test_a_badge_escapes_its_word_and_knows_its_kinds() -> None:
    assert '<span class="badge badge--grey">&lt;b&gt;‹U+202E›</span>' == rendered(
        "{% badge word kind %}", word="<b>\u202e", kind='x" onclick="'
    )


def test_times_are_utc_for_people_and_for_machines() -> None:
    east = AT.astimezone(timezone(timedelta(hours=9)))
    expected = (
        '<time datetime="2021-03-12T08:30:15Z" title="2021-03-12 08:30:15 UTC">'
        "2021-03-12 08:30</time>"
    )
    assert expected == moment(AT) == moment(east)
    assert '<time datetime="2021-03-12">2021-03-12</time>' == moment(date(2021, 3, 12))
    assert "not known" in moment(None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("amber+strict", '<span class="tlp tlp--amberstrict">TLP:AMBER+STRICT</span>'),
        ("TLP:RED", '<span class="tlp tlp--red">TLP:RED</span>'),
        ("clear", '<span class="tlp tlp--clear">TLP:CLEAR</span>'),
    ],
)
def test_labels_of_the_traffic_light_protocol(value: str, expected: str) -> None:
    assert expected == tlp(value)


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (312, 7500, "4.2 %"),
        (0, 7500, "0 %"),
        (7500, 7500, "100 %"),
        (1, 7500, "< 0.1 %"),
        (7499, 7500, "> 99.9 %"),
        (1, 2, "50.0 %"),
        (0, 0, "–"),
        (None, 3, "–"),
    ],
)
def test_a_share_never_rounds_something_to_nothing_or_to_all(
    part: int | None, whole: int, expected: str
) -> None:
    assert expected == percent(part, whole)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7500, "7,500"), (0, "0"), (1234.56, "1,234.6"), ("x", "x"), (None, ""), (True, "True")],
)
def test_numbers_have_commas(value: object, expected: str) -> None:
    assert expected == number(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0 bytes"), (1023, "1,023 bytes"), (1536, "1.5 KiB"), (3 * 2**30, "3.0 GiB"), (None, "")],
)
def test_sizes_have_units(value: int | None, expected: str) -> None:
    assert expected == size(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (7500, "7,500"),
        (["a<", "b"], "a&lt;, b"),
        ("<b>\x1b[1m", "&lt;b&gt;‹U+001B›[1m"),
    ],
)
def test_cells_show_every_kind_of_value(value: object, expected: str) -> None:
    assert expected == cell(value)


@pytest.mark.parametrize("value", [None, "", [], ()])
def test_a_cell_says_what_is_missing(value: object) -> None:
    assert '<span class="hidden">nobody known</span>' in cell(value, "nobody known")


def test_a_stat_says_what_it_counts_of_how_many_when_and_where_its_rows_are() -> None:
    found = rendered(
        '{% stat "Red" 312 of=7500 unit="hosts" at=at url="/rows" kind="red" note="All CVEs" %}',
        at=AT,
    )
    for part in (
        'class="stat stat--red"',
        ">Red<",
        '<a href="/rows">312<span class="hidden"> hosts: Red</span></a>',
        "of 7,500 hosts · 4.2 %",
        "All CVEs",
        "as of <time",
    ):
        assert part in found


def test_a_stat_of_nothing_has_a_denominator_of_nothing() -> None:
    assert "of 0 hosts · –" in rendered('{% stat "Red" 0 of=0 unit="hosts" %}')
    assert "of" not in rendered('{% stat "Imports" 3 %}')


class Sample(forms.Form):
    name = forms.CharField(help_text="As on the letterhead.")
    agreed = forms.BooleanField()
    some = forms.MultipleChoiceField(choices=[("a", "<A>"), ("b", "B")])


def test_a_field_ties_label_help_and_errors_to_its_input() -> None:
    found = rendered("{% field form.name %}", form=Sample({}))
    assert '<label for="id_name">Name</label>' in found
    assert 'aria-describedby="id_name_helptext id_name_error"' in found
    assert 'id="id_name_helptext"' in found
    assert 'id="id_name_error"' in found
    assert 'aria-invalid="true"' in found


def test_a_box_to_tick_stands_before_its_label() -> None:
    found = rendered("{% field form.agreed %}", form=Sample())
    assert found.index("<input") < found.index("<label")
    assert 1 == found.count("<label")


def test_several_choices_are_a_menu_of_boxes() -> None:
    found = rendered("{% pick form.some %}", form=Sample({"some": ["b"]}))
    assert "Some<span data-pick-count> (1)</span>" in found
    assert '<input type="checkbox" name="some" value="b" checked>' in found
    assert "&lt;A&gt;" in found


def test_a_count_has_its_noun() -> None:
    assert "1 host" == rendered('{% noun 1 "host" "hosts" %}')
    assert "7,500 hosts" == rendered('{% noun 7500 "host" "hosts" %}')
