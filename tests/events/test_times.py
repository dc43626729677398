from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tocsin.events.times import utc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-03-03T06:49:46.210Z", datetime(2021, 3, 3, 6, 49, 46, 210_000, tzinfo=UTC)),
        ("2021-03-03 06:49:46", datetime(2021, 3, 3, 6, 49, 46, tzinfo=UTC)),
        ("2021-03-03T07:49:46+01:00", datetime(2021, 3, 3, 6, 49, 46, tzinfo=UTC)),
        ("2021-03-03T06:49:46.2101234Z", datetime(2021, 3, 3, 6, 49, 46, 210_123, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_aware_utc(text: str, expected: datetime) -> None:
    assert expected == utc(text)
    assert UTC == expected.tzinfo


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "2021-03-03",
        "3/3/2021 6:49:46 AM",
        "2021-02-30T06:49:46Z",
        "2021-W09-3T06:49:46Z",
        "0001-01-01T00:00:00+23:59",
        "2021-03-03T25:00:00Z",
        "ServerInfo~a]@host:444/ecp",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    assert utc(text) is None
