"""The incident report on paper: the JSON of one authority through a Typst template."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Literal

import msgspec

from tocsin.errors import UsageError

_TEMPLATE = Path(__file__).parent / "incident.typ"
_ACCESSIBLE: Literal["ua-1"] = "ua-1"
"""With the structure that screen readers need. Source: ISO 14289-1 (PDF/UA-1)."""
_NO_TIME = 0
"""A PDF file holds when it was made, and the same result must give the same bytes."""


def check_typesetter() -> None:
    """Raise `UsageError` where the typesetter, the extra `pdf`, is not installed."""
    if importlib.util.find_spec("typst") is None:
        raise UsageError(
            "the incident report as PDF needs the extra pdf: install tocsin[pdf], or add --no-pdf "
            "to get it as JSON alone",
            where="--format incident",
        )


def typeset(report: dict[str, Any]) -> bytes:
    """Lay out one authority's report as PDF. Raises `UsageError` without the typesetter.

    The template gets the report as data and prints its text as text. It reads no file, no font
    of this machine and no package.
    """
    check_typesetter()
    import typst  # noqa: PLC0415 an extra: everything else works without it

    printed = typst.compile(
        _TEMPLATE.read_bytes(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"report": msgspec.json.encode(report).decode()},
        timestamp=_NO_TIME,
        pdf_standards=_ACCESSIBLE,
    )
    if not isinstance(printed, bytes):
        raise TypeError("the typesetter gave pages, not one document")
    return printed
