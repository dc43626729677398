"""Reads a campaign's rows once, in order of time: what is gathered of hosts, and the curve."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.campaign.gathering import Hosts
from tocsin.campaign.observation import FeedRow, Observation
from tocsin.web.assessing.curve import Curve

_TELL_EVERY = 5000


@dataclass(slots=True, kw_only=True)
class Gathering:
    """What rows tell. `regions` holds by host what feeds say of where it is."""

    hosts: Hosts = field(default_factory=Hosts)
    regions: dict[str, str] = field(default_factory=dict)
    earliest: datetime | None = None
    latest: datetime | None = None
    untimed: int = 0
    problems: int = 0

    def account(self) -> dict[str, int]:
        """How many rows there were, and which of them say nothing of a host."""
        return {
            "rows": self.hosts.rows,
            "elsewhere": self.hosts.elsewhere,
            "nameless": self.hosts.nameless,
            "untimed": self.untimed,
            "problems": self.problems,
        }


def gather(
    rows: Iterable[FeedRow], into: Gathering, curve: Curve | None, tell: Callable[[int], None]
) -> None:
    """Take every row; those without a time come first. `tell` hears how many there were."""
    hosts = into.hosts
    for number, row in enumerate(rows, start=1):
        if isinstance(row, Observation):
            when = row.time_utc
            if when is None:
                into.untimed += 1
            else:
                if curve is not None:
                    curve.before(when)
                if into.earliest is None:
                    into.earliest = when
                into.latest = when
            if row.extra:
                _note_region(into.regions, row)
        else:
            into.problems += 1
        hosts.add(row)
        if number % _TELL_EVERY == 0:
            tell(number)
    if curve is not None:
        curve.finish(into.latest)


def _note_region(regions: dict[str, str], row: Observation) -> None:
    """The first by the alphabet, so that the order of rows makes no difference."""
    for name, value in row.extra:
        if (
            name == "region"
            and value
            and (key := row.ip or (row.hostname or "").rstrip(".").lower())
        ):
            known = regions.get(key)
            if known is None or value < known:
                regions[key] = value
            return
