"""Compile YARA rules: a namespace for each file, and a reason for each rule that is broken."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yara_x

from tocsin.errors import KnowledgeError
from tocsin.matching.yara.externals import EXTERNALS
from tocsin.matching.yara.info import lead_info, pack_info, shortened
from tocsin.model.result import RuleFailure

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from tocsin.matching.yara.gather import Piece, Unit
    from tocsin.model.rule import RuleInfo

FAILURES_PER_FILE, SYNTAX_ERRORS_PER_FILE = 50, 3
"""Reasons that are listed for one file; the rest are one line with their number."""
_SLOW = frozenset({"SlowPattern", "PotentiallySlowLoop"})
_SLOW_LISTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSet:
    """Rules that are asked together, and the id of each by namespace and name.

    A private rule has no id. `slow` says where those stand of which YARA-X warns that they may
    take long (``file, line 3``), the first few.
    """

    compiled: yara_x.Rules
    ids: Mapping[tuple[str, str], str]
    slow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A set with what its rules claim, in rule order, and what failed."""

    rules: CompiledSet
    infos: Mapping[str, RuleInfo]
    failed: tuple[RuleFailure, ...]


def compile_units(units: Sequence[Unit], taken: Container[str]) -> Compiled:
    """Compile files, all of packs or all of the user, into one set; no id is one of `taken`.

    A rule that several files include is one rule, though it is compiled for each of them. Raises
    `KnowledgeError` where a rule of a pack is broken or lacks what it needs.
    """
    compiler = _compiler()
    pieces: list[Piece] = []
    for place, unit in enumerate(units):
        compiler.new_namespace(_namespace(place))
        for piece in unit.pieces:
            # Told apart by number: a name could be one that YARA-X cannot take.
            with suppress(yara_x.CompileError):  # It is among the errors, too.
                compiler.add_source(piece.text, origin=str(len(pieces)))
            pieces.append(piece)
    errors = [_failure(error, pieces) for error in compiler.errors()]
    if errors and any(unit.pack for unit in units):
        raise KnowledgeError(errors[0].reason, where=errors[0].file)
    warned = (_place(one, pieces) for one in compiler.warnings() if one.get("type") in _SLOW)
    slow = tuple(f"{file}, line {line}" for file, line in dict.fromkeys(warned))
    compiled = compiler.build()
    ids, infos = _claims(compiled, units, taken)
    return Compiled(
        rules=CompiledSet(
            compiled=compiled,
            ids=ids,
            slow=slow[:_SLOW_LISTED],
        ),
        infos=infos,
        failed=tuple(_listed(errors)),
    )


def _compiler() -> yara_x.Compiler:
    """Without includes: those of YARA-X lead anywhere."""
    compiler = yara_x.Compiler(relaxed_re_syntax=True, includes_enabled=False)
    compiler.ignore_invalid_rules(yes=True)
    for name in EXTERNALS:
        compiler.define_global(name, "")
    return compiler


def _namespace(place: int) -> str:
    return str(place)


def _claims(
    compiled: yara_x.Rules, units: Sequence[Unit], taken: Container[str]
) -> tuple[dict[tuple[str, str], str], dict[str, RuleInfo]]:
    """The id of each rule that may speak, and what each id stands for."""
    infos: dict[str, RuleInfo] = {}
    ids: dict[tuple[str, str], str] = {}
    known: dict[tuple[str, str], str] = {}
    slugs = _Slugs(taken)
    for rule in compiled:
        unit = units[int(rule.namespace)]
        if rule.identifier in unit.private:
            continue
        file = unit.origins.get(rule.identifier, unit.file)
        slug = known.get((file, rule.identifier))
        if slug is None:
            slug = slugs.free(shortened(rule.identifier)) if not unit.pack else slugs.own(unit)
            infos[slug] = _info(rule, unit, file, slug)
            known[file, rule.identifier] = slug
        ids[rule.namespace, rule.identifier] = slug
    return ids, infos


def _info(rule: yara_x.Rule, unit: Unit, file: str, slug: str) -> RuleInfo:
    if unit.pack:
        return pack_info(rule, pack=unit.pack, file=file, slug=slug)
    return lead_info(rule, file=file, slug=slug)


class _Slugs:
    """Gives ids away, each once."""

    def __init__(self, taken: Container[str]) -> None:
        self._taken = taken
        self._given: set[str] = set()
        self._last: dict[str, int] = {}

    def own(self, unit: Unit) -> str:
        """The id of one of our rules. Raises `KnowledgeError` where it is taken."""
        if unit.slug in self._given or unit.slug in self._taken:
            raise KnowledgeError(f"the id {unit.slug!r} is taken", where=unit.file)
        self._given.add(unit.slug)
        return unit.slug

    def free(self, wanted: str) -> str:
        """`wanted`, or the first of ``wanted-2``, ``wanted-3`` ... that is free."""
        number = self._last.get(wanted, 0) + 1
        slug = wanted if number == 1 else f"{wanted}-{number}"
        while slug in self._given or slug in self._taken:
            number += 1
            slug = f"{wanted}-{number}"
        self._last[wanted] = number
        self._given.add(slug)
        return slug


def _failure(error: Mapping[str, Any], pieces: Sequence[Piece]) -> RuleFailure:
    """What YARA-X says, at the line of the file; without the lines of the file that it quotes."""
    file, line = _place(error, pieces)
    title = str(error["title"])
    about = next((str(one["text"]) for one in error["labels"] if one["text"]), "")
    reason = title if not about or about == title else f"{title}: {about}"
    return RuleFailure(file=file, reason=f"line {line}: {shortened(reason)}")


def _place(told: Mapping[str, Any], pieces: Sequence[Piece]) -> tuple[str, int]:
    """File and line of a message of YARA-X."""
    label = told["labels"][0]
    piece = pieces[int(label["code_origin"])]
    return piece.file, piece.line + int(label["line"]) - 1


def _listed(errors: Sequence[RuleFailure]) -> list[RuleFailure]:
    """The failures, each once, the first of each file, and the number of the rest.

    Of what is no YARA at all the very first tell enough; each broken rule is worth its line.
    """
    seen: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    listed: list[RuleFailure] = []
    for one in dict.fromkeys(errors):
        is_syntax = ": syntax error" in one.reason
        seen[one.file] += 1
        if seen[one.file] <= (SYNTAX_ERRORS_PER_FILE if is_syntax else FAILURES_PER_FILE):
            listed.append(one)
        else:
            left_out[one.file] += 1
    for file, count in left_out.items():
        listed.append(RuleFailure(file=file, reason=f"{count} more errors in this file"))
    return listed
