"""Cells of a table for spreadsheets: text of evidence that none of them runs."""

from __future__ import annotations

from tocsin.report.visible import shortened, visible

_FORMULA = ("=", "+", "-", "@")
_CELL_CHARACTERS = 32_000
"""What fits into a cell of the usual spreadsheets; what is longer is cut and says so."""


def harmless(text: str) -> str:
    """Text that no spreadsheet runs, with every invisible character shown by its number."""
    shown = visible(shortened(text, _CELL_CHARACTERS))
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
