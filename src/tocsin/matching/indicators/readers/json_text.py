"""JSON, as one document or as lines: STIX, MISP, or any objects with the usual names."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import orjson

from tocsin.errors import KnowledgeError
from tocsin.events.lines import encoding_of
from tocsin.matching.indicators.columns import folded
from tocsin.matching.indicators.loading import shown
from tocsin.matching.indicators.readers import misp, record, stix
from tocsin.matching.indicators.source_text import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tocsin.matching.indicators.loading import Loading
    from tocsin.matching.indicators.source_text import Line

Json = dict[str, Any]

DOCUMENT_BYTES = 2**26
"""The largest document; it is in memory as a whole, at several times its size."""
_LISTS = ("indicators", "iocs", "observables", "objects", "data", "results", "items", "value")
"""Under what name exports of platforms have their list."""
_DEEPEST = 8


def is_one(text: str) -> bool:
    """Whether a file that begins with `text` is JSON: ``[`` alone may begin an IPv6 address."""
    text = text.lstrip()
    return text.startswith("{") or (
        text[:1] == "[" and text[1:].lstrip()[:1] in {"", "{", '"', "["}
    )


def read(path: Path, loading: Loading) -> None:
    """Load lines where the first is an object of its own and more follow, else the document."""
    lines = lines_of(path)
    first = list(islice(lines, 2))
    if len(first) > 1 and isinstance(_decoded(first[0].text), dict):
        _read_lines(chain(first, lines), loading)
        return
    size = path.stat().st_size
    if size > DOCUMENT_BYTES:
        raise KnowledgeError(
            f"is one JSON document of {size} bytes, and {DOCUMENT_BYTES} is the most: "
            "split it, or export it as JSON lines"
        )
    try:
        value = orjson.loads(_utf8(path.read_bytes()))
    except orjson.JSONDecodeError as error:
        raise KnowledgeError(f"is no JSON: {error}") from error
    _read_value(value, loading, None)


def _utf8(data: bytes) -> bytes:
    encoding = encoding_of(data[: 2**16])
    return data.decode(encoding, "replace").lstrip("\ufeff").encode("utf-8", "replace")


def _read_lines(lines: Iterable[Line], loading: Loading) -> None:
    for line in lines:
        if line.problem:
            loading.fail(line.problem, line=line.number)
            continue
        value = _decoded(line.text)
        if value is None:
            loading.fail(f"{shown(line.text)} is no JSON", line=line.number)
        else:
            _read_value(value, loading, line.number)


def _decoded(text: str) -> object:
    try:
        return orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return None


def _read_value(value: object, loading: Loading, line: int | None, depth: int = 0) -> None:
    if isinstance(value, str):
        loading.add(value, None, line=line)
    elif isinstance(value, list) and depth < _DEEPEST:
        if value and all(isinstance(one, dict) and stix.is_object(one) for one in value):
            stix.read(value, loading, line=line)
            return
        for one in value:
            _read_value(one, loading, line, depth + 1)
    elif isinstance(value, dict) and depth < _DEEPEST:
        _read_object(value, loading, line, depth)
    else:
        loading.fail(f"{shown(str(value)[:80])} is no indicator", line=line)


def _read_object(value: Json, loading: Loading, line: int | None, depth: int) -> None:
    if value.get("type") == "bundle" and isinstance(value.get("objects"), list):
        stix.read(value["objects"], loading, line=line)
    elif stix.is_object(value):
        stix.read([value], loading, line=line)
    elif (events := misp.events_in(value)) is not None:
        for event in events:
            misp.read(event, loading, line=line)
    elif misp.is_attribute(value):
        misp.read({"Attribute": [value]}, loading, line=line)
    else:
        inner = next((value[name] for name in _LISTS if isinstance(value.get(name), list)), None)
        if inner is not None:
            _read_value(inner, loading, line, depth + 1)
        else:
            record.read(list(_named(value)), loading, line=line)


def _named(value: Json, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Names and texts of an object; of one inside of it with the names that are there."""
    for name, inner in value.items():
        if isinstance(inner, dict) and depth < _DEEPEST:
            yield from _named(inner, depth + 1)
        elif isinstance(inner, list):
            yield from ((folded(name), one) for one in inner if isinstance(one, str) and one)
        elif inner is not None and inner != "" and not isinstance(inner, dict):
            yield folded(name), str(inner)
