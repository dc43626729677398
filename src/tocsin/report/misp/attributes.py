"""Attributes and objects of a MISP event.

Source: MISP core format (draft-dulaunoy-misp-core-format), and the object templates of
misp-objects, whose ids and versions stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from tocsin.report.traces import shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

Thing = dict[str, Any]

OURS = UUID("0a0e9c52-0a50-4d11-9b7c-6b9d7c7f6a5b")
"""Our namespace; it must never change, or MISP would take an event for another."""
INHERIT = "5"
"""Distribution as the event has it."""
_COMMENT_CHARACTERS = 1_000
_LAST_SECOND = 2**31 - 1
"""MISP keeps a time in seconds in 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An object template of misp-objects."""

    name: str
    meta_category: str
    uuid: str
    version: str
    description: str


FILE = Template(
    name="file",
    meta_category="file",
    uuid="688c46fb-5edb-40a3-8273-1af7923e2215",
    version="25",
    description="File object describing a file with meta-information",
)
PROCESS = Template(
    name="process",
    meta_category="misc",
    uuid="02aeef94-ac23-455c-addb-731757ceafb5",
    version="10",
    description="Object describing a system process.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of a value: for whom it is, since when, and whether to search for it."""

    comment: str
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    to_ids: bool = False


def seconds(time: datetime) -> str:
    """A time as MISP keeps it: whole seconds since 1970, UTC, in digits."""
    return str(min(max(int(time.timestamp()), 0), _LAST_SECOND))


def attribute(
    event: str, kind: str, category: str, value: str, said: Said, *, correlate: bool = True
) -> Thing:
    """An attribute of the event whose id is `event`."""
    seen = [time for time in (said.first_seen, said.last_seen) if time is not None]
    times = {"first_seen": _iso(min(seen)), "last_seen": _iso(max(seen))} if seen else {}
    return {
        "uuid": str(uuid5(OURS, f"{event} {category} {kind} {value}")),
        "type": kind,
        "category": category,
        "value": value,
        "to_ids": said.to_ids,
        "comment": shown(said.comment, _COMMENT_CHARACTERS),
        "distribution": INHERIT,
        "disable_correlation": not correlate,
        **times,
    }


def thing(
    event: str, template: Template, comment: str, parts: Iterable[tuple[str, Thing]]
) -> Thing:
    """An object of a template, of attributes by their relation to it."""
    named = [{**part, "object_relation": relation} for relation, part in parts]
    content = " ".join(f"{one['object_relation']}={one['value']}" for one in named)
    own = uuid5(OURS, f"{event} {template.name} {content}")
    return {
        "uuid": str(own),
        "name": template.name,
        "meta-category": template.meta_category,
        "description": template.description,
        "template_uuid": template.uuid,
        "template_version": template.version,
        "comment": shown(comment, _COMMENT_CHARACTERS),
        "distribution": INHERIT,
        "Attribute": [
            {**one, "uuid": str(uuid5(own, f"{one['object_relation']} {one['value']}"))}
            for one in named
        ],
    }


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="microseconds")
