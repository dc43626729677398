"""Campaign packs: a folder that an analyst can read, as typed objects.

A pack is `pack.toml`, `sigma/*.yml`, `yara/*.yar`, `chains/*.toml` and `benign/*.yml`. This module
reads the folder and checks its TOML; compiling the rules is `tocsin.matching`'s work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tocsin.errors import KnowledgeError, UsageError
from tocsin.knowledge.root import BUILTIN, cached, data_root
from tocsin.model.grade import Grade

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

_TITLE = re.compile(r"^title:(.+)$", re.MULTILINE)
DATA = BUILTIN
"""Where the facts of this release lie. Loaders ask `data_root()`: newer ones may be in use."""
_LAYOUT = (
    "pack.toml", "sigma/*.yml", "benign/*.yml", "chains/*.toml", "yara/*.yar",
    "yara/*.examples.yml",
)  # fmt: skip


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a TOML file holds; a misspelt key is an error."""


class Step(_File, frozen=True, kw_only=True):
    """One step of a chain: any of its rules, and how far the attack is when it is seen.

    `by_time` steps come from sources that share no key with the others (an event log knows no
    client address); they join a chain that was active within `near_seconds`. A step with `needs`
    counts only where one of the named steps was seen in the same chain: alone it is everyday work
    (an administrator who recreates a virtual directory). The absence of an `optional` step says
    nothing, so it is not told.
    """

    id: str
    title: str
    rules: tuple[str, ...]
    grade: Grade
    by_time: bool = False
    needs: tuple[str, ...] = ()
    optional: bool = False


class Chain(_File, frozen=True, kw_only=True):
    """An attack as an ordered list of steps, and what ties rows of several sources together.

    `keys` are column names shared by all formats (`Column.name`), strongest first: rows with an
    equal value belong together when they are at most `within_seconds` apart. `weak_keys`
    (addresses) tie only within `weak_within_seconds`, and never where they are load balancers.
    """

    id: str
    title: str
    cves: tuple[str, ...]
    attack: tuple[str, ...]
    keys: tuple[str, ...]
    weak_keys: tuple[str, ...]
    within_seconds: int
    weak_within_seconds: int
    near_seconds: int
    steps: tuple[Step, ...]
    benign_explanations: tuple[str, ...] = ()
    """What could explain the whole sequence harmlessly; single rows have explanations enough."""
    next_steps: tuple[str, ...] = ()


class Sufficient(_File, frozen=True, kw_only=True):
    """One set of sources that, complete over the window, is enough to decide the pack."""

    sources: tuple[str, ...]
    why: str


class PackFile(_File, frozen=True, kw_only=True):
    """`pack.toml`.

    `exploitation_from` and `exploitation_until` (UTC; the second is absent while it goes on) bound
    the pack's window. Sources are coverage kinds: a format's name, or ``format:stream``.
    """

    slug: str
    name: str
    """What people call it."""
    title: str
    summary: str
    updated: date
    cves: tuple[str, ...]
    decisive_cves: tuple[str, ...]
    """A server that is fixed for all of these cannot be exploited through this pack."""
    exploitation_from: datetime
    exploitation_until: datetime | None = None
    window_source: str
    sufficient: tuple[Sufficient, ...]
    next_steps: tuple[str, ...]
    references: tuple[str, ...]
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """A rule as it lies in the folder; `path` is relative to the packs' folder."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One campaign pack."""

    about: PackFile
    sigma: tuple[RuleFile, ...]
    yara: tuple[RuleFile, ...]
    benign: tuple[RuleFile, ...]
    chains: tuple[Chain, ...]


@cached
def all_packs() -> tuple[Pack, ...]:
    """Every pack, by slug."""
    return tuple(
        read_pack(folder)
        for folder in sorted((data_root() / "packs").iterdir())
        if folder.is_dir()
    )


@cached
def benign_titles() -> Mapping[str, str]:
    """What each benign pattern is called, by its slug."""
    return {
        PurePath(file.path).stem: title.group(1).strip()
        for pack in all_packs()
        for file in pack.benign
        if (title := _TITLE.search(file.text))
    }


def chosen_packs(slugs: Sequence[str]) -> tuple[Pack, ...]:
    """The packs that were asked for by slug, or all of them where none was.

    Raises `UsageError` for a slug that no pack has.
    """
    packs = {pack.about.slug: pack for pack in all_packs()}
    for slug in slugs:
        if slug not in packs:
            known = ", ".join(packs)
            raise UsageError(f"there is no pack {slug!r}; there are: {known}", where="--pack")
    return tuple(packs[slug] for slug in dict.fromkeys(slugs) or packs)


def read_pack(folder: Path) -> Pack:
    """Read one pack's folder. Raises `KnowledgeError` with file and key."""
    about = _toml(folder / "pack.toml", PackFile, folder)
    if about.slug != folder.name:
        raise KnowledgeError(
            f"slug {about.slug!r} must be the folder's name", where=f"{folder.name}/pack.toml"
        )
    _refuse_strays(folder)
    sigma, yara = _rules(folder, "sigma", "*.yml"), _rules(folder, "yara", "*.yar")
    rules = {PurePath(file.path).stem for file in (*sigma, *yara)}
    return Pack(
        about=about,
        sigma=sigma,
        yara=yara,
        benign=_rules(folder, "benign", "*.yml"),
        chains=tuple(
            _chain(path, folder, rules) for path in sorted((folder / "chains").glob("*.toml"))
        ),
    )


def _refuse_strays(folder: Path) -> None:
    """A rule under a wrong name or ending would be missing, and nobody would notice."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() or path.name.startswith("."):
            continue
        if not any(inside.match(pattern) for pattern in _LAYOUT):
            raise KnowledgeError(
                f"is nothing that a pack holds: {', '.join(_LAYOUT)}", where=_name(path, folder)
            )


def _chain(path: Path, folder: Path, rules: Collection[str]) -> Chain:
    """One chain, whose parts are known: a misspelt rule would be a step that is never seen."""
    chain, where = _toml(path, Chain, folder), _name(path, folder)
    if chain.id != path.stem:
        raise KnowledgeError(f"id {chain.id!r} must be the file's name", where=where)
    steps = {step.id for step in chain.steps}
    for step in chain.steps:
        for rule in step.rules:
            if rule not in rules:
                raise KnowledgeError(
                    f"steps.{step.id}.rules: {rule!r} is no sigma or yara rule of this pack",
                    where=where,
                )
        for need in step.needs:
            if need not in steps:
                raise KnowledgeError(
                    f"steps.{step.id}.needs: {need!r} is no step of this chain", where=where
                )
    return chain


def _rules(folder: Path, kind: str, pattern: str) -> tuple[RuleFile, ...]:
    return tuple(
        RuleFile(path=_name(path, folder), text=path.read_text(encoding="utf-8"))
        for path in sorted((folder / kind).glob(pattern))
    )


T = TypeVar("T")


def _toml(path: Path, kind: type[T], folder: Path) -> T:
    where = _name(path, folder)
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except FileNotFoundError as error:
        raise KnowledgeError("is missing", where=where) from error
    except msgspec.ValidationError as error:
        raise KnowledgeError(str(error), where=where) from error
    except msgspec.DecodeError as error:
        raise KnowledgeError(f"is not TOML: {error}", where=where) from error


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder.parent).as_posix()
