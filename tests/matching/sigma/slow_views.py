"""A web request as rules may look at it, said slowly: the definition for the reference.

It shares nothing with `tocsin.matching.sigma.uri` but what docs/reference/rules.md says: a whole rule
must hold for the row as it was logged, or with stem and query put together, or decoded once, or both.
Keywords always see the row as it was logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sigma.rule import SigmaDetection, SigmaDetectionItem
from sigma.types import SigmaFieldReference, SigmaRegularExpression, SigmaString, SpecialChars

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sigma.rule import SigmaRule

Fields = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Request:
    """Which columns of a log hold the request, and in which a plus sign may be a blank.

    `names` are what rules call the other columns.
    """

    stem: str
    query: str
    plus: tuple[str, ...] = ()
    names: Mapping[str, str]


STEMS = ("cs-uri-stem", "c-uri-stem")
QUERIES = ("cs-uri-query", "c-uri-query")
WHOLES = ("c-uri", "cs-uri", "url")


def views(
    fields: Mapping[str, str], request: Request | None, rule: SigmaRule
) -> Sequence[Mapping[str, str]]:
    """The fields of a row as logged, combined, decoded, and both, as far as `rule` sees them.

    What asks neither for a query nor for the whole URI, nor for a stem with a question mark, never
    sees stem and query put together.
    """
    if request is None:
        return [fields]
    found: list[Fields] = []
    for decoded in (False, True):
        row = dict(fields)
        stem, query = fields.get(request.stem), fields.get(request.query)
        extension = _extension(stem)
        if decoded:
            for column in request.plus:
                if column in row:
                    row[column] = row[column].replace("+", " ")
            plus = request.stem in request.plus
            stem, extension = _decoded(stem, plus=plus), _decoded(extension, plus=plus)
            query = _decoded(query, plus=True)
        found.append(_named(row, request, stem, query, _joined(stem, query), extension))
        whole = _joined(stem, query)
        if whole is not None and _looks_across(rule, request):
            found.append(_named(row, request, whole, whole, whole, extension))
    return [view for place, view in enumerate(found) if view not in found[:place]]


def _looks_across(rule: SigmaRule, request: Request) -> bool:
    items = [one for part in rule.detection.detections.values() for one in _items(part)]
    return any(
        not {item.field, *_other_fields(item)}.isdisjoint((request.query, *QUERIES, *WHOLES))
        or (item.field in (request.stem, *STEMS) and any(map(_has_mark, item.value)))
        for item in items
    )


def _other_fields(item: SigmaDetectionItem) -> list[str]:
    """The fields that it compares its own with: a rule asks for these too."""
    return [value.field for value in item.value if isinstance(value, SigmaFieldReference)]


def _items(part: SigmaDetection | SigmaDetectionItem) -> list[SigmaDetectionItem]:
    if isinstance(part, SigmaDetectionItem):
        return [part]
    return [item for one in part.detection_items for item in _items(one)]


def _has_mark(value: object) -> bool:
    if isinstance(value, SigmaRegularExpression):
        text = str(value.regexp)
        is_escaped = any(f"\\{letter}" in text for letter in "?QxXu0p")
        return is_escaped or any("?" in part.split("]")[0] for part in text.split("[")[1:])
    return isinstance(value, SigmaString) and any(
        part == SpecialChars.WILDCARD_SINGLE or (isinstance(part, str) and "?" in part)
        for part in value.s
    )


def _named(
    row: Mapping[str, str],
    request: Request,
    stem: str | None,
    query: str | None,
    whole: str | None,
    extension: str | None,
) -> Fields:
    """The row under all names that rules use for its parts."""
    texts = {name: row.get(column) for name, column in request.names.items()}
    texts |= dict.fromkeys((request.stem, *STEMS), stem)
    texts |= dict.fromkeys((request.query, *QUERIES), query)
    texts |= dict.fromkeys(WHOLES, whole)
    texts["c-uri-extension"] = extension
    return {**row, **{name: text for name, text in texts.items() if text is not None}}


def _decoded(text: str | None, *, plus: bool) -> str | None:
    if text is None:
        return None
    return unquote(text.replace("+", " ") if plus else text, errors="replace")


def _joined(stem: str | None, query: str | None) -> str | None:
    """Some logs have the question mark in the query already."""
    if query is None:
        return stem
    return (stem or "") + (query if query.startswith("?") else f"?{query}")


def _extension(stem: str | None) -> str | None:
    if stem is None:
        return None
    name = stem.split("?")[0].split("/")[-1]
    return name.split(".")[-1] if "." in name else None
