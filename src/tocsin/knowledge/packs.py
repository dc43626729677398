"""Campaign packs: a folder that an analyst can read, as typed objects.

A pack is `pack.toml`, `changes.toml`, `sigma/*.yml`, `yara/*.yar`, `chains/*.toml`, `benign/*.yml`
and `indicators/*.csv`. This module reads the folder and checks its TOML; compiling the rules is
`tocsin.matching`'s work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError, UsageError
from tocsin.knowledge.pack_about import EvidenceBase, Notice, PackFile, Sufficient, check_about
from tocsin.knowledge.pack_changes import CHANGES, RECORD, ChangeKind, PackChange, read_changes
from tocsin.knowledge.pack_toml import PackToml, name_in_packs, read_toml
from tocsin.knowledge.root import BUILTIN, cached, data_root
from tocsin.model.grade import Grade

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "DATA", "Chain", "ChangeKind", "EvidenceBase", "Notice", "Pack", "PackChange", "PackFile",
    "RuleFile", "Step", "Sufficient", "all_packs", "benign_titles", "chosen_packs",
    "read_own_pack", "read_pack",
]  # fmt: skip

_TITLE = re.compile(r"^title:(.+)$", re.MULTILINE)
DATA = BUILTIN
"""Where the facts of this release lie. Loaders ask `data_root()`: newer ones may be in use."""
_LAYOUT = (
    "pack.toml", CHANGES, RECORD, "sigma/*.yml", "benign/*.yml", "chains/*.toml", "yara/*.yar",
    "yara/*.examples.yml", "indicators/*.csv",
)  # fmt: skip


class Step(PackToml, frozen=True, kw_only=True):
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


class Chain(PackToml, frozen=True, kw_only=True):
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
    changes: tuple[PackChange, ...] = ()
    indicators: tuple[Path, ...] = ()
    """Lists in the form that ``--indicators`` reads."""
    own: Path | None = None
    """The folder of a pack that the user brought, which nobody signed; None for all others."""

    @property
    def detections(self) -> tuple[str, ...]:
        """The ids of the rules that a chain may name: all but the benign patterns."""
        return tuple(PurePath(file.path).stem for file in (*self.sigma, *self.yara))


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


def chosen_packs(slugs: Sequence[str], folders: Sequence[Path] = ()) -> tuple[Pack, ...]:
    """The packs that were asked for by slug, or all of them where none was, and the user's own.

    With a pack come those whose rules its chains name: without them some steps would never be
    seen. Raises `UsageError` for a slug that no pack has, and for a folder of the user's whose
    slug is taken.
    """
    packs = {pack.about.slug: pack for pack in all_packs()}
    for folder in folders:
        own = read_own_pack(folder)
        if own.about.slug in packs:
            raise UsageError(
                f"the slug {own.about.slug!r} is taken; rename the folder, and its slug, rules "
                "and chains with it",
                where=str(folder),
            )
        packs[own.about.slug] = own
    for slug in slugs:
        if slug not in packs:
            known = ", ".join(packs)
            raise UsageError(f"there is no pack {slug!r}; there are: {known}", where="--pack")
    brought = [slug for slug, pack in packs.items() if pack.own is not None]
    if not slugs:
        _with_needed(brought, packs)
        return tuple(packs.values())
    return tuple(packs[slug] for slug in _with_needed([*slugs, *brought], packs))


def _with_needed(slugs: Sequence[str], packs: Mapping[str, Pack]) -> list[str]:
    """`slugs`, and behind them the packs that the chains of these need, each once."""
    home = {rule: slug for slug, pack in packs.items() for rule in pack.detections}
    wanted = list(dict.fromkeys(slugs))
    for slug in wanted:
        named = [
            rule for chain in packs[slug].chains for step in chain.steps for rule in step.rules
        ]
        for rule in named:
            if rule not in home:
                raise KnowledgeError(
                    f"a chain names {rule!r}, which is in none of the packs in use",
                    where=f"{slug}/chains",
                )
        wanted += [new for new in dict.fromkeys(home[rule] for rule in named) if new not in wanted]
    return wanted


def read_own_pack(folder: Path) -> Pack:
    """Read a pack that the user brought. Raises `UsageError` for what is no folder of a pack."""
    if not (folder / "pack.toml").is_file():
        raise UsageError("is no folder of a pack: it holds no pack.toml", where=str(folder))
    return replace(read_pack(folder.resolve()), own=folder)


def read_pack(folder: Path) -> Pack:
    """Read one pack's folder. Raises `KnowledgeError` with file and key."""
    about = read_toml(folder / "pack.toml", PackFile, folder)
    check_about(about, where=f"{folder.name}/pack.toml")
    if about.slug != folder.name:
        raise KnowledgeError(
            f"slug {about.slug!r} must be the folder's name", where=f"{folder.name}/pack.toml"
        )
    _refuse_strays(folder)
    sigma, yara = _rules(folder, "sigma", "*.yml"), _rules(folder, "yara", "*.yar")
    rules = {PurePath(file.path).stem for file in (*sigma, *yara)} | _detections_beside(folder)
    chains = tuple(
        _chain(path, folder, rules) for path in sorted((folder / "chains").glob("*.toml"))
    )
    if not about.detectable:
        _refuse_attacks(chains, folder)
    return Pack(
        about=about,
        sigma=sigma,
        yara=yara,
        benign=_rules(folder, "benign", "*.yml"),
        chains=chains,
        changes=read_changes(folder),
        indicators=tuple(sorted((folder / "indicators").glob("*.csv"))),
    )


def _refuse_strays(folder: Path) -> None:
    """A rule under a wrong name or ending would be missing, and nobody would notice."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() or path.name.startswith("."):
            continue
        if not any(inside.match(pattern) for pattern in _LAYOUT):
            raise KnowledgeError(
                f"is nothing that a pack holds: {', '.join(_LAYOUT)}",
                where=name_in_packs(path, folder),
            )


def _refuse_attacks(chains: Sequence[Chain], folder: Path) -> None:
    """Where nothing tells an attack, no step may claim to. Of rules `pack check` asks the same."""
    for chain in chains:
        for step in chain.steps:
            if step.grade is not Grade.PROBE:
                raise KnowledgeError(
                    f"steps.{step.id}.grade: is {step.grade}, and pack.toml says detectable = "
                    "false: only probe is left",
                    where=f"{folder.name}/chains/{chain.id}.toml",
                )


def _chain(path: Path, folder: Path, rules: Collection[str]) -> Chain:
    """One chain, whose parts are known: a misspelt rule would be a step that is never seen."""
    chain, where = read_toml(path, Chain, folder), name_in_packs(path, folder)
    if chain.id != path.stem:
        raise KnowledgeError(f"id {chain.id!r} must be the file's name", where=where)
    steps = {step.id for step in chain.steps}
    for step in chain.steps:
        for rule in step.rules:
            if rule not in rules:
                raise KnowledgeError(
                    f"steps.{step.id}.rules: {rule!r} is no sigma or yara rule of this pack or "
                    "of any other",
                    where=where,
                )
        for need in step.needs:
            if need not in steps:
                raise KnowledgeError(
                    f"steps.{step.id}.needs: {need!r} is no step of this chain", where=where
                )
    return chain


def _detections_beside(folder: Path) -> set[str]:
    """The rules that a chain of this pack may borrow: those of the packs beside it.

    A pack that lies alone, while somebody writes it, borrows from the packs in use.
    """
    whole = (folder.parent.parent / "logsources.toml").is_file()
    packs = folder.parent if whole else data_root() / "packs"
    return {path.stem for path in (*packs.glob("*/sigma/*.yml"), *packs.glob("*/yara/*.yar"))}


def _rules(folder: Path, kind: str, pattern: str) -> tuple[RuleFile, ...]:
    return tuple(
        RuleFile(path=name_in_packs(path, folder), text=path.read_text(encoding="utf-8"))
        for path in sorted((folder / kind).glob(pattern))
    )
