"""Times as users type them: ISO 8601, UTC unless they say otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tocsin.errors import UsageError


def since(text: str | None, option: str = "--since") -> datetime | None:
    """The first moment that counts; a date alone means its beginning."""
    return _parsed(text, option) if text is not None else None


def until(text: str | None) -> datetime | None:
    """The end, which itself no longer counts; a date alone means the end of that day."""
    if text is None:
        return None
    parsed = _parsed(text, "--until")
    try:
        return parsed + timedelta(days=1) if _is_date(text) else parsed
    except OverflowError as error:
        raise _no_time(text, "--until") from error


def day(text: str | None, option: str) -> date:
    """The day that was asked for, or today (UTC). Raises `UsageError`."""
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no day; write 2026-11-24", where=option) from error


def in_order(first: datetime | None, last: datetime | None) -> None:
    """Refuse a stretch of time that has no moment in it. Raises `UsageError`."""
    if first is not None and last is not None and first >= last:
        raise UsageError("--since must be before --until", where="--since")


def _parsed(text: str, option: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _no_time(text, option) from error


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _no_time(text: str, option: str) -> UsageError:
    return UsageError(
        f"{text!r} is no time; write 2021-03-03, 2021-03-03T04:05:06Z or with +01:00",
        where=option,
    )
