"""What to do first, whatever the campaign: the file that says so, as ordered sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.root import cached, data_root
from tocsin.model.grade import Level

if TYPE_CHECKING:
    from pathlib import Path

FILE = "response.toml"


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step; `source` is where it comes from, if not from those of the whole file."""

    levels: tuple[Level, ...]
    text: str
    source: str = ""


class Response(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    steps: tuple[Step, ...]


def first_steps(level: Level) -> tuple[str, ...]:
    """What to do first after a verdict of this level, in order."""
    return tuple(step.text for step in _response().steps if level in step.levels)


@cached
def _response() -> Response:
    return read_response(data_root() / FILE)


def read_response(path: Path) -> Response:
    """Read the file. Raises `KnowledgeError` with file and key."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Response)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise KnowledgeError(str(error), where=path.name) from error
