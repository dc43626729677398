"""What of a collection is shown to YARA: which files, how much of each, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.documents import evidence_time, file_fields
from tocsin.events.format import Unit
from tocsin.matching.indicators.files import KIND
from tocsin.matching.match import Match
from tocsin.matching.scan import TEXT_LIMIT
from tocsin.matching.yara.ask import SECONDS
from tocsin.model.artefact import Artefact
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from tocsin.events.format import Format
    from tocsin.evidence.collection import Member
    from tocsin.matching.rules import RuleSet
    from tocsin.matching.yara.ask import Hit

CONTENT_BYTES = 8 * 2**20
"""Bytes of a file that YARA reads unless the user says more; of a larger one the first part."""
_AS = "web_file"
"""The format in whose way a file is cited as such: by offset, as web files are."""
_BLOCK_BYTES = 64 * 2**10
SLOW_FILES = 10
"""Files that may take all their seconds; then each gets one, so that a hunt comes to its end."""


class Scope(StrEnum):
    """Which files YARA looks into."""

    WEB = "web"
    """What the server runs or obeys: web-reachable files, scheduled tasks, configurations."""
    ALL = "all"
    """Every file of the collection, for the user's rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentPlan:
    """How much of what YARA looks into; `seconds` are for one file, `size_bytes` too."""

    scope: Scope = Scope.WEB
    size_bytes: int = CONTENT_BYTES
    seconds: int = SECONDS

    def wants(self, form: Format | None, rules: RuleSet) -> bool:
        """Whether a file of this format, or of none, is shown to any rule at all.

        Rules of packs look at what the server runs or obeys: a web shell that a log or a mail
        quotes is none.
        """
        if form is not None and form.unit is Unit.DOCUMENT:
            return bool(rules.yara.order)
        return self.scope is Scope.ALL and bool(rules.yara.user_ids)


@dataclass(slots=True, kw_only=True)
class Shown:
    """What was shown so far: documents to all rules, other files to the user's alone."""

    documents: int = 0
    others: int = 0
    cut_short: int = 0

    def add(self, other: Shown) -> None:
        """Count what was shown by another process."""
        self.documents += other.documents
        self.others += other.others
        self.cut_short += other.cut_short


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What YARA found in one file, and what it did not get to see."""

    matches: tuple[Match, ...] = ()
    problems: tuple[Problem, ...] = ()


def look(
    member: Member,
    form: Format | None,
    first: Match | None,
    *,
    rules: RuleSet,
    plan: ContentPlan,
    shown: Shown,
) -> Looked:
    """Show one file to YARA, where the plan wants it to be shown.

    `first` is the document's first row in the form of a match, which the document's matches
    take place and columns from. Raises `OSError` where the file cannot be opened.
    """
    if not plan.wants(form, rules):
        return Looked()
    is_document = form is not None and form.unit is Unit.DOCUMENT
    with member.open() as stream:
        data, is_sound = _read(stream, plan.size_bytes + 1)
    fits = len(data) <= plan.size_bytes
    answer = rules.yara.ask(
        data[: plan.size_bytes],
        member.path,
        whole=fits and is_sound,
        with_packs=is_document,
        seconds=plan.seconds if shown.cut_short < SLOW_FILES else 1,
    )
    if is_document:
        shown.documents += 1
    else:
        shown.others += 1
    shown.cut_short += bool(answer.failures)
    row = first if is_document else None
    return Looked(
        matches=tuple(_match(hit, row, member) for hit in answer.hits),
        problems=(
            *(() if fits else (_cut(member, plan.size_bytes),)),
            *(_problem(member, ProblemCode.TOO_SLOW, text) for text in answer.failures),
        ),
    )


def _read(stream: BinaryIO, wanted: int) -> tuple[bytes, bool]:
    """Up to `wanted` bytes, and whether no damage came before; who reads the rows tells of it."""
    parts: list[bytes] = []
    try:
        while wanted > 0 and (part := stream.read(min(wanted, _BLOCK_BYTES))):
            parts.append(part)
            wanted -= len(part)
    except OSError:
        return b"".join(parts), False
    return b"".join(parts), True


def _match(hit: Hit, row: Match | None, member: Member) -> Match:
    """The rule's match: what the file is, and then where in it the rule found what."""
    base = row or _of_the_file(member, hit.found[0].offset if hit.found else 0)
    places = "; ".join(f"{one.name} at byte {one.offset}: {one.excerpt}" for one in hit.found)
    text = f"{base.text[: TEXT_LIMIT - len(places) - 2]}; {places}" if places else base.text
    return replace(base, rule=hit.rule, text=text)


def _of_the_file(member: Member, offset: int) -> Match:
    """A match at a place in the file as such; its time is the file's own."""
    artefact = Artefact(
        path=member.path, format=_AS, size_bytes=member.size_bytes, times=member.times
    )
    fields = file_fields(artefact)
    values = {"file_path": fields["FilePath"]}
    time = evidence_time(artefact)
    if time is not None:
        values["time_origin"] = fields["TimeOrigin"]
    text = f"{artefact.path.server}, {artefact.size_bytes} bytes"
    return Match(
        rule="", artefact=artefact, kind=KIND, time=time, place=offset, values=values, text=text
    )


def _cut(member: Member, limit: int) -> Problem:
    detail = f"only the first {limit} bytes were shown to YARA"
    return _problem(member, ProblemCode.TOO_LARGE, detail)


def _problem(member: Member, code: ProblemCode, detail: str) -> Problem:
    """Of a place in the file: the rest of the hunt has read it, so the file is not lost."""
    return Problem(artefact=member.path.inside, line=1, code=code, detail=detail)
