"""The story of an organisation or a host: what was told together, and what was not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tocsin.web.organisations.story import Moment, told_together

LAST = datetime(2021, 3, 14, tzinfo=UTC)


def seen(days_ago: int, alike: str) -> Moment:
    return Moment(LAST - timedelta(days=days_ago), "import", f"seen {alike}", alike=alike)


def test_sightings_of_two_feeds_between_two_things_are_two_moments_by_their_newest() -> None:
    found = [seen(0, "in a"), seen(1, "in b"), seen(2, "in a"), seen(3, "in a")]

    told = told_together(found)

    assert ["seen 3 times in a", "seen in b"] == [one.text for one in told]
    assert [found[0], found[2], found[3]] == list(told[0].behind)
    assert LAST == told[0].at


def test_what_happened_between_them_stays_between_them() -> None:
    fixed = Moment(LAST - timedelta(days=2), "fixed", "fixed")

    told = told_together([seen(0, "in a"), seen(1, "in a"), fixed, seen(3, "in a")])

    assert ["seen 2 times in a", "fixed", "seen in a"] == [one.text for one in told]
