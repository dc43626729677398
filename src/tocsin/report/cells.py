"""Cells of a table for spreadsheets: text of evidence that none of them runs."""

from __future__ import annotations

from unicodedata import normalize

from tocsin.report.visible import shortened, visible

_FORMULA = frozenset("=+-@\u2212")
_CELL_CHARACTERS = 32_000
"""What fits into a cell of the usual spreadsheets; what is longer is cut and says so."""


def harmless(text: str) -> str:
    """Text that no spreadsheet runs, with every invisible character shown by its number.

    A tab or an end of a line, which some skip before a formula, is shown so, too.
    """
    shown = visible(shortened(text, _CELL_CHARACTERS))
    return f"'{shown}" if _begins_formula(shown) else shown


def _begins_formula(shown: str) -> bool:
    """Wide and small forms of the signs count: spreadsheets of some languages run them, too."""
    first = shown.lstrip()[:1]
    return normalize("NFKC", first) in _FORMULA
