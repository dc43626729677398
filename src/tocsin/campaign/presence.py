"""Which scans were whole, and which hosts they miss, while rows come in.

It says what `tocsin.campaign.transitions` says of them, and is kept up to date host by host
instead of being counted from nothing. Sets of scans are numbers with a bit for each, in the order
in which scans begin.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from tocsin.campaign.gathering import series_of
from tocsin.campaign.transitions import WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tocsin.campaign.gathering import Hosts

_Order = tuple["datetime", "datetime", str]


class Presence:
    """The scans of `hosts`. Call `follow` when rows came, `take` for each host, then ask."""

    def __init__(self, hosts: Hosts, absent_after: int) -> None:
        self._hosts = hosts
        # Nothing is missing where no scan misses it, whatever the rules say.
        self._absent_after = max(1, absent_after)
        self._bits: dict[int, int] = {}
        """By the place of a scan with times, its bit."""
        self._places: list[int] = []
        """By the number of a bit, the place of its scan."""
        self._names: list[tuple[datetime | None, str]] = []
        """Of every scan, when it begins and its file: where one changes, all is another."""
        self._series: dict[str, int] = {}
        self._of_bit: list[str] = []
        """By the number of a bit, the series of its scan."""
        self._masks: dict[str, int] = {}
        self._sizes: list[int] = []
        self._known = 0
        """Scans that saw a host which an earlier one of their series had seen."""
        self._groups: list[int] = []
        """By the number of a bit, the scans of its series that share hosts with it."""
        self._since: dict[int, datetime | None] = {}
        self.is_split = False
        """Whether groups may have come apart since `join_anew`: a host was cut."""

    def is_another(self) -> bool:
        """Whether what was known of earlier scans does not hold: rows came out of order."""
        files = self._hosts.files
        if any(
            (one.start, one.file) != name for one, name in zip(files, self._names, strict=False)
        ):
            return True
        old = [self._order(place) for place in self._places]
        fresh = [self._order(place) for place in self._fresh()]
        return any(left > right for left, right in pairwise(old)) or bool(
            old and fresh and min(fresh) < old[-1]
        )

    def follow(self) -> None:
        """Number the scans that are new."""
        for place in sorted(self._fresh(), key=self._order):
            file = self._hosts.files[place]
            bit = 1 << len(self._places)
            self._bits[place] = bit
            self._places.append(place)
            self._sizes.append(0)
            self._groups.append(bit)
            series = series_of(file.feed, file.file)
            self._series[series] = self._series.get(series, 0) | bit
            self._of_bit.append(series)
        self._names = [(one.start, one.file) for one in self._hosts.files]
        self._since = {}

    def bit(self, place: int) -> int:
        """The bit of a scan, 0 where it has no times."""
        return self._bits.get(place, 0)

    def of(self, key: str) -> int:
        """The scans that saw what is kept below a key, as it was taken last."""
        return self._masks.get(key, 0)

    def take(self, key: str, scans: int) -> None:
        """These scans saw what is kept below a key."""
        before = self._masks.get(key, 0)
        if scans == before:
            return
        self._masks[key] = scans
        for number in _numbers(scans & ~before):
            self._sizes[number] += 1
        gone = before & ~scans
        if gone:
            for number in _numbers(gone):
                self._sizes[number] -= 1
            self.is_split = True
        else:
            self._join(scans)

    def join_anew(self) -> None:
        """Find the groups from nothing."""
        self._known = 0
        self._groups = [1 << number for number in range(len(self._places))]
        for scans in set(self._masks.values()):
            self._join(scans)
        self.is_split = False

    def anchors(self, scans: int) -> int:
        """One scan of each group among these. They stay right when groups grow together."""
        found, rest = 0, scans
        while rest:
            lowest = rest & -rest
            found |= lowest
            rest &= ~self._groups[lowest.bit_length() - 1]
        return found

    def misses(self, last: datetime | None, anchors: int) -> bool:
        """Whether enough whole scans of these groups began after a host was seen last."""
        if last is None:
            return False
        if anchors not in self._since:
            starts = [self._begins(self._groups[number]) for number in _numbers(anchors)]
            self._since[anchors] = max((one for one in starts if one is not None), default=None)
        since = self._since[anchors]
        return since is not None and last < since

    def _begins(self, group: int) -> datetime | None:
        """When the first of the last whole scans began that are enough to miss a host."""
        numbers = list(_numbers(group))
        usual = median(self._sizes[number] for number in numbers)
        starts = [
            self._order(self._places[number])[0]
            for number in numbers
            if self._known >> number & 1 and self._sizes[number] >= WHOLE * usual
        ]
        return starts[-self._absent_after] if len(starts) >= self._absent_after else None

    def _join(self, scans: int) -> None:
        left = scans
        while left:
            own = left & self._series[self._of_bit[(left & -left).bit_length() - 1]]
            left ^= own
            later = own & (own - 1)
            if not later:
                continue
            self._known |= later
            if own & ~self._groups[(own & -own).bit_length() - 1] == 0:
                continue
            group, rest = own, own
            while rest:
                found = self._groups[(rest & -rest).bit_length() - 1]
                group |= found
                rest &= ~found
            for number in _numbers(group):
                self._groups[number] = group

    def _fresh(self) -> list[int]:
        return [
            place
            for place, file in enumerate(self._hosts.files)
            if file.start is not None and place not in self._bits
        ]

    def _order(self, place: int) -> _Order:
        """As a timeline orders scans; it is asked of those with times only."""
        file = self._hosts.files[place]
        assert file.start is not None  # noqa: S101 see above
        assert file.end is not None  # noqa: S101 both are set together
        return file.start, file.end, file.file


def _numbers(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
