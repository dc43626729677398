"""What all feeds do alike: number their rows, and turn a value that is none into a problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypedDict

from tocsin.campaign.fields import FieldError, web_shell_in
from tocsin.campaign.json_records import Damage, objects
from tocsin.campaign.observation import FeedProblem, normal_address
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tocsin.campaign.feed import FeedContext
    from tocsin.campaign.observation import FeedRow, Observation


_COLLECTED = frozenset({"data", "http", "html", "request", "response", "endpoints", "services"})
"""Keys of JSON feeds below which pages and banners lie."""


class Place(TypedDict):
    """Where an observation comes from: its first four fields."""

    feed: str
    file: str
    file_sha256: str
    row: int


@dataclass(slots=True)
class Numbering:
    """The rows of one file, from 1. Each place is given out once."""

    feed: str
    context: FeedContext
    row: int = 0

    def next(self) -> Place:
        """The place of the next row."""
        self.row += 1
        return Place(
            feed=self.feed,
            file=self.context.file,
            file_sha256=self.context.sha256,
            row=self.row,
        )

    def problem(
        self,
        code: ProblemCode,
        detail: str,
        *,
        ip: str | None = None,
        evidence: tuple[str, ...] = (),
    ) -> FeedProblem:
        """The next row as a problem."""
        return FeedProblem(**self.next(), code=code, detail=detail, ip=ip, evidence=evidence)

    def of_file(self, code: ProblemCode, detail: str) -> FeedProblem:
        """A problem of the whole file, which is no row."""
        return FeedProblem(
            feed=self.feed,
            file=self.context.file,
            file_sha256=self.context.sha256,
            row=None,
            code=code,
            detail=detail,
        )

    def of_damage(self, damage: Damage) -> FeedProblem:
        """A damaged record."""
        if damage.whole_file:
            return self.of_file(damage.code, damage.detail)
        return self.problem(damage.code, damage.detail, evidence=damage.evidence)


Part = dict[str, Any]
"""A piece of a JSON record that is one row: a service of a host, an address of an event."""


def read_json(
    stream: BinaryIO,
    numbering: Numbering,
    observed: Callable[[Part, Place], Observation],
    parts: Callable[[dict[str, Any]], Iterable[Part]] = lambda record: (record,),
) -> Iterator[FeedRow]:
    """Rows of a JSON feed: each record in its `parts`, and each part by `observed`.

    `observed` may raise `FieldError`, which makes the row a problem. A record of no part is a row.
    """
    for record in objects(stream):
        if isinstance(record, Damage):
            yield numbering.of_damage(record)
            continue
        any_part = False
        for part in parts(record):
            any_part = True
            yield attempted(numbering, observed, part)
        if not any_part:
            yield numbering.problem(
                ProblemCode.BAD_RECORD, "nothing in it names a host", evidence=_signs(record)
            )


def attempted(
    numbering: Numbering, observed: Callable[[Part, Place], Observation], part: Part
) -> FeedRow:
    """The observation of one part, or the problem that it is."""
    place = numbering.next()
    try:
        return observed(part, place)
    except FieldError as error:
        return FeedProblem(
            **place,
            code=error.code,
            detail=error.detail,
            ip=_address_in(part),
            evidence=_signs(part),
        )


def needs_host(ip: str | None, hostname: str | None) -> None:
    """Raise `FieldError` where a row names neither address nor name."""
    if ip is None and hostname is None:
        raise FieldError(ProblemCode.BAD_VALUE, "it names neither an IP address nor a host")


def _signs(part: Part) -> tuple[str, ...]:
    """Of what the feed says itself; the pages that it collected say anything."""
    said = {name: value for name, value in part.items() if name not in _COLLECTED}
    return web_shell_in(repr(said).encode("utf-8", "replace"))


def _address_in(part: Part) -> str | None:
    for name in ("ip", "ip_str", "source.ip"):
        value = part.get(name)
        if isinstance(value, str) and (found := normal_address(value)):
            return found
    return None
