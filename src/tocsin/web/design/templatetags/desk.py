"""Tags and filters of all pages: ``{% load desk %}``."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from tocsin.report.visible import visible as made_visible
from tocsin.web.design.drawing import KINDS
from tocsin.web.design.figures import Figure
from tocsin.web.design.words import word as in_words

register = template.Library()

_COLOURS = {"red": "Red", "yellow": "Yellow", "green": "Green"}
_MENU = (
    ("campaign", "dashboard:campaign", "Campaign"),
    ("assets", "assets:list", "Hosts"),
    ("organisations", "organisations:list", "Organisations"),
    ("imports", "imports:list", "Imports"),
    ("cases", "cases:list", "Cases"),
    ("hunts", "hunts:list", "Hunts"),
    ("decisions", "audit:list", "Decisions"),
)
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


@register.simple_tag
def badge(word: object, kind: str = "grey") -> SafeString:
    """A word with a colour; the word says all that the colour says."""
    return format_html(
        '<span class="badge badge--{}">{}</span>',
        kind if kind in KINDS else "grey",
        made_visible(str(word)),
    )


@register.simple_tag
def colour(value: object, word: str = "") -> SafeString:
    """The badge of a host's colour; `word` says more than its name."""
    name = str(value or "")
    return badge(word or _COLOURS.get(name, "Not assessed"), name)


@register.simple_tag
def host_status(host: Any) -> SafeString:  # noqa: ANN401 an asset, whose app lies above
    """The colour of a host, why it has it where no build says so, and whether it vanished."""
    found = [host_colour(host.colour, for_signs=host.compromised)]
    if host.vanished:
        found.append(badge("Vanished"))
    return format_html_join(" ", "{}", ((one,) for one in found))


@register.simple_tag
def host_colour(value: object, *, for_signs: bool) -> SafeString:
    """The badge of a colour; `for_signs` says that signs of compromise make it red."""
    if not for_signs:
        return colour(value)
    return format_html("{} {}", colour(value), badge("for signs of compromise", "purple"))


@register.simple_tag
def moment(value: datetime | date | None, missing: str = "not known") -> SafeString:
    """A time in UTC (``2021-03-12 08:30``), or a day, that machines can read as well."""
    if value is None or value == "":
        return _missing(missing)
    if isinstance(value, datetime):
        at = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        iso = at.isoformat(timespec="seconds").replace("+00:00", "Z")
        return format_html(
            '<time datetime="{}" title="{} UTC">{}</time>',
            iso,
            f"{at:%Y-%m-%d %H:%M:%S}",
            f"{at:%Y-%m-%d %H:%M}",
        )
    return format_html('<time datetime="{0}">{0}</time>', value.isoformat())


@register.simple_tag
def tlp(value: object) -> SafeString:
    """The label of the Traffic Light Protocol, for ``amber+strict`` or ``TLP:AMBER+STRICT``."""
    name = str(value or "").upper().removeprefix("TLP:")
    return format_html('<span class="tlp tlp--{}">TLP:{}</span>', slugify(name), name)


@register.filter
def visible(value: object) -> str:
    """Text from outside with every character that acts or hides shown by its number."""
    return made_visible(str(value if value is not None else ""))


@register.filter
def written(value: object) -> str:
    """The same for what a person wrote at the desk: breaks between its lines stay."""
    return made_visible(str(value if value is not None else ""), keep="\r\n")


@register.filter
def word(value: object) -> str:
    """What people call an identifier of the core or the desk, such as ``scan_script``."""
    return made_visible(in_words(value))


@register.filter
def number(value: object) -> str:
    """A number with commas; everything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return str(value if value is not None else "")
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


@register.filter
def percent(part: float | None, whole: float | None) -> str:
    """A share of `whole`, such as ``41.6 %``; a dash where there is no whole.

    What is not nothing is never 0 %, and what is not everything never 100 %.
    """
    if part is None or not whole:
        return "–"
    share = 100 * part / whole
    if 0 < share < 0.1:
        return "< 0.1 %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:.0f} %" if share in {0, 100} else f"{share:.1f} %"


@register.filter
def size(value: float | None) -> str:
    """A size of a file, such as ``1.4 MiB``."""
    if value is None:
        return ""
    left = float(value)
    for unit in _UNITS[:-1]:
        if left < 1024:
            return f"{left:,.0f} {unit}" if unit == "bytes" else f"{left:,.1f} {unit}"
        left /= 1024
    return f"{left:,.1f} {_UNITS[-1]}"


@register.simple_tag
def cell(value: object, missing: str = "not known") -> SafeString:
    """Any value as all tables show it: times, numbers, lists, yes and no, and nothing."""
    if value is None or value in ("", [], ()):
        return _missing(missing)
    if isinstance(value, SafeString):
        return value
    if isinstance(value, datetime | date):
        return moment(value)
    if isinstance(value, list | tuple | set):
        return format_html_join(", ", "{}", ((made_visible(str(one)),) for one in value))
    if isinstance(value, bool):
        return escape("yes" if value else "no")
    return escape(made_visible(number(value)))


@register.simple_tag
def desk_menu(campaign: str, section: str = "") -> list[dict[str, Any]]:
    """The pages of a campaign; `section` is the one that the reader is in."""
    entries = []
    for name, view, label in _MENU:
        try:
            url = reverse(view, kwargs={"campaign": campaign})
        except NoReverseMatch:  # an app that this desk runs without
            continue
        entries.append({"url": url, "label": label, "here": name == section})
    return entries


@register.inclusion_tag("design/stat.html")
def stat(label: str, value: object, **more: Any) -> dict[str, Any]:  # noqa: ANN401 of a template
    """A number with what it counts, of how many, when, and the link to its rows.

    `more` may have `of` (the denominator), `unit` ("hosts"), `at` (a time), `url`, `kind` (red,
    yellow, green, purple, grey) and `note`.
    """
    kind = str(more.get("kind", ""))
    return {
        "label": label,
        "value": value,
        "share": percent(value, more.get("of")) if isinstance(value, int | float) else "",
        **more,
        "kind": kind if kind in KINDS else "",
    }


@register.inclusion_tag("design/field.html")
def field(bound: Any) -> dict[str, Any]:  # noqa: ANN401 a bound field of any form
    """One field of a form: label, field, help and errors, tied together for screen readers."""
    input_type = getattr(bound.field.widget, "input_type", "")
    # Several boxes have a legend, and a label each: only a single one has its label behind it.
    return {"field": bound, "is_check": input_type == "checkbox" and not bound.use_fieldset}


@register.inclusion_tag("design/chart.html")
def chart(figure: Figure) -> dict[str, Any]:
    """A chart, its note, and the table behind it."""
    return {"figure": figure, "wide": svg(figure.wide), "narrow": svg(figure.narrow)}


@register.filter
def svg(drawn: str) -> SafeString:
    """What a function of `tocsin.web.design.charts` drew; it has escaped all labels."""
    return mark_safe(drawn)  # noqa: S308 written by our charts alone, which escape


@register.inclusion_tag("design/pick.html")
def pick(bound: Any) -> dict[str, Any]:  # noqa: ANN401 a bound field of any form
    """A field of several choices as a menu of boxes to tick."""
    choices = [one.data for one in bound]
    return {
        "name": bound.html_name,
        "label": bound.label,
        "choices": choices,
        "chosen": sum(1 for one in choices if one["selected"]),
    }


@register.simple_tag
def noun(count: int, one: str, many: str) -> str:
    """``1 host``, ``7,500 hosts``."""
    return f"{count:,} {one if count == 1 else many}"


def _missing(word: str) -> SafeString:
    """A dash for the eyes, a word for the ears."""
    return format_html(
        '<span class="missing"><span aria-hidden="true">–</span>'
        '<span class="hidden">{}</span></span>',
        word,
    )
