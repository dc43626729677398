"""Reads text with a feed, for the tests of feeds."""

from __future__ import annotations

import io
from types import MappingProxyType
from typing import TYPE_CHECKING

from tocsin.campaign.exposure import judge
from tocsin.campaign.feed import FeedContext, all_feeds
from tocsin.campaign.observation import FeedProblem, Observation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.campaign.observation import FeedRow
    from tocsin.knowledge.status import StatusWord

PROXYLOGON = "CVE-2021-26855"
NO_MAPPING: Mapping[str, str] = MappingProxyType({})


def read(
    feed: str,
    data: str | bytes,
    *,
    mapping: Mapping[str, str] = NO_MAPPING,
    host: str | None = None,
) -> list[FeedRow]:
    """Every row."""
    content = data.encode() if isinstance(data, str) else data
    context = FeedContext(file="file", sha256="0" * 64, mapping=mapping, host=host)
    return list(all_feeds()[feed].read(io.BytesIO(content), context))


def observed(feed: str, data: str | bytes) -> list[Observation]:
    """Every row, none of which may be a problem."""
    rows = read(feed, data)
    assert [] == [row for row in rows if isinstance(row, FeedProblem)]
    return [row for row in rows if isinstance(row, Observation)]


def the_one(feed: str, data: str | bytes) -> Observation:
    """The only row, an observation."""
    (row,) = observed(feed, data)
    return row


def the_problem(feed: str, data: str | bytes) -> FeedProblem:
    """The only row, a problem."""
    (row,) = read(feed, data)
    assert isinstance(row, FeedProblem)
    return row


def status(row: Observation, cve: str = PROXYLOGON) -> StatusWord:
    """What our catalogue says of a row."""
    return judge(row, [cve])[cve].status
