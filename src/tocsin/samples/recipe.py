r"""A recipe: a sample server as text that a person can read and change.

Recipes lie in `recipes/*.toml`, those of chains in `recipes/chains/*.toml`. A recipe names the
server, the builds it ran, what its logs still hold, what happened (scenes of dated script lines),
what happens all the time (routines from `ordinary.toml`), and the damage done to the files
afterwards. Texts that a virus scanner might take for the real thing are broken up with TOML's
``\u`` escapes.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from tocsin.errors import KnowledgeError

RECIPES = Path(__file__).parent / "recipes"
"""Where the recipes lie."""
CHAINS = RECIPES / "chains"
"""Where the recipes of chains lie."""


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a TOML file holds; a misspelt key is an error."""


class Build(_File, frozen=True, kw_only=True):
    """The server ran this build from `since` (UTC) on."""

    since: datetime
    number: str


class Server(_File, frozen=True, kw_only=True):
    """Who the server is. `install` is Exchange's folder, with drive letter and forward slashes."""

    name: str
    domain: str
    netbios: str
    address: str
    url_host: str
    install: str
    builds: tuple[Build, ...]

    @property
    def fqdn(self) -> str:
        """The server's full name, in lower case."""
        return f"{self.name.lower()}.{self.domain}"

    def build_at(self, time: datetime) -> str:
        """The build that ran at `time`; before the first change, the first one."""
        ran = [build.number for build in self.builds if build.since <= time]
        return ran[-1] if ran else self.builds[0].number


class Kept(_File, frozen=True, kw_only=True):
    """What retention left of some logs: rows outside are gone before anybody collected them."""

    logs: tuple[str, ...]
    since: datetime
    until: datetime


class Macro(_File, frozen=True, kw_only=True):
    """A short name for a long script line; ``{word}`` takes the caller's value of that name."""

    line: str


class Scene(_File, frozen=True, kw_only=True):
    """Something that happened: dated script lines (see `tocsin.samples.script`)."""

    title: str
    lines: str


class Routine(_File, frozen=True, kw_only=True):
    """Something that happens all the time: script lines without a date.

    It runs every `every_minutes` between the `hours` of the day (UTC), on work days only where
    `workdays` says so. `pick` takes that many of the lines each time instead of all.
    """

    lines: str
    every_minutes: int
    hours: tuple[int, int] = (0, 24)
    workdays: bool = False
    pick: int | None = None
    jitter_seconds: int = 0


class Use(_File, frozen=True, kw_only=True):
    """A routine at work on this server, from `since` up to `until` (UTC)."""

    routine: str
    since: datetime
    until: datetime
    every_minutes: int | None = None


class Damage(_File, frozen=True, kw_only=True):
    """What became of the files whose path matches `file` (a glob over server paths).

    `at` is where in the file, from 0 (start) to 1 (end).
    """

    file: str
    how: Literal["lose", "cut", "cut_line", "nul", "utf16", "bytes", "duplicate", "encrypt"]
    at: float = 1.0


class Recipe(_File, frozen=True, kw_only=True):
    """One sample server. `collected` (UTC) is when somebody copied its evidence."""

    about: str
    collected: datetime
    layout: Literal["kape", "velociraptor", "plain"]
    server: Server
    names: dict[str, str | tuple[str, ...]] = {}
    kept: tuple[Kept, ...] = ()
    macros: dict[str, Macro] = {}
    use: tuple[Use, ...] = ()
    scenes: tuple[Scene, ...] = ()
    damage: tuple[Damage, ...] = ()


class Outcome(_File, frozen=True, kw_only=True):
    """How an attack went: it succeeded, it failed, or nobody tried.

    `builds` takes the place of the server's, where the outcome needs others.
    """

    about: str
    scenes: tuple[Scene, ...]
    builds: tuple[Build, ...] = ()


class ChainRecipe(_File, frozen=True, kw_only=True):
    """One server with all outcomes of an attack on it; the other fields are a `Recipe`'s.

    What the outcomes share stands once, so that a reader sees beside each other what success
    and failure leave behind.
    """

    about: str
    collected: datetime
    layout: Literal["kape", "velociraptor", "plain"]
    server: Server
    names: dict[str, str | tuple[str, ...]] = {}
    macros: dict[str, Macro] = {}
    use: tuple[Use, ...] = ()
    outcomes: dict[str, Outcome]

    def recipe(self, outcome: str) -> Recipe:
        """The server of one outcome."""
        told = self.outcomes[outcome]
        server = self.server
        if told.builds:
            server = msgspec.structs.replace(server, builds=told.builds)
        return Recipe(
            about=told.about,
            collected=self.collected,
            layout=self.layout,
            server=server,
            names=self.names,
            macros=self.macros,
            use=self.use,
            scenes=told.scenes,
        )


class Ordinary(_File, frozen=True, kw_only=True):
    """`ordinary.toml`: what every Exchange server does all day."""

    names: dict[str, str | tuple[str, ...]]
    macros: dict[str, Macro]
    routines: dict[str, Routine]


@cache
def names() -> tuple[str, ...]:
    """Every sample server that there is a recipe for."""
    return tuple(sorted({path.stem for path in RECIPES.glob("*.toml")} - {"ordinary"}))


def read_recipe(name: str) -> Recipe:
    """The recipe of this name. Raises `KnowledgeError` with file and key."""
    if name not in names():
        raise KnowledgeError(f"no such sample; there are {', '.join(names())}", where=name)
    return _toml(RECIPES / f"{name}.toml", Recipe)


@cache
def chain_names() -> tuple[tuple[str, str], ...]:
    """Every chain that there is a recipe for, with each of its outcomes."""
    return tuple(
        (path.stem, outcome)
        for path in sorted(CHAINS.glob("*.toml"))
        for outcome in _toml(path, ChainRecipe).outcomes
    )


def read_chain(chain: str, outcome: str) -> Recipe:
    """The recipe of one outcome. Raises `KnowledgeError` with file and key."""
    if (chain, outcome) not in chain_names():
        known = ", ".join(" ".join(one) for one in chain_names())
        raise KnowledgeError(f"no such chain; there are {known}", where=f"{chain} {outcome}")
    return _toml(CHAINS / f"{chain}.toml", ChainRecipe).recipe(outcome)


def read_ordinary() -> Ordinary:
    """What all servers share. Raises `KnowledgeError` with file and key."""
    return _toml(RECIPES / "ordinary.toml", Ordinary)


T = TypeVar("T")


def _toml(path: Path, kind: type[T]) -> T:
    """A recipe's file as `kind`. Raises `KnowledgeError` with file and key."""
    where = f"samples/recipes/{path.relative_to(RECIPES).as_posix()}"
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except msgspec.ValidationError as error:
        raise KnowledgeError(str(error), where=where) from error
    except msgspec.DecodeError as error:
        raise KnowledgeError(f"is not TOML: {error}", where=where) from error
