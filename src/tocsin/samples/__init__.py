"""Three servers that never were: what Tocsin is shown, tested and explained with.

`build` makes a zip of collected evidence from a recipe that a person can read
(`recipes/*.toml`). Nothing in it works as an attack tool: texts of web shells have no payload. The
same recipe gives the same bytes on every build.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.samples.archive import pack
from tocsin.samples.collectors import collect
from tocsin.samples.damage import spoil
from tocsin.samples.event_files import event_files
from tocsin.samples.logs import log_files
from tocsin.samples.play import play
from tocsin.samples.recipe import names, read_ordinary, read_recipe

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["build", "names"]


def build(name: str, folder: Path) -> Path:
    """Make the sample server `name` in `folder`, and return its zip.

    Raises `KnowledgeError` where there is no such recipe, or it cannot be played.
    """
    recipe = read_recipe(name)
    journal = play(recipe, read_ordinary())
    files = [
        *log_files(journal.rows, recipe.server),
        *event_files(journal.records, recipe.server),
        *journal.files,
    ]
    members = spoil(collect(files, recipe), recipe.damage)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.zip"
    path.write_bytes(pack(members))
    return path
