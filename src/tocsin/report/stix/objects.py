"""Makers of STIX 2.1 objects, and their identifiers.

Source: OASIS, STIX Version 2.1, 10 June 2021: 2.9 (identifiers), 3.2 (common properties), 7.2
(marking definitions). An id is a UUID of version 5 over the object's content: the same content has
the same id on every machine, and another content another one.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from tocsin.report.choices import Tlp

Thing = dict[str, Any]

OBSERVABLES = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""The namespace for the ids of cyber observables. Source: STIX 2.1, 2.9."""
OURS = UUID("f103872b-adda-4d42-97f2-907047d4d9e7")
"""Our namespace for everything else; it must never change."""
BEGINNING = datetime(2026, 11, 24, tzinfo=UTC)
"""When the objects that belong to no server (vulnerabilities, techniques) took this shape."""

_TLP_MARKINGS: dict[Tlp, str] = {
    Tlp.RED: "5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
    Tlp.AMBER_STRICT: "f88d31f6-486f-44da-b317-01333bde0b82",
    Tlp.AMBER: "f88d31f6-486f-44da-b317-01333bde0b82",
    Tlp.GREEN: "34098fce-860f-48ae-8e50-ebd3cc5e41da",
    Tlp.CLEAR: "613f2e26-407d-48c7-9eca-b8e91df99dc9",
}
"""Source: STIX 2.1, 7.2.1.4, which knows version 1 of the protocol."""
_TLP_WORDS: dict[Tlp, str] = {
    Tlp.RED: "red",
    Tlp.AMBER_STRICT: "amber",
    Tlp.AMBER: "amber",
    Tlp.GREEN: "green",
    Tlp.CLEAR: "white",
}
_TLP_SINCE = "2017-01-20T00:00:00.000Z"


def stamp(time: datetime) -> str:
    """A time as STIX writes it: UTC, to the millisecond, with ``Z``."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def domain(kind: str, created: datetime, marks: list[str], author: str, **content: Any) -> Thing:  # noqa: ANN401 any JSON value
    """A domain or relationship object. Its version is as old as what it tells of: `created`."""
    kept = {name: value for name, value in content.items() if value not in (None, [], "")}
    body = {
        "type": kind,
        "spec_version": "2.1",
        "created_by_ref": author,
        "created": stamp(created),
        "modified": stamp(created),
        "object_marking_refs": marks,
        **kept,
    }
    return {"type": kind, "id": f"{kind}--{uuid5(OURS, canonical(body))}", **body}


def observable(kind: str, marks: list[str], counted: Thing, **more: Any) -> Thing:  # noqa: ANN401 any JSON value
    """A cyber observable. `counted` are the properties that its id follows from."""
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid5(OBSERVABLES, canonical(counted))}",
        **counted,
        **{name: value for name, value in more.items() if value not in (None, [], "")},
        "object_marking_refs": marks,
    }


def process(marks: list[str], seen: Thing, **more: Any) -> Thing:  # noqa: ANN401 any JSON value
    """A process, which has no properties of its own to be known by; `seen` says where it was.

    STIX asks for a random id here. Ours has the shape of one, and follows from `seen`.
    """
    digest = hashlib.sha256(canonical(seen).encode()).digest()
    return {
        "type": "process",
        "spec_version": "2.1",
        "id": f"process--{UUID(bytes=digest[:16], version=4)}",
        **{name: value for name, value in more.items() if value not in (None, "")},
        "object_marking_refs": marks,
    }


def author() -> Thing:
    """Tocsin itself, which made the objects; whoever sends them on is another."""
    identity = {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{uuid5(OURS, 'tocsin')}",
        "created": stamp(BEGINNING),
        "modified": stamp(BEGINNING),
        "name": "Tocsin",
        "description": "An open-source tool that reads evidence collected from Exchange servers.",
        "identity_class": "system",
    }
    return {**identity, "created_by_ref": identity["id"]}


def markings(tlp: Tlp, made_by: str) -> list[Thing]:
    """The marking for this level; AMBER+STRICT is amber with a statement that makes it strict."""
    tlp_marking = {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{_TLP_MARKINGS[tlp]}",
        "created": _TLP_SINCE,
        "definition_type": "tlp",
        "name": f"TLP:{_TLP_WORDS[tlp].upper()}",
        "definition": {"tlp": _TLP_WORDS[tlp]},
    }
    if tlp is not Tlp.AMBER_STRICT:
        return [tlp_marking]
    statement = "TLP:AMBER+STRICT (TLP 2.0): for the recipient's own organisation only."
    return [
        tlp_marking,
        {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": f"marking-definition--{uuid5(OURS, statement)}",
            "created_by_ref": made_by,
            "created": stamp(BEGINNING),
            "definition_type": "statement",
            "definition": {"statement": statement},
        },
    ]


def canonical(value: Thing) -> str:
    """JSON in its canonical form, as RFC 8785 has it for everything but fractions."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def quoted(text: str) -> str:
    """Text as a constant of a STIX pattern. Source: STIX 2.1, 9.2."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
