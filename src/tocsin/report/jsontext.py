"""JSON as every output of ours writes it: UTF-8, indented, the same bytes each time."""

from __future__ import annotations

from typing import Any

import msgspec


def document(value: Any) -> bytes:  # noqa: ANN401 any JSON value
    """One document over several lines, with a newline at its end.

    Keys keep their order. Text that no UTF-8 can carry (a lone surrogate) prints as a question
    mark.
    """
    return msgspec.json.format(_encoded(value), indent=2) + b"\n"


def line(value: Any) -> bytes:  # noqa: ANN401 any JSON value
    """One line of JSON Lines, with its newline."""
    return _encoded(value) + b"\n"


def _encoded(value: Any) -> bytes:  # noqa: ANN401 any JSON value
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_encodable(value))


def _encodable(value: Any) -> Any:  # noqa: ANN401 any JSON value goes in and out
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    return value
