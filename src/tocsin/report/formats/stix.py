"""The result as a STIX 2.1 bundle, for threat intelligence platforms.

Source: OASIS, STIX Version 2.1, 10 June 2021.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid5

from tocsin.report.choices import UNDECIDED, Choices
from tocsin.report.format import Report
from tocsin.report.jsontext import document
from tocsin.report.stix.host import host_objects
from tocsin.report.stix.objects import OURS, Thing, author, markings

if TYPE_CHECKING:
    from tocsin.model.result import Result


def render(result: Result, choices: Choices = UNDECIDED) -> bytes:
    """Print one bundle: for each server a report, and all that it refers to.

    Ids follow from the content and times from the evidence, so that the same result imported
    twice is one. Everything carries the marking of `choices`.
    """
    made_by = author()
    marks = markings(choices.tlp, made_by["id"])
    things: dict[str, Thing] = {one["id"]: one for one in (made_by, *marks)}
    for host in result.hosts:
        for one in host_objects(host, result.tool, made_by["id"], [mark["id"] for mark in marks]):
            things.setdefault(one["id"], one)
    return document(
        {
            "type": "bundle",
            "id": f"bundle--{uuid5(OURS, ' '.join(things))}",
            "objects": list(things.values()),
        }
    )


REPORT = Report(
    name="stix",
    title="A STIX 2.1 bundle for threat intelligence platforms",
    extension="stix.json",
    media_type="application/stix+json;version=2.1",
    render=render,
    heeds=frozenset({"tlp"}),
)
