"""The report for people: one self-contained page that needs no network and no script."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tocsin.report import exposures, mail, summary, words
from tocsin.report.calendar import State
from tocsin.report.choices import UNDECIDED, Choices
from tocsin.report.format import Report
from tocsin.report.page import HostView, view_of
from tocsin.report.visible import shortened, visible

if TYPE_CHECKING:
    from tocsin.model.result import Result

_TEMPLATES = Path(__file__).parent.parent / "templates"
_FIRST_CITATIONS = 8
_MOST_CITATIONS = 60
_STATES: dict[State, str] = {
    State.PRESENT: "rows were read",
    State.PARTIAL: "rows, with a gap",
    State.GAP: "a gap: not one row",
    State.MISSING: "needed for the verdict, and not there",
    State.OUTSIDE: "before the first or after the last row",
}


def render(result: Result, _choices: Choices = UNDECIDED) -> bytes:
    """Print `result` as one HTML page in UTF-8.

    Whatever came from evidence is escaped, its invisible and acting characters are shown by
    their numbers, and no amount of it makes the page unusable: the rest is counted.
    """
    views = (view_of(host, number) for number, host in enumerate(result.hosts, start=1))
    hosts = sorted(views, key=lambda view: -view.rank.severity)
    page = _environment().get_template("report.html.j2")
    text = page.render(
        title=_title(hosts),
        question=_question(hosts),
        hosts=hosts,
        tool=result.tool,
        schema=result.schema,
    )
    return text.encode("utf-8")


def lists(result: Result, _choices: Choices) -> dict[str, bytes]:
    """Whom to warn of mail in question, and the note to them; mostly nothing."""
    return mail.beside(result)


def _title(hosts: list[HostView]) -> str:
    worst = hosts[0].host
    more = f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
    return f"{words.headline(worst.verdict)}: {shortened(worst.name, 80)}{more} (Tocsin)"


def _question(hosts: list[HostView]) -> str:
    if len(hosts) > 1:
        return f"were these {len(hosts)} servers broken into?"
    return f"was {shortened(hosts[0].host.name, 80)} broken into?"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES, encoding="utf-8"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["cut"] = lambda value, limit: shortened(str(value), limit)
    environment.filters["clip"] = _clip
    environment.filters["source"] = words.source
    environment.filters["pattern_title"] = summary.pattern_title
    environment.globals |= {
        "words": words,
        "exposures": exposures,
        "mail": mail,
        "states": _STATES,
        "FIRST": _FIRST_CITATIONS,
        "MOST": _MOST_CITATIONS,
    }
    return environment


def _clip(value: str, limit: int) -> str:
    """Cut without saying by how much, where the whole text stands nearby."""
    return value if len(value) <= limit else f"{value[: limit - 1]}…"


def _finalize(value: object) -> object:
    """Make every text visible that a template prints; markup of our own templates stays."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value, keep="\n\t")
    return value


REPORT = Report(
    name="html",
    title="One self-contained page for people",
    extension="html",
    media_type="text/html; charset=utf-8",
    render=render,
    beside=lists,
)
