"""Exports: all rows that match, one after the other, whatever the page shows."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse

from tocsin.report.cells import harmless
from tocsin.web.campaigns.models import Campaign
from tocsin.web.lists.asking import Asked

_CHUNK = 2000
_BOM = "\ufeff"


def export(asked: Asked, campaign: Campaign, as_: str, now: datetime) -> StreamingHttpResponse:
    """The rows as ``csv`` or ``json``; the file is named by TLP, campaign, list and time."""
    written = _csv(asked) if as_ == "csv" else _json(asked, campaign, now)
    kind = "text/csv; charset=utf-8" if as_ == "csv" else "application/json"
    tlp = str(campaign.tlp).replace("+", "-")
    name = f"tlp-{tlp}_{campaign.slug}_{asked.listing.name}_{now:%Y%m%dT%H%MZ}.{as_}"
    response = StreamingHttpResponse(written, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


class _Echo:
    """A file that hands back what is written."""

    def write(self, text: str) -> str:
        return text


def _csv(asked: Asked) -> Iterator[str]:
    """RFC 4180 in UTF-8, with the mark by which Excel recognises it; no cell is a formula."""
    columns = asked.listing.columns
    writer = csv.writer(_Echo())
    yield _BOM
    yield writer.writerow([column.name for column in columns])
    for row in asked.rows.iterator(chunk_size=_CHUNK):
        yield writer.writerow([_cell(column.of(row)) for column in columns])


def _cell(value: object) -> str | int | float | Decimal:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, list | tuple | set):
        return harmless(", ".join(str(one) for one in value))
    return harmless(str(_plain(value)))


def _json(asked: Asked, campaign: Campaign, now: datetime) -> Iterator[str]:
    """An object with `rows`, and what they are: rows are written as they come."""
    columns = asked.listing.columns
    head = {
        "list": asked.listing.name,
        "campaign": campaign.slug,
        "tlp": str(campaign.get_tlp_display()),
        "exported_at": _plain(now),
        "filter": asked.in_words(),
        "address": asked.query.urlencode(),
        "of": asked.total,
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "rows": ['
    before = "\n"
    for row in asked.rows.iterator(chunk_size=_CHUNK):
        values = {column.name: _plain(column.of(row)) for column in columns}
        yield before + json.dumps(values, ensure_ascii=False)
        before = ",\n"
    yield "\n]}\n"


def _plain(value: object) -> Any:  # noqa: ANN401 what JSON holds
    """A value as JSON has it: times in UTC with Z, everything unknown as its text."""
    if isinstance(value, datetime):
        at = value.astimezone(UTC) if value.tzinfo else value
        return at.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(one) for one in value]
    if value is None or type(value) in {bool, int, float, str}:
        return value
    return str(value)
