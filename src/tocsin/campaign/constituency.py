"""The list of those whom a CSIRT looks after: a CSV or JSON file, read strictly.

A wrong line would send a notice to the wrong people. So a file with mistakes is refused, and the
message names the places and what to do. Networks that overlap are allowed, and reported.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tocsin.campaign import constituency_values as values
from tocsin.campaign.constituency_values import BadValueError
from tocsin.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

MAX_BYTES = 256 * 2**20
"""Larger lists are refused."""

_ERRORS_TOLD = 10
_MOST_COLUMNS = 200
_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constituent:
    """One organisation, with what is known to be its own.

    `region` is whatever the CSIRT counts by below a country. `hosts` were assigned by hand:
    addresses and names of single hosts. `networks` are CIDR, `domains` in lower case and without a
    leading dot. `contacts` are URIs or mail addresses, the first choice first; `language` is a tag
    such as ``nl`` or ``de-CH``; `keys` are fingerprints or URIs of OpenPGP keys or certificates.
    `place` is the file and the line or item.
    """

    organisation: str
    place: str
    sector: str | None = None
    country: str | None = None
    region: str | None = None
    hosts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    asns: tuple[int, ...] = ()
    contacts: tuple[str, ...] = ()
    language: str | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Constituency:
    """All of them, in the file's order, with notes for whoever keeps the list."""

    constituents: tuple[Constituent, ...]
    notes: tuple[str, ...] = ()


COLUMNS = tuple(one.name for one in fields(Constituent) if one.name != "place")
"""The columns of a CSV file and the keys of a JSON object; only ``organisation`` is required."""

_READERS: dict[str, Callable[[Any], Any]] = {
    "organisation": values.text,
    "sector": values.text,
    "country": values.country,
    "region": values.text,
    "hosts": values.hosts,
    "networks": values.networks,
    "domains": values.domains,
    "asns": values.asns,
    "contacts": values.contacts,
    "language": values.language,
    "keys": values.keys,
}


def read_constituency(content: bytes, name: str) -> Constituency:
    """Read a file that was called `name`. Raises `UsageError` with places and what to do. Pure."""
    if len(content) > MAX_BYTES:
        raise UsageError(f"is larger than {MAX_BYTES >> 20} MiB; split it", where=name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UsageError(
            f"line {line} is not UTF-8; save the file as UTF-8", where=name
        ) from error
    is_json = text.lstrip()[:1] in {"[", "{"}
    records = _json_records(text, name) if is_json else _csv_records(text, name)
    errors: list[str] = []
    notes: list[str] = []
    found: dict[str, Constituent] = {}
    for place, record in records:
        one = _constituent(place, record, errors, notes)
        if one is not None:
            _take(found, one, errors)
    constituents = tuple(found.values())
    errors += _claimed_by_hand(constituents)
    if not constituents and not errors:
        errors.append("names no organisation")
    if errors:
        rest = len(errors) - _ERRORS_TOLD
        more = f"; and {rest} more" if rest > 0 else ""
        raise UsageError("; ".join(errors[:_ERRORS_TOLD]) + more, where=name)
    return Constituency(
        constituents=constituents, notes=tuple(dict.fromkeys((*notes, *overlaps(constituents))))
    )


def overlaps(constituents: Iterable[Constituent]) -> tuple[str, ...]:
    """What two organisations claim, as sentences: networks first, then domains and systems."""
    every = tuple(constituents)
    return (
        *_network_overlaps(every),
        *_twice("domain", ((one, domain) for one in every for domain in one.domains)),
        *_twice("autonomous system", ((one, f"AS{asn}") for one in every for asn in one.asns)),
    )


Record = tuple[str, "Mapping[str, Any]"]


def _csv_records(text: str, name: str) -> Iterator[Record]:
    """The rows, with the lines that they begin on."""
    head = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: list[str] | None = None
    before = 0
    try:
        for row in rows:
            line, before = before + 1, rows.line_num
            if not any(cell.strip() for cell in row) or row[0].lstrip().startswith("#"):
                continue
            if columns is None:
                columns = [cell.strip().lower() for cell in row]
                _check_columns(columns, f"{name}:{line}")
            elif len(row) != len(columns):
                raise UsageError(
                    f"has {len(row)} fields where the header names {len(columns)}; put fields "
                    f"that hold {separator!r} into quotes",
                    where=f"{name}:{line}",
                )
            else:
                yield f"line {line}", dict(zip(columns, row, strict=True))
    except csv.Error as error:
        raise UsageError(f"{error}; check its quotes", where=f"{name}:{rows.line_num}") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object with a key twice: one of the two would be lost. Raises `KeyError`."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise KeyError(key)
        found[key] = value
    return found


def _json_records(text: str, name: str) -> Iterator[Record]:
    """The objects of the array, with their numbers."""
    try:
        document = json.loads(text, object_pairs_hook=_each_once)
    except KeyError as error:
        raise UsageError(
            f"the key {error.args[0]} stands twice in one object", where=name
        ) from error
    except json.JSONDecodeError as error:
        raise UsageError(f"is no JSON: {error.msg}", where=f"{name}:{error.lineno}") from error
    except RecursionError as error:
        raise UsageError("is nested too deeply", where=name) from error
    except ValueError as error:  # the interpreter reads no number of thousands of digits
        raise UsageError("holds a number that is too long", where=name) from error
    if isinstance(document, dict):
        document = document.get("constituents")
    if not isinstance(document, list):
        raise UsageError(
            'needs an array of objects, or an object with such an array as "constituents"',
            where=name,
        )
    for number, record in enumerate(document, start=1):
        if not isinstance(record, dict):
            raise UsageError(f"item {number} is no object", where=name)
        lowered = {str(key).strip().lower(): value for key, value in record.items()}
        _check_columns(list(lowered), f"{name}: item {number}")
        yield f"item {number}", lowered


def _check_columns(columns: list[str], where: str) -> None:
    if "organisation" not in columns:
        raise UsageError(
            f"there is no column organisation; the columns are {', '.join(COLUMNS)}", where=where
        )
    if len(columns) > _MOST_COLUMNS:
        raise UsageError(
            f"has {len(columns):,} columns; {_MOST_COLUMNS} are read at most", where=where
        )
    double = next((one for one in columns if one and columns.count(one) > 1), None)
    if double:
        raise UsageError(f"the column {double} stands there twice", where=where)
    for column in columns:
        meant = None if column in COLUMNS else _meant(column)
        if meant:
            raise UsageError(f"there is no column {column!r}; did you mean {meant}?", where=where)


@lru_cache(maxsize=1024)
def _meant(column: str) -> str | None:
    """The column that was most likely meant: each item of a JSON list asks for its own again."""
    found = difflib.get_close_matches(column, COLUMNS, n=1, cutoff=0.75)
    return found[0] if found else None


def _constituent(
    place: str, record: Mapping[str, Any], errors: list[str], notes: list[str]
) -> Constituent | None:
    found: dict[str, Any] = {}
    before = len(errors)
    for column, value in record.items():
        if column not in _READERS:
            if column:
                notes.append(f"the column {column!r} is not used")
            continue
        try:
            found[column] = _READERS[column](value)
        except BadValueError as error:
            errors.append(f"{place}: {column}: {error}")
    if len(errors) > before:
        return None
    if not found.get("organisation"):
        errors.append(f"{place}: organisation is empty; give its name")
        return None
    one = Constituent(place=place, **found)
    if not (one.hosts or one.networks or one.domains or one.asns):
        notes.append(
            f"{place}: nothing tells which hosts are {one.organisation}'s; add networks or domains"
        )
    return one


def _take(found: dict[str, Constituent], one: Constituent, errors: list[str]) -> None:
    """Several lines may speak of one organisation: they add up, and must not contradict."""
    known = found.get(one.organisation)
    if known is None:
        found[one.organisation] = one
        return
    joined: dict[str, Any] = {}
    for column in COLUMNS:
        old, new = getattr(known, column), getattr(one, column)
        if isinstance(old, tuple):
            joined[column] = tuple(dict.fromkeys((*old, *new)))
        elif old and new and old != new:
            errors.append(
                f"{one.place}: {column} of {one.organisation} is {new!r}, and {old!r} in "
                f"{known.place}; make them alike"
            )
        else:
            joined[column] = old or new
    if len(joined) == len(COLUMNS):
        found[one.organisation] = Constituent(place=known.place, **joined)


def _claimed_by_hand(constituents: Iterable[Constituent]) -> Iterator[str]:
    """A host that was assigned to two organisations by hand."""
    first: dict[str, Constituent] = {}
    for one in constituents:
        for host in one.hosts:
            other = first.setdefault(host, one)
            if other is not one:
                yield (
                    f"{one.place}: hosts: {host} is assigned to {other.organisation} "
                    f"({other.place}), too; leave it to one of them"
                )


def _network_overlaps(constituents: tuple[Constituent, ...]) -> Iterator[str]:
    """Each network that another organisation's holds, and each that two name alike."""
    spans = [(values.span(text), text, one) for one in constituents for text in one.networks]
    spans.sort(key=lambda found: found[0])
    open_: list[tuple[values.Span, str, Constituent]] = []
    for span, network, one in spans:
        while open_ and (open_[-1][0].version, open_[-1][0].end) < (span.version, span.end):
            open_.pop()
        if open_ and open_[-1][2] is not one:
            _, around, other = open_[-1]
            named = f"{one.organisation} ({one.place})"
            if around == network:
                yield f"{network} is claimed by {other.organisation} ({other.place}) and {named}"
            else:
                yield (
                    f"{network} of {named} lies inside {around} of {other.organisation} "
                    f"({other.place}): the longer prefix counts"
                )
        open_.append((span, network, one))


def _twice(what: str, claims: Iterable[tuple[Constituent, str]]) -> Iterator[str]:
    first: dict[str, Constituent] = {}
    for one, value in claims:
        other = first.setdefault(value, one)
        if other is not one:
            yield (
                f"the {what} {value} is claimed by {other.organisation} ({other.place}) and "
                f"{one.organisation} ({one.place})"
            )
