"""A match: one rule said yes to one event. It is mechanical; `tocsin.findings` judges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`rule` is the rule's id; `values` are the event's typed columns by our shared names."""

    rule: str
    artefact: Artefact
    event: Event
    values: dict[str, str]
