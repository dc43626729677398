"""The result as a MISP event, for import into MISP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.report.choices import UNDECIDED, Choices
from tocsin.report.format import Report
from tocsin.report.jsontext import document
from tocsin.report.misp.event import event_of

if TYPE_CHECKING:
    from tocsin.model.result import Result


def render(result: Result, choices: Choices = UNDECIDED) -> bytes:
    """Print one event over all servers.

    It is shared with nobody and not published. Only what a sure finding names is marked for
    detection (`to_ids`). Ids follow from the content, so that the same result is the same event.
    """
    return document({"Event": event_of(result, choices.tlp)})


REPORT = Report(
    name="misp",
    title="A MISP event, for your own organisation only",
    extension="misp.json",
    media_type="application/json",
    render=render,
    heeds=frozenset({"tlp"}),
)
