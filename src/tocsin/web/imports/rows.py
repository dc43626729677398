"""Conversion between `tocsin.campaign.observation.Observation` and the table, both ways, exactly.

Values go in and come out as plain tuples and not as models: there are hundreds of thousands. Text
that no database takes (NUL, half a surrogate) is written as JSON behind a mark, and comes back.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from tocsin.campaign.observation import FeedProblem, Method, Observation
from tocsin.model.problem import ProblemCode
from tocsin.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.campaign.observation import FeedRow, SeenBuild

COLUMNS = (
    *("row", "host", "time", "ip", "port", "hostname", "server_name", "asn", "country"),
    *("sector", "about_exchange", "builds", "names", "tags", "evidence", "claims", "extra"),
)
"""The columns of a row in the order of `values_of`; before them stands the file's key."""

MAX_KEY = 255
"""Characters of a host's key; no name of a host is longer than 253."""

_MARK = "\x01"
_ODD = re.compile("[\x00\ud800-\udfff]|\\A\x01")
_REMEMBERED = 2**14


class FileKey(NamedTuple):
    """What all rows of a stored file have in common."""

    feed: str
    name: str
    sha256: str


def host_of(row: FeedRow) -> str:
    """The key that a row is gathered by: its address, or else its name; empty where none is said.

    It equals `Gathered.key`, but for names that are longer than any name can be, which are cut,
    and for characters that cannot be seen.
    """
    if row.ip:
        return row.ip
    return key_of(row.hostname) if isinstance(row, Observation) and row.hostname else ""


@lru_cache(maxsize=_REMEMBERED)
def key_of(name: str) -> str:
    """The key of a name, as `host_of` gives it."""
    return visible(name.rstrip(".").lower())[:MAX_KEY]


def values_of(row: Observation) -> tuple[Any, ...]:
    """The row as a tuple in the order of `COLUMNS`; times are aware, truth values are bool."""
    return (
        row.row,
        host_of(row),
        row.time_utc,
        row.ip or "",
        row.port,
        text_in(row.hostname),
        text_in(row.server_name),
        row.asn,
        text_in(row.country),
        text_in(row.sector),
        row.about_exchange,
        *lists_of(row),
    )


def lists_of(row: Observation) -> tuple[str, str, str, str, str, str]:
    """The lists of a row as they are written: the last columns of `COLUMNS`."""
    return (
        _kept_list_in(row.builds) if row.builds else "",
        list_in(row.names) if row.names else "",
        _kept_list_in(row.tags) if row.tags else "",
        _kept_list_in(row.evidence) if row.evidence else "",
        _kept_list_in(row.claims) if row.claims else "",
        list_in(row.extra) if row.extra else "",
    )


def observation_of(values: Sequence[Any], file: FileKey) -> Observation:
    """The row that a tuple in the order of `COLUMNS` was made of; its time is aware."""
    row, _host, time, ip, port, hostname, server_name, asn, country, *rest = values
    sector, about_exchange, builds, names, tags, evidence, claims, extra = rest
    return Observation(
        feed=file.feed,
        file=file.name,
        file_sha256=file.sha256,
        row=row,
        time_utc=time,
        ip=ip or None,
        port=port,
        hostname=text_out(hostname) if hostname else None,
        server_name=text_out(server_name) if server_name else None,
        names=_strings_out(names) if names else (),
        asn=asn,
        country=text_out(country) if country else None,
        builds=_builds_out(builds) if builds else (),
        about_exchange=bool(about_exchange),
        tags=_strings_out(tags) if tags else (),
        evidence=_strings_out(evidence) if evidence else (),
        claims=_strings_out(claims) if claims else (),
        sector=text_out(sector) if sector else None,
        extra=tuple((name, text) for name, text in list_out(extra)) if extra else (),
    )


def problem_of(
    file: FileKey, *, row: int | None, code: str, detail: str, ip: str, evidence: str
) -> FeedProblem:
    """The problem that a row of the quarantine was made of."""
    return FeedProblem(
        feed=file.feed,
        file=file.name,
        file_sha256=file.sha256,
        row=row,
        code=ProblemCode(code),
        detail=text_out(detail),
        ip=ip or None,
        evidence=_strings_out(evidence) if evidence else (),
    )


def text_in(text: str | None) -> str:
    """Text as it is written: itself, but for what no database takes; empty for nothing."""
    if not text:
        return ""
    if text.isprintable() or not _ODD.search(text):
        return text
    return _MARK + json.dumps(text)


def text_out(written: str) -> str:
    """The text that `text_in` wrote; empty stays empty."""
    if written.startswith(_MARK):
        return str(json.loads(written[len(_MARK) :]))
    return written


def list_in(items: tuple[Any, ...]) -> str:
    """Texts, or pairs of them, as JSON."""
    try:
        return orjson.dumps(items).decode()
    except TypeError:  # half a surrogate, which UTF-8 cannot carry
        return json.dumps(items, separators=(",", ":"))


def list_out(written: str) -> list[Any]:
    """What `list_in` wrote; pairs are lists."""
    try:
        found: list[Any] = orjson.loads(written)
    except orjson.JSONDecodeError:
        found = json.loads(written)
    return found


# The same few values stand in all rows.
_kept_list_in = lru_cache(maxsize=_REMEMBERED)(list_in)


@lru_cache(maxsize=_REMEMBERED)
def _strings_out(written: str) -> tuple[str, ...]:
    return tuple(list_out(written))


@lru_cache(maxsize=_REMEMBERED)
def _builds_out(written: str) -> tuple[SeenBuild, ...]:
    return tuple((build, Method(method)) for build, method in list_out(written))
