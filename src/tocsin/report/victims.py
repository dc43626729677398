"""Reading many results, and who the hosts in them belong to: what a count needs, and no more."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec

from tocsin.errors import UsageError
from tocsin.model.grade import Assurance, Grade, Level
from tocsin.model.result import SCHEMA
from tocsin.verdict.decide import ranks_as

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_HOSTS = 200_000
"""Hosts in all results together, and rows of the list of owners."""
KEYS = ("sector", "organisation", "country")
"""What a list of owners can tell of a host."""
_LONGEST = 200
"""Characters of a name; longer ones are cut, since whoever wrote a result may be hostile."""
_MOST_CVES = 20
_BROKE_IN = Grade.EXPLOITED.rank


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a result. Keys that are not counted are skipped, whatever is in them.

    So results of earlier and later versions can be counted together, and a large one costs no
    more memory than what is counted.
    """


class _Verdict(_Part, frozen=True, kw_only=True):
    level: Level
    assurance: Assurance


class _Pack(_Part, frozen=True, kw_only=True):
    pack: str
    level: Level | None = None
    not_applicable: str | None = None


class _Finding(_Part, frozen=True, kw_only=True):
    grade: Grade
    cves: tuple[str, ...] = ()
    first_seen: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class _Overlap(_Part, frozen=True, kw_only=True):
    name: str
    wording: str


class _Intruder(_Part, frozen=True, kw_only=True):
    groups: tuple[_Overlap, ...] = ()


class _Host(_Part, frozen=True, kw_only=True):
    source: str
    name: str
    verdict: _Verdict
    packs: tuple[_Pack, ...] = ()
    findings: tuple[_Finding, ...] = ()
    groups: tuple[_Overlap, ...] = ()
    intruders: tuple[_Intruder, ...] = ()


class _Result(_Part, frozen=True, kw_only=True):
    schema: str
    hosts: tuple[_Host, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim:
    """One host, as one result told of it.

    `level` is the one that it ranks as. `packs` has the level of each pack that applies, None
    where no evidence could decide it. `succeeded` and `tried` are sets of CVEs, as findings name
    them together. `overlaps` are words ("some overlap") and a group. `first_seen` (UTC) is the
    first trace of a break-in that is still there.
    """

    name: str
    source: str
    level: Level
    assurance: Assurance
    packs: tuple[tuple[str, Level | None], ...]
    succeeded: frozenset[tuple[str, ...]]
    tried: frozenset[tuple[str, ...]]
    overlaps: frozenset[tuple[str, str]]
    first_seen: datetime | None


def victims_in(content: bytes, where: str) -> list[Victim]:
    """The hosts of one result (`report.json`, or what `tocsin hunt --json` printed).

    Raises `UsageError` with `where` if it is none. Nothing in it is followed, opened or run.
    """
    try:
        result = msgspec.json.decode(content, type=_Result)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"is no result of tocsin hunt: {error}; give report.json, or what --json printed",
            where=where,
        ) from error
    if result.schema != SCHEMA:
        raise UsageError(f"its schema is not {SCHEMA}; hunt again", where=where)
    return [_victim(host) for host in result.hosts]


def owners_in(content: bytes, where: str) -> dict[str, dict[str, str]]:
    """Who each host belongs to, from CSV with a column ``host`` and at least one of `KEYS`.

    Hosts are in lower case. Commas or semicolons; UTF-8. Raises `UsageError` with file and line.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"is not UTF-8: {error.reason} at byte {error.start}", where=where) from (
            error
        )
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",")
    owners: dict[str, dict[str, str]] = {}
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        _check(columns, where)
        for cells in reader:
            for host, told in _owner(columns, cells, f"{where}: line {reader.line_num}"):
                if owners.setdefault(host, told) != told:
                    raise UsageError(
                        f"{host[:_LONGEST]} was listed before, with something else",
                        where=f"{where}: line {reader.line_num}",
                    )
            if len(owners) > MOST_HOSTS:
                raise UsageError(f"lists more than {MOST_HOSTS:,} hosts", where=where)
    except csv.Error as error:
        raise UsageError(str(error), where=f"{where}: line {reader.line_num}") from error
    return owners


def owner_of(victim: Victim, owners: Mapping[str, dict[str, str]]) -> dict[str, str]:
    """What the list tells of a host, by its name or else by its source; empty if nothing."""
    return owners.get(victim.name.lower()) or owners.get(victim.source.lower()) or {}


def _check(columns: list[str], where: str) -> None:
    if "host" not in columns or not any(key in columns for key in KEYS):
        raise UsageError(
            f"its first line must name the column host and one of {', '.join(KEYS)}", where=where
        )
    if len(set(columns)) < len(columns):
        raise UsageError("its first line names a column twice", where=where)


def _owner(
    columns: list[str], cells: list[str], where: str
) -> Iterator[tuple[str, dict[str, str]]]:
    """The host of a row with what is told of it; nothing for an empty line."""
    if not any(cell.strip() for cell in cells):
        return
    if len(cells) != len(columns):
        raise UsageError(f"has {len(cells)} cells in place of {len(columns)}", where=where)
    row = {name: cell.strip()[:_LONGEST] for name, cell in zip(columns, cells, strict=True)}
    if not row["host"]:
        raise UsageError("names no host", where=where)
    yield row["host"].lower(), {key: row[key] for key in KEYS if row.get(key)}


def _victim(host: _Host) -> Victim:
    broke_in = [one for one in host.findings if one.grade.rank >= _BROKE_IN]
    times = [time for one in broke_in if (time := _utc(one.first_seen)) is not None]
    groups = [*host.groups, *(group for one in host.intruders for group in one.groups)]
    succeeded = _chains(broke_in)
    return Victim(
        name=host.name[:_LONGEST],
        source=host.source[:_LONGEST],
        level=ranks_as(host.verdict.level, host.verdict.assurance),
        assurance=host.verdict.assurance,
        packs=tuple(
            (one.pack[:_LONGEST], one.level) for one in host.packs if not one.not_applicable
        ),
        succeeded=succeeded,
        tried=_chains(host.findings) - succeeded,
        overlaps=frozenset((_word(one), one.name[:_LONGEST]) for one in groups),
        first_seen=min(times, default=None),
    )


def _utc(time: datetime | None) -> datetime | None:
    """A time in UTC; None where it lies outside of the years that there are."""
    try:
        return time and time.astimezone(UTC)
    except OverflowError:
        return None


def _chains(findings: tuple[_Finding, ...] | list[_Finding]) -> frozenset[tuple[str, ...]]:
    """The CVEs that findings name together."""
    return frozenset(
        tuple(sorted({cve[:_LONGEST] for cve in one.cves})[:_MOST_CVES])
        for one in findings
        if one.cves
    )


def _word(overlap: _Overlap) -> str:
    """How firm an overlap is, in the words before "with"; never more than an overlap."""
    word = overlap.wording.partition(" with ")[0]
    return word if word in {"a marked overlap", "some overlap", "overlap"} else "overlap"
