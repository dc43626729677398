"""Whether a log may be left out for being old. Only with proof; what is in doubt is taken.

All of this must hold: it is a text log (never a page, configuration, event log or file table); its
last write is before the time asked for; its last rows name a day, and every day that they name
lies more than a day before that time; and so does a date in its name, if there is one.
"""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.collect.reading import ReadFile
from tocsin.events.format import Unit, all_formats
from tocsin.evidence.magic import COMPRESSED_ENDINGS
from tocsin.evidence.own_manifest import LeftOut
from tocsin.evidence.times import from_unix_ns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tocsin.collect.walk import Found

TAIL_BYTES = 64 * 1024
_MARGIN = timedelta(days=1)
"""A log may be in local time, and the clock of a server may be wrong."""
_DAY = re.compile(rb"(?<!\d)(20\d\d)[-/](\d\d)[-/](\d\d)(?!\d)")
_IN_NAME = re.compile(r"(?<!\d)(20\d\d|\d\d)[-_]?([01]\d)[-_]?([0-3]\d)(?:\d\d)?(?!\d)")


def too_old(found: Found, since: datetime) -> LeftOut | None:
    """What the list says of `found` where it is proven to be too old; None where it is taken."""
    if not _is_text_log(found):
        return None
    try:
        modified = from_unix_ns(Path(os.fsdecode(found.source)).stat().st_mtime_ns)
        if modified is None or modified >= since:
            return None
        days = [*_days_in_tail(found)]
    except OSError:
        return None
    limit = (since - _MARGIN).date()
    named = _day_in_name(found.inside)
    if not days or max(days) >= limit or (named is not None and named >= limit):
        return None
    return LeftOut(path=found.inside, size=found.size_bytes, modified=modified, last_day=max(days))


def _is_text_log(found: Found) -> bool:
    forms = [all_formats().get(name) for name in found.asked_by]
    return not found.inside.lower().endswith(COMPRESSED_ENDINGS) and all(
        form is not None and form.unit is Unit.LINE for form in forms
    )


def _days_in_tail(found: Found) -> Iterator[date]:
    with ReadFile(found.source, most_bytes=2**63 - 1) as file:
        tail = file.tail(TAIL_BYTES).replace(b"\0", b"")
    for year, month, day in _DAY.findall(tail):
        try:
            yield date(int(year), int(month), int(day))
        except ValueError:
            continue


def _day_in_name(inside: str) -> date | None:
    found = _IN_NAME.search(inside.rpartition("/")[2])
    if found is None:
        return None
    year = int(found[1]) + (2000 if len(found[1]) == 2 else 0)
    try:
        return date(year, int(found[2]), int(found[3]))
    except ValueError:
        return None
