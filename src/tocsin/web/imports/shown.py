"""Rows of a feed as a table for people: columns in which something stands, text made visible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.campaign.observation import FeedProblem, Observation
from tocsin.report.visible import shortened, visible
from tocsin.web.design.words import METHODS, SIGNS, word_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.campaign.observation import FeedRow

_MOST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """One row: where it stands, its cells by column, or what is wrong with it."""

    place: str
    cells: tuple[object, ...] = ()
    problem: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows, and the columns in which any of them has something."""

    columns: tuple[str, ...]
    rows: tuple[ShownRow, ...]


def table(rows: Sequence[FeedRow]) -> Table:
    """The table of some rows."""
    told = [_told(row) if isinstance(row, Observation) else {} for row in rows]
    columns = tuple(
        name
        for name in dict.fromkeys(name for one in told for name in one)
        if any(one.get(name) for one in told)
    )
    several = len({row.file for row in rows}) > 1
    return Table(
        columns=columns,
        rows=tuple(
            _row(row, _place(row, with_file=several), [one.get(name) for name in columns])
            for row, one in zip(rows, told, strict=True)
        ),
    )


def _place(row: FeedRow, *, with_file: bool) -> str:
    if row.row is None:
        return _text(row.file)
    return _text(f"{row.file}, row {row.row}") if with_file else f"{row.row}"


def _row(row: FeedRow, place: str, cells: Sequence[object]) -> ShownRow:
    if isinstance(row, FeedProblem):
        return ShownRow(place=place, problem=_text(row.detail), code=row.code)
    return ShownRow(place=place, cells=tuple(cells))


def _told(row: Observation) -> dict[str, object]:
    texts = {
        "Address": row.ip,
        "Port": str(row.port) if row.port else None,
        "Name": row.hostname,
        "Server": row.server_name,
        "Build": ", ".join(f"{build} ({word_in(METHODS, how)})" for build, how in row.builds),
        "Evidence": ", ".join(word_in(SIGNS, one) for one in row.evidence),
        "Claims": ", ".join(row.claims),
        "Tags": "; ".join(row.tags),
        "Further names": ", ".join(row.names),
        "Network": f"AS{row.asn}" if row.asn else None,
        "Country": row.country,
        "Sector": row.sector,
        "Exchange": None if row.about_exchange else "nothing in this row speaks of it",
        "Other columns": "; ".join(f"{name}: {text}" for name, text in row.extra),
    }
    return {"Time": row.time_utc, **{name: _text(text) for name, text in texts.items() if text}}


def _text(text: str) -> str:
    return shortened(visible(text), _MOST_TEXT)
