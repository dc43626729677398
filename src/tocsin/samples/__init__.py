"""Servers that never were: what Tocsin is shown, tested and explained with.

`build` makes a zip of collected evidence from a recipe that a person can read (`recipes/*.toml`),
`build_chain` one of an attack and how it went (`recipes/chains/*.toml`). Nothing in it works as an
attack tool: texts of web shells have no payload. The same recipe gives the same bytes on every
build.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.samples.archive import pack
from tocsin.samples.collectors import collect
from tocsin.samples.damage import spoil
from tocsin.samples.event_files import event_files
from tocsin.samples.logs import log_files
from tocsin.samples.play import play
from tocsin.samples.recipe import (
    chain_names,
    names,
    read_chain,
    read_ordinary,
    read_recipe,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.samples.recipe import Recipe

__all__ = ["build", "build_chain", "chain_names", "names"]


def build(name: str, folder: Path) -> Path:
    """Make the sample server `name` in `folder`, and return its zip.

    Raises `KnowledgeError` where there is no such recipe, or it cannot be played.
    """
    return _build(read_recipe(name), folder / f"{name}.zip")


def build_chain(chain: str, outcome: str, folder: Path) -> Path:
    """Make the sample server of `chain` with this `outcome` in `folder`, and return its zip.

    Raises `KnowledgeError` where there is no such recipe, or it cannot be played.
    """
    return _build(read_chain(chain, outcome), folder / f"{chain}-{outcome}.zip")


def _build(recipe: Recipe, path: Path) -> Path:
    journal = play(recipe, read_ordinary())
    files = [
        *log_files(journal.rows, recipe.server),
        *event_files(journal.records, recipe.server),
        *journal.files,
    ]
    members = spoil(collect(files, recipe), recipe.damage)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pack(members))
    return path
