"""All indicators of a run, asked for every row and every file by what the row itself says.

Nothing here loops over indicators: names, hosts, addresses and URLs of the row are looked up, and
what is found so is tried by `Row.holds`, the exact definition.
"""

from __future__ import annotations

from functools import cached_property
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
_PATHS = ("file_path", "process", "parent_process", "url_path")
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
        parts = [part for one in indicators for part in one.parts]
        self.kinds = frozenset(part.kind for part in parts)
        self._with_url = Kind.URL in self.kinds or any(
            part.kind is Kind.PATH and "?" in part.key for part in parts
        )
        self._forms: dict[str, Columns] = {}

    def __len__(self) -> int:
        return len(self._indicators)

    @property
    def digests(self) -> frozenset[str]:
        """The digests of files that are asked for (``md5``); each costs time for every file."""
        return frozenset(name for kind, name in HASHES.items() if kind in self.kinds)

    def words(self) -> WordList:
        """What a prefilter over the bytes of a log looks for; worked out once."""
        return self._words

    def served_by(self, formats: Sequence[Format]) -> Iterator[str]:
        """The ids of all indicators that something can have where these formats are present.

        Every file has a path and digests; a user agent has its own column.
        """
        agents = any(self._columns(form).agents for form in formats)
        for place, indicator in enumerate(self._indicators):
            kinds = {part.kind for part in indicator.parts}
            if (formats or kinds <= _OF_FILES) and (agents or Kind.USER_AGENT not in kinds):
                yield self.infos.id_at(place)

    @cached_property
    def _words(self) -> WordList:
        return words_for(self._indicators)

    def match(self, event: Event, form: Format) -> Sequence[Hit]:
        """Every indicator that the row holds, in the order of the lists."""
        if not self._indicators:
            return ()
        return self._hits(self._columns(form).row(event, with_url=self._with_url))

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

    def _columns(self, form: Format) -> Columns:
        known = self._forms.get(form.name)
        if known is None or known.all is not form.columns:
            known = self._forms[form.name] = Columns(form)
        return known

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


class Columns:
    """The columns of a format that matter here, by our name; all sources of each."""

    def __init__(self, form: Format) -> None:
        """Sort them once, for all rows."""
        self.all = form.columns
        self.agents = self._named("user_agent")
        self.paths = tuple(one for name in _PATHS for one in self._named(name))
        self._request = tuple(self._named(name) for name in ("url_host", "url_path", "url_query"))

    def row(self, event: Event, *, with_url: bool) -> Row:
        """A row of a log; `with_url` with the URL that it wrote in several columns."""
        fields = event.fields
        agents = [source for one in self.agents if (source := one.source) in fields]
        values = [value for name, value in fields.items() if name not in agents]
        if with_url and self._request[1]:
            host, path, query = (_first(columns, event) for columns in self._request)
            if path and (host or query):
                values.append(composed_url(host, path, query))
        return Row(
            values,
            [fields[name] for name in agents],
            lambda: [value for one in self.paths if (value := one.value(event))],
        )

    def _named(self, name: str) -> tuple[Column, ...]:
        return tuple(one for one in self.all if one.name == name)


def _first(columns: Sequence[Column], event: Event) -> str | None:
    return next((value for one in columns if (value := one.value(event))), None)


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
