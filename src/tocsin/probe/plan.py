"""What is asked: the file `plan.toml`, and nothing else. It cannot name anything but paths."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.probe.signs import Method

_FILE = Path(__file__).parent / "plan.toml"
_PATH = r"^/[A-Za-z0-9/._-]{1,200}$"
"""No query, no escapes, no parameters: a path and nothing that could act."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One page that is asked for with GET."""

    path: Annotated[str, msgspec.Meta(pattern=_PATH)]
    reads: tuple[Method, ...]
    every_sample: bool
    source: str


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    requests: tuple[Request, ...]

    def sample(self, number: int) -> tuple[Request, ...]:
        """What is asked on the connection with this number, counted from 0."""
        return tuple(one for one in self.requests if number == 0 or one.every_sample)

    def path(self, text: str) -> Request | None:
        """The request for this path; names of pages differ in capitals at will."""
        folded = text.lower()
        return next((one for one in self.requests if one.path.lower() == folded), None)


@cache
def the_plan() -> Plan:
    """The plan of this release. Raises `KnowledgeError`."""
    try:
        return msgspec.toml.decode(_FILE.read_bytes(), type=Plan)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise KnowledgeError(str(error), where=_FILE.name) from error
