"""Play a recipe: its scenes and routines, line by line, into the journal of the server."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError
from tocsin.samples import exchange_rows, server_files, web_requests
from tocsin.samples.dice import Dice
from tocsin.samples.happening import Happening
from tocsin.samples.journal import Journal, Record, Row, ServerFile
from tocsin.samples.script import Names, expand, fill, read_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tocsin.samples.recipe import Macro, Ordinary, Recipe, Routine, Server, Use
    from tocsin.samples.script import Line

VERBS: dict[str, Callable[[Happening], Iterable[Row | Record | ServerFile]]] = {
    "request": web_requests.request,
    "ecp": exchange_rows.ecp,
    "ecp_activity": exchange_rows.ecp_activity,
    "oab": exchange_rows.oab,
    "ews": exchange_rows.ews,
    "track": exchange_rows.track,
    "cmdlet": exchange_rows.cmdlet,
    "rps_http": exchange_rows.rps_http,
    "event": server_files.event,
    "file": server_files.file,
}
"""What a script line can say, and who writes it down."""


def play(recipe: Recipe, ordinary: Ordinary) -> Journal:
    """All that happened on the recipe's server. Raises `KnowledgeError` for a bad line."""
    macros = ordinary.macros | recipe.macros
    names = ordinary.names | recipe.names
    journal = Journal(kept=recipe.kept)
    for line, dice in _all_lines(recipe, ordinary, macros):
        if line.verb not in VERBS:
            raise KnowledgeError(f"knows no verb {line.verb!r}", where=str(line.time))
        if line.time is None:
            raise KnowledgeError("needs a time", where=f"scene: {line.verb}")
        filled = fill(line, names | moment_names(recipe.server, line.time), dice)
        it = Happening(
            verb=line.verb, time=line.time, server=recipe.server, dice=dice, values=filled.values
        )
        for entry in VERBS[line.verb](it):
            journal.add(entry)
        it.finish()
    return journal


def moment_names(server: Server, time: datetime) -> Names:
    """The words that every script may use: who the server is, and what time it is."""
    major, minor, number, revision = server.build_at(time).split(".")
    return {
        "server": server.name,
        "domain": server.domain,
        "fqdn": server.fqdn,
        "netbios": server.netbios,
        "machine": f"{server.netbios}\\{server.name}$",
        "address": server.address,
        "url_host": server.url_host,
        "install": server.install,
        "folder": server.install.replace("/", "\\"),
        "build": server.build_at(time),
        "build_short": f"{major}.{minor}.{number}",
        "build_long": f"{major}.{int(minor):02}.{number}.{int(revision):03}",
        "now": f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03}",
    }


def _all_lines(
    recipe: Recipe, ordinary: Ordinary, macros: dict[str, Macro]
) -> Iterator[tuple[Line, Dice]]:
    for scene in recipe.scenes:
        for count, line in enumerate(read_lines(scene.lines, where=scene.title)):
            yield expand(line, macros), Dice(f"{recipe.server.fqdn}/{scene.title}/{count}")
    for count, use in enumerate(recipe.use):
        if use.routine not in ordinary.routines:
            raise KnowledgeError("no such routine", where=use.routine)
        seed = f"{recipe.server.fqdn}/{use.routine}/{count}"
        yield from _repeat(use, ordinary.routines[use.routine], macros, seed)


def _repeat(
    use: Use, routine: Routine, macros: dict[str, Macro], seed: str
) -> Iterator[tuple[Line, Dice]]:
    written = read_lines(routine.lines, where=use.routine)
    lines = [expand(line, macros) for line in written]
    for tick in _ticks(use, routine):
        dice = Dice(f"{seed}/{tick.isoformat()}")
        chosen = lines if routine.pick is None else dice.some(lines, routine.pick)
        time = tick
        for line in chosen:
            time += timedelta(milliseconds=dice.number(40, 4000))
            time += timedelta(seconds=dice.number(0, routine.jitter_seconds))
            if time < use.until:
                yield replace(line, time=time), dice


def _ticks(use: Use, routine: Routine) -> Iterator[datetime]:
    step = timedelta(minutes=use.every_minutes or routine.every_minutes)
    first, last = routine.hours
    tick = use.since
    while tick < use.until:
        free = routine.workdays and tick.weekday() >= 5
        if first <= tick.hour < last and not free:
            yield tick
        tick += step
