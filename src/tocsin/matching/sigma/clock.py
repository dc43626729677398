"""The minute, hour, day, week, month or year in a field that holds a time."""

from __future__ import annotations

from datetime import UTC, datetime

PARTS = ("minute", "hour", "day", "week", "month", "year")


def time_part(text: str, part: str) -> int | None:
    """The wanted one of `PARTS` of an ISO 8601 time, in UTC; None where the text is no such time.

    A time without a zone is taken as UTC, which is what IIS and Exchange write. The week is
    ISO 8601's. A time without a date (the ``time`` field of IIS) has only an hour and a minute.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        if part not in ("hour", "minute"):
            return None
        try:
            time = datetime.fromisoformat(f"2000-01-01T{text}")
        except ValueError:
            return None
    try:
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:  # The first or last day that a time can have, moved beyond it.
        return None
    if part == "week":
        return time.isocalendar().week
    found: int = getattr(time, part)
    return found
