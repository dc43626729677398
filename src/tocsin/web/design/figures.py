"""Charts with the table behind them, for a screen and a phone: ``{% chart figure %}``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart in two widths, and its numbers; `note` says of how many, and when.

    A cell of `rows` may be a link (`format_html`); `head` names the columns.
    """

    title: str
    wide: str
    narrow: str
    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    note: str = ""
