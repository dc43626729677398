"""What a hit of an indicator claims: a lead, which says whose list it is from and what it said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from tocsin.matching.indicators.indicator import HASHES, Kind
from tocsin.model.grade import Confidence, Grade, Severity
from tocsin.model.rule import RuleInfo, RuleKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.matching.indicators.indicator import Indicator, Source

PREFIX = "indicator-"
_SHOWN = 160
_WIDE = 2**16
_EMPTY_FILE = frozenset(hashlib.new(name, b"").hexdigest() for name in HASHES.values())
_ADDRESSES_CHANGE = "an address changes hands: it may have had another user at the time of the row"
_INSIDE = "this is not an address of the internet: machines in many networks have it"


class Infos(Mapping[str, RuleInfo]):
    """The claims of all indicators, each made when it is asked for: most of them never hit."""

    def __init__(
        self,
        sources: Sequence[Source],
        indicators: Sequence[Indicator],
        also: Mapping[int, Sequence[str]],
    ) -> None:
        """`also` says in which other places the indicator at a place was listed."""
        self._by_slug = {source.slug: source for source in sources}
        self._sources = sources
        self._indicators = indicators
        self._also = also
        self._made: dict[str, RuleInfo] = {}

    def id_at(self, place: int) -> str:
        """The id of the indicator at `place`: the list's slug, and its number in the list."""
        source = self._sources[self._indicators[place].source]
        return f"{PREFIX}{source.slug}-{place - source.first + 1}"

    def __getitem__(self, rule: str) -> RuleInfo:
        made = self._made.get(rule)
        if made is None:
            made = self._made[rule] = self._make(rule)
        return made

    def __iter__(self) -> Iterator[str]:
        return (self.id_at(place) for place in range(len(self._indicators)))

    def __len__(self) -> int:
        return len(self._indicators)

    def _make(self, rule: str) -> RuleInfo:
        slug, _, number = rule.removeprefix(PREFIX).rpartition("-")
        source = self._by_slug.get(slug) if rule.startswith(PREFIX) else None
        if source is None or not (number.isascii() and number.isdigit()):
            raise KeyError(rule)
        place = source.first + int(number) - 1
        if not 0 <= place < len(self._indicators) or self.id_at(place) != rule:
            raise KeyError(rule)
        return info_of(rule, self._indicators[place], source, self._also.get(place, ()))


def info_of(rule: str, indicator: Indicator, source: Source, also: Sequence[str]) -> RuleInfo:
    """The claim of one indicator; `also` are the other places where it is listed."""
    kind = indicator.part.kind
    value = _shortened(indicator.value)
    title = f"{kind[0].upper()}{kind[1:]} {value}, listed in {source.name}"
    if indicator.comment:
        title += f": {_shortened(indicator.comment)}"
    if also:
        title += f" (also {', '.join(also)})"
    file = source.file if indicator.line is None else f"{source.file}:{indicator.line}"
    return RuleInfo(
        id=rule,
        title=title,
        kind=RuleKind.LEAD,
        pack="",
        file=file,
        grade=Grade.ATTEMPT,
        confidence=Confidence.LOW,
        severity=Severity.HIGH if kind in HASHES else Severity.MEDIUM,
        benign_explanations=tuple(_explanations(indicator)),
        next_steps=("Ask whoever made the list what the indicator was seen to do, and when",),
    )


def _explanations(indicator: Indicator) -> Iterator[str]:
    """Why a hit may mean nothing."""
    kind, key = indicator.part
    if kind in HASHES and key in _EMPTY_FILE:
        yield "this is the hash of an empty file"
    if kind in (Kind.ADDRESS, Kind.NETWORK):
        inside = not (ip_address(key) if kind is Kind.ADDRESS else ip_network(key)).is_global
        yield _INSIDE if inside else _ADDRESSES_CHANGE
    if kind is Kind.NETWORK and (size := ip_network(key).num_addresses) > _WIDE:
        yield f"the network has {size} addresses" if size < 2**64 else "the network is very wide"
    if kind is Kind.FILE_NAME:
        yield "another file may have the same name"


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


class Together(Mapping[str, RuleInfo]):
    """The claims of rules, and behind them those of indicators. Few ask for all of them."""

    def __init__(self, rules: Mapping[str, RuleInfo], indicators: Infos) -> None:
        """No id is in both."""
        self._rules = rules
        self._indicators = indicators

    def __getitem__(self, rule: str) -> RuleInfo:
        found = self._rules.get(rule)
        return self._indicators[rule] if found is None else found

    def __iter__(self) -> Iterator[str]:
        yield from self._rules
        yield from self._indicators

    def __len__(self) -> int:
        return len(self._rules) + len(self._indicators)
