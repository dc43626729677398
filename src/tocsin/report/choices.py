"""What whoever hands a result over decides; every format knows what to do without a decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Tlp(StrEnum):
    """How far what is handed over may travel, the strictest first.

    Source: FIRST, Traffic Light Protocol 2.0, August 2022.
    """

    RED = "red"
    AMBER_STRICT = "amber+strict"
    AMBER = "amber"
    GREEN = "green"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The decisions.

    `authorities` are the slugs of those to whom the reporter says that a duty exists; empty where
    nothing is said. `aware_since` is when the reporter became aware, UTC: no deadline is counted
    without it. `pdf` says whether documents for people are laid out as PDF too.
    """

    tlp: Tlp = Tlp.AMBER
    authorities: tuple[str, ...] = ()
    aware_since: datetime | None = None
    pdf: bool = True


UNDECIDED = Choices()
"""The choices of somebody who made none."""
