"""A match: one rule said yes to one event. It is mechanical; `tocsin.findings` judges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tocsin.model.artefact import Artefact


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One row that one rule matched, kept small: what findings and citations need.

    `kind` is the coverage kind of its source. `place` counts as the artefact's format says.
    `values` are the row's typed columns by our shared names. `text` is the row verbatim, cut at
    `scan.TEXT_LIMIT`. `benign` names the benign patterns that the same row fits. A row that the
    second hunt found by a pivot has the rule id ``pivot:<key>``. A `damaged` row is one of which
    only a part could be read: it is never sure alone. `view` says in which view of the request the
    rule said yes (`tocsin.matching.sigma.uri.UriView`), None for the row as it was logged.
    """

    rule: str
    artefact: Artefact
    kind: str
    time: datetime | None
    place: int
    values: dict[str, str]
    text: str
    benign: tuple[str, ...] = ()
    damaged: bool = False
    view: str | None = None
