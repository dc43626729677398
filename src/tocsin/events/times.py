"""Times as logs write them, as aware UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(text: str) -> datetime | None:
    """The ISO 8601 time in `text`, in UTC; a time without a zone counts as UTC.

    Returns None for anything else, dates alone included.
    """
    if len(text) < 16 or text[4] != "-" or text[7] != "-":
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
