"""All indicators of a run, asked for every row and every file by what the row itself says.

Nothing here loops over indicators: names, hosts, addresses and URLs of the row are looked up, and
what is found so is tried by `Row.holds`, the exact definition.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from tocsin.matching.indicators.indicator import HASHES, Hit, Kind
from tocsin.matching.indicators.info import Infos
from tocsin.matching.indicators.patterns import PathPatterns, found_in
from tocsin.matching.indicators.row import Row, composed_url, prefixes, row_of_file
from tocsin.matching.indicators.words import WordList, telling_name, words_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tocsin.events.format import Column, Format
    from tocsin.matching.indicators.indicator import Indicator, Part, Source
    from tocsin.model.event import Event
    from tocsin.model.path import EvidencePath

Key = TypeVar("Key", str, int)
_Places: TypeAlias = int | tuple[int, ...]
_PATHS = frozenset({"file_path", "process", "parent_process", "url_path"})
_BY_NAME = frozenset({*HASHES, Kind.PATH, Kind.FILE_NAME})
_OF_FILES = frozenset({*_BY_NAME, Kind.PATTERN})


class IndicatorSet:
    """What could be loaded; immutable. `infos` are the claims, in the order of the lists."""

    def __init__(
        self,
        sources: Sequence[Source] = (),
        indicators: Sequence[Indicator] = (),
        also: Mapping[int, Sequence[str]] | None = None,
    ) -> None:
        """Index `indicators`, which stand in the order of `sources`."""
        self.infos = Infos(sources, indicators, also or {})
        self._indicators = indicators
        self._names: dict[str, _Places] = {}
        self._domains: dict[str, _Places] = {}
        self._addresses: dict[str, _Places] = {}
        self._networks: dict[tuple[int, int], dict[int, _Places]] = {}
        self._urls: dict[str, _Places] = {}
        self._agents: dict[str, _Places] = {}
        self._patterns: list[int] = []
        for place, indicator in enumerate(indicators):
            self._index(place, indicator.part)
        self._path_patterns = PathPatterns([indicators[one].part.key for one in self._patterns])
        self.kinds = frozenset(part.kind for one in indicators for part in one.parts)

    def __len__(self) -> int:
        return len(self._indicators)

    @property
    def digests(self) -> frozenset[str]:
        """The digests of files that are asked for (``md5``); each costs time for every file."""
        return frozenset(name for kind, name in HASHES.items() if kind in self.kinds)

    def words(self) -> WordList:
        """What a prefilter over the bytes of a log looks for."""
        return words_for(self._indicators)

    def served_by(self, formats: Sequence[Format]) -> Iterator[str]:
        """The ids of all indicators that something can have where these formats are present.

        Every file has a path and digests; a user agent has its own column.
        """
        agents = any(_columns(form.columns)["user_agent"] for form in formats)
        for place, indicator in enumerate(self._indicators):
            kinds = {part.kind for part in indicator.parts}
            if (formats or kinds <= _OF_FILES) and (agents or Kind.USER_AGENT not in kinds):
                yield self.infos.id_at(place)

    def match(self, event: Event, form: Format) -> Sequence[Hit]:
        """Every indicator that the row holds, in the order of the lists."""
        return self._hits(row_of(event, form)) if self._indicators else ()

    def file_match(
        self, path: EvidencePath, size_bytes: int, digests: Mapping[str, str]
    ) -> Sequence[Hit]:
        """Every indicator that the file has by its path on the server or one of its digests.

        `digests` are lower-case hex by the name of the algorithm. Nothing is looked for in the
        digests of a file without content, which many files have in common.
        """
        if not self._indicators:
            return ()
        return self._hits(row_of_file(path.server, digests if size_bytes else {}))

    def _index(self, place: int, part: Part) -> None:
        kind, key = part
        if kind in _BY_NAME:
            _add(self._names, telling_name(part), place)
        elif kind is Kind.ADDRESS:
            _add(self._addresses if ":" in key else self._names, key, place)
        elif kind is Kind.NETWORK:
            network = ip_network(key)
            same_width = self._networks.setdefault((network.version, network.prefixlen), {})
            shift = network.max_prefixlen - network.prefixlen
            _add(same_width, int(network.network_address) >> shift, place)
        elif kind is Kind.PATTERN:
            self._patterns.append(place)
        else:
            table = {Kind.DOMAIN: self._domains, Kind.URL: self._urls}.get(kind, self._agents)
            _add(table, key, place)

    def _hits(self, row: Row) -> Sequence[Hit]:
        tried = sorted(set(self._candidates(row)))
        found = [place for place in tried if self._holds(row, self._indicators[place])]
        if self._patterns:
            found = sorted({*found, *self._fitting(row)})
        return [Hit(rule=self.infos.id_at(one), indicator=self._indicators[one]) for one in found]

    def _holds(self, row: Row, indicator: Indicator) -> bool:
        return all(row.holds(part) for part in indicator.parts)

    def _candidates(self, row: Row) -> Iterator[int]:
        for name in self._names.keys() & row.names:
            yield from _places(self._names[name])
        if self._domains:
            for domain in self._domains.keys() & _domains_of(row.names):
                yield from _places(self._domains[domain])
        if self._addresses:
            for address in self._addresses.keys() & row.addresses:
                yield from _places(self._addresses[address])
        if self._networks:
            yield from self._around(row)
        if self._urls and row.urls:
            whole = {prefix for url in row.urls for prefix in prefixes(url)}
            for url in self._urls.keys() & whole:
                yield from _places(self._urls[url])
        for agent in row.agents:
            yield from _places(self._agents.get(agent, ()))

    def _around(self, row: Row) -> Iterator[int]:
        """The networks that the row's addresses lie in."""
        for address in map(ip_address, row.addresses):
            number, width = int(address), address.max_prefixlen
            for (version, prefix), networks in self._networks.items():
                if version == address.version:
                    yield from _places(networks.get(number >> (width - prefix), ()))

    def _fitting(self, row: Row) -> Iterator[int]:
        for path in row.paths:
            for one in self._path_patterns.matching(path):
                unless = self._indicators[self._patterns[one]].unless
                if not (unless and found_in(unless, path)):
                    yield self._patterns[one]


def row_of(event: Event, form: Format) -> Row:
    """A row of a log, looked at by its columns."""
    by_name = _columns(form.columns)
    fields = event.fields
    agents = [source for column in by_name["user_agent"] if (source := column.source) in fields]
    values = [value for name, value in fields.items() if name not in agents]
    if by_name["url_path"]:
        host, path, query = (
            next((value for column in by_name[name] if (value := column.value(event))), None)
            for name in ("url_host", "url_path", "url_query")
        )
        if path and (host or query):
            values.append(composed_url(host, path, query))
    return Row(
        values,
        [fields[name] for name in agents],
        lambda: [value for name in _PATHS for one in by_name[name] if (value := one.value(event))],
    )


@lru_cache(maxsize=64)
def _columns(columns: tuple[Column, ...]) -> Mapping[str, tuple[Column, ...]]:
    """The columns that matter here, by our name; all sources of each."""
    wanted = (*_PATHS, "user_agent", "url_host", "url_query")
    return {name: tuple(one for one in columns if one.name == name) for name in wanted}


def _domains_of(names: frozenset[str]) -> set[str]:
    """Every name that may be a host, and every domain that it lies in."""
    found = set()
    for name in names:
        while "." in name:
            found.add(name)
            name = name.partition(".")[2]  # noqa: PLW2901 - one label less each time
    return found


def _add(table: dict[Key, _Places], key: Key, place: int) -> None:
    """Most keys have one indicator: a tuple for each would double the memory."""
    known: tuple[int, ...] = _places(table.get(key, ()))
    table[key] = (*known, place) if known else place


def _places(places: _Places) -> tuple[int, ...]:
    return (places,) if isinstance(places, int) else places
