"""How all hosts stand, asked again and again while rows come in: for the points of a curve.

`tocsin.campaign.merge.merged` says the same from nothing, which costs as much each time as there
are hosts times scans. Here only hosts with rows since the last time are looked at, and only in
what their colour hangs on: which servers with which builds, in which order and how far apart.
Most hosts are alike in that, so each such pattern is judged once.

Rows have to come in order of time for this to be quick; what it says is right in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tocsin.campaign.gathering import is_address, sighting_of
from tocsin.campaign.merge import Colour, colour_of_sightings
from tocsin.campaign.nodes import is_gone
from tocsin.campaign.presence import Presence
from tocsin.campaign.sightings import is_claim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from tocsin.campaign.gathering import Hosts, Kept, Seen
    from tocsin.campaign.nodes import Rules

_REMEMBERED = 2**16
"""Patterns that are remembered, of some hundred bytes each."""


class Stood(NamedTuple):
    """How one host stands, in short: its colour over all CVEs that were asked of it together."""

    key: str
    colour: Colour
    compromised: bool
    vanished: bool


@dataclass(slots=True)
class _State:
    """One host as it was when rows came last.

    `last` is until when it was certainly seen, `scans` those that saw it, as bits of `Presence`,
    and `anchors` one scan of each of their groups.
    """

    colour: Colour = Colour.RED
    compromised: bool = False
    last: datetime | None = None
    scans: int = 0
    anchors: int = 0


class Standing:
    """Follows `hosts` while they grow: begin before the first row."""

    def __init__(self, hosts: Hosts, cves: Sequence[str], rules: Rules) -> None:
        self._hosts, self._cves, self._rules = hosts, tuple(cves), rules
        hosts.touched = set()
        self._states: dict[str, _State] = {}
        self._bare: set[str] = set()
        self._addresses: dict[str, str] = {}
        """Of the bare names those that one address has, and which: they are one host."""
        self._claims: dict[int, bool] = {}
        self._patterns: dict[Any, Colour] = {}
        self._spans: list[tuple[datetime | None, datetime | None]] = []
        """Of all looks at the last time."""
        self._presence = Presence(hosts, rules.absent_after)

    def now(self) -> Iterator[Stood]:
        """Every host, in no order."""
        self._follow()
        misses = self._presence.misses
        for key, one in self._states.items():
            yield Stood(key, one.colour, one.compromised, misses(one.last, one.anchors))

    def _follow(self) -> None:
        """Look at what rows changed since the last time."""
        since = len(self._spans)
        spans = [(one.start, one.end) for one in self._hosts.spans]
        changed = self._changed()
        if self._is_out_of_order(spans) or self._presence.is_another():
            # Rows came out of order, or a file beside its time: nothing that was known holds.
            self._presence = Presence(self._hosts, self._rules.absent_after)
            changed, since, self._states = [*self._states.keys() | changed], 0, {}
        self._spans = spans
        self._presence.follow()
        joined: dict[str, list[str]] = {}
        for name, address in self._addresses.items():
            joined.setdefault(address, []).append(name)
        for key in changed:
            self._look_at(key, (key, *sorted(joined.get(key, ()))), since)
        if self._presence.is_split:
            self._presence.join_anew()
            for one in self._states.values():
                one.anchors = self._presence.anchors(one.scans)

    def _is_out_of_order(self, spans: list[tuple[datetime | None, datetime | None]]) -> bool:
        """Whether earlier looks changed, or later ones lie before their ends."""
        before, after = self._spans, spans[len(self._spans) :]
        ends = [end for _, end in before if end is not None]
        starts = [start for start, _ in after if start is not None]
        return spans[: len(before)] != before or bool(ends and starts and min(starts) < max(ends))

    def _changed(self) -> list[str]:
        """The hosts with new rows, and those that other names belong to now."""
        touched, self._hosts.touched = self._hosts.touched or set(), set()
        self._bare |= {key for key in touched if key not in self._states and not is_address(key)}
        if not self._bare:
            return list(touched)
        before, now = self._addresses, self._hosts.addresses_by_name(self._bare)
        self._addresses = now
        changed = {now.get(key, key) for key in touched}
        for name, address in before.items() ^ now.items():
            changed |= {address, now.get(name, name)}
            self._states.pop(address, None)
            self._states.pop(name, None)
        return list(changed)

    def _look_at(self, key: str, parts: Sequence[str], since: int) -> None:
        state = self._states.get(key)
        kept = [self._hosts.kept(part) for part in parts]
        # What was cut may have lost looks; then all are looked at, as of a new host.
        if state is None or any(one.cut for one in kept):
            since, state = 0, self._states.setdefault(key, _State())
            state.scans = 0
        for part, one in zip(parts, kept, strict=True):
            self._see(state, part, one, since)
        if state.scans:
            state.anchors = self._presence.anchors(state.scans)
        state.compromised = any(one.evidence for one in kept)
        if not state.compromised:
            state.colour = self._colour([seen for one in kept for seen in one.seen])
        else:
            state.colour = Colour.RED

    def _see(self, state: _State, key: str, kept: Kept, since: int) -> None:
        """Note which scans saw it, and until when, by its looks from the place `since` on.

        Looks that came later show it later: each lies within one day.
        """
        spans, files, bit = self._hosts.spans, self._hosts.files, self._presence.bit
        every, last = self._presence.of(key) if since else 0, None
        for one in kept.seen:
            fresh = one.looks >> since
            claimed = self._is_claim(one)
            while fresh:
                lowest = fresh & -fresh
                fresh ^= lowest
                look = spans[since + lowest.bit_length() - 1]
                scan = bit(look.scan)
                every |= scan
                end = look.end
                if claimed or look.start is None or end is None:
                    continue
                state.scans |= scan
                seen = one.last.time
                if (
                    seen is not None
                    and look.start <= seen <= end
                    and one.last.file == files[look.scan].file
                ):
                    end = seen
                if last is None or end > last:
                    last = end
        self._presence.take(key, every)
        if last is not None and (state.last is None or last > state.last):
            state.last = last

    def _is_claim(self, one: Seen) -> bool:
        """Whether it is the owner's word. Equal kinds are one object, which `Hosts` keeps."""
        known = self._claims.get(id(one.kind))
        if known is None:
            known = self._claims[id(one.kind)] = is_claim(*one.kind)
        return known

    def _colour(self, seen: list[Seen]) -> Colour:
        observed = [one for one in seen if not self._is_claim(one)]
        pattern = self._pattern(observed)
        colour = self._patterns.get(pattern)
        if colour is None:
            if len(self._patterns) >= _REMEMBERED:
                self._patterns.clear()
            colour = self._patterns[pattern] = colour_of_sightings(
                [sighting_of(one) for one in observed], self._hosts.looks, self._cves, self._rules
            )
        return colour

    def _pattern(self, observed: list[Seen]) -> Any:  # noqa: ANN401 whatever can be a key
        """All that the colour of a host hangs on, which is not its names, ports and times.

        Of names and ports it is which of them are equal, of times their order, and which of them
        lie so near together as the rules ask. Servers that may be gone are asked for by name.
        """
        if len(observed) == 1:
            return observed[0].kind[1], observed[0].server is None
        observed.sort(key=lambda one: one.last.order)
        names: dict[str | None, int] = {None: 0}
        ports: dict[int | None, int] = {None: 0}
        times = [one.last.time for one in observed]
        rules = self._rules
        pattern = [
            (
                one.kind[1],
                names.setdefault(one.server, len(names)),
                ports.setdefault(one.port, len(ports)),
                _until(times, at, rules.one_look),
                _until(times, at, rules.vulnerable_holds),
                at > 0 and one.last.order == observed[at - 1].last.order,
            )
            for at, one in enumerate(observed)
        ]
        if len(names) <= 2:
            return tuple(pattern)
        sightings = [sighting_of(one) for one in observed]
        looks = self._hosts.looks
        gone = (is_gone(name, sightings, looks, rules) for name in names if name is not None)
        return tuple(pattern), tuple(gone)


def _until(times: Sequence[datetime | None], at: int, far: timedelta) -> int:
    """The place of the last of these times, which are in order, that is no farther away."""
    begin = times[at]
    if begin is None:
        return -1
    found = at
    for place in range(at + 1, len(times)):
        time = times[place]
        if time is None or time - begin > far:
            break
        found = place
    return found
