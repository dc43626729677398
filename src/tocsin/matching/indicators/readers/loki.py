"""Lists of path patterns: ``PATTERN;SCORE`` or ``PATTERN;SCORE;PATTERN OF WHAT IS NOT MEANT``.

Source: the remarks at the head of filename-iocs.txt in Neo23x0/signature-base, for the scanners
LOKI and THOR. The patterns are regular expressions, found anywhere in a Windows path.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tocsin.matching.indicators.indicator import Kind, Part
from tocsin.matching.indicators.loading import shown
from tocsin.matching.indicators.patterns import MOST, checked
from tocsin.matching.indicators.readers.plain import HEADING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tocsin.matching.indicators.loading import Loading
    from tocsin.matching.indicators.source_text import Line

_ENTRY = re.compile(r"(?P<pattern>.+?);(?P<score>\d{1,3})(?:;(?P<unless>.*))?")


def is_one(lines: Sequence[Line]) -> bool:
    """Whether most of these first lines are patterns with a score."""
    entries = [line.text.strip() for line in lines if not line.text.strip().startswith(HEADING)]
    fitting = [one for one in map(_ENTRY.fullmatch, entries) if one and "\\" in one["pattern"]]
    return 2 * len(fitting) > len(entries)


def read(lines: Iterable[Line], loading: Loading) -> None:
    """Load every pattern that RE2 reads; the others are failures."""
    heading = ""
    for line in lines:
        text = line.text.strip()
        if line.problem:
            loading.fail(line.problem, line=line.number)
        elif text.startswith(HEADING):
            heading = text.lstrip("#/ \t") or heading
        else:
            _read_entry(text, heading, line.number, loading)


def _read_entry(text: str, heading: str, number: int, loading: Loading) -> None:
    entry = _ENTRY.fullmatch(text)
    if entry is None:
        loading.fail(f"{shown(text)} has no score behind a semicolon", line=number)
        return
    try:
        part = Part(Kind.PATTERN, checked(entry["pattern"]))
        unless = checked(entry["unless"]) if entry["unless"] else ""
    except ValueError as error:
        loading.fail(f"{shown(text)} {error}", line=number)
        return
    if loading.patterns >= MOST:
        loading.fail(f"is one more than the {MOST} path patterns of a run", line=number)
        return
    loading.patterns += 1
    comment = f"{heading} (score {entry['score']})".strip()
    loading.put((part,), entry["pattern"], comment=comment, line=number, unless=unless)
