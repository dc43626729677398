"""Script lines: one thing that happened, in one line that a person can read.

::

    2021-03-03T06:44:34Z request protocol=Ecp method=POST url=/ecp/y.js client={intruder}
        status=241

The time is UTC; routines leave it out. Then comes the verb and its values. A value with spaces
stands in single or double quotes. A line that starts with a blank continues the one before, and
``#`` starts a remark. ``{word}`` stands for one of the recipe's names; a name with several values
gives any of them, and ``{guid}`` always a new GUID.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tocsin.samples.dice import Dice
    from tocsin.samples.recipe import Macro

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\S+\s+")
_VERB = re.compile(r"([a-z_]+)\s*")
_VALUE = re.compile(r"""([\w.-]+)=(?:"([^"]*)"|'([^']*)'|(\S*))(?:\s+|$)""")
_WORD = re.compile(r"\{([a-z][a-z0-9_]*)\}")
Names = dict[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One script line. `time` is None in a routine."""

    time: datetime | None
    verb: str
    values: Mapping[str, str]


def read_lines(text: str, *, where: str) -> Iterator[Line]:
    """The lines of a script. Raises `KnowledgeError` with the line that cannot be read."""
    joined: list[str] = []
    for raw in text.splitlines():
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        if raw[0].isspace() and joined:
            joined[-1] += " " + raw.strip()
        else:
            joined.append(raw.strip())
    for line in joined:
        yield read_line(line, where=where)


def read_line(text: str, *, where: str) -> Line:
    """One line. Raises `KnowledgeError` where it is not of the form above."""
    place = f"{where}: {text[:60]}"
    stamp = _TIME.match(text)
    rest = text[stamp.end() :] if stamp else text
    verb = _VERB.match(rest)
    if verb is None:
        raise KnowledgeError("no verb after the time", where=place)
    values: dict[str, str] = {}
    position = verb.end()
    while position < len(rest):
        found = _VALUE.match(rest, position)
        if found is None:
            raise KnowledgeError(f"not key=value: {rest[position:][:40]!r}", where=place)
        key, *texts = found.groups()
        values[key] = next(value for value in texts if value is not None)
        position = found.end()
    time = _time(stamp.group().strip(), place) if stamp else None
    return Line(time=time, verb=verb.group(1), values=values)


def expand(line: Line, macros: Mapping[str, Macro]) -> Line:
    """`line` with its macro, if its verb is one, written out.

    The caller's values take the place of the macro's own, except those that only fill a
    ``{word}`` of the macro.
    """
    macro = macros.get(line.verb)
    if macro is None:
        return line
    inner = read_line(macro.line, where=f"macro {line.verb}")
    asked = {word for value in inner.values.values() for word in _WORD.findall(value)}
    given: Names = {key: value for key, value in line.values.items() if key in asked}
    values = {key: _fill(value, given, None) for key, value in inner.values.items()}
    values |= {key: value for key, value in line.values.items() if key not in asked}
    return expand(replace(line, verb=inner.verb, values=values), macros)


def fill(line: Line, names: Names, dice: Dice) -> Line:
    """`line` with every ``{word}`` replaced. Raises `KnowledgeError` for a word without value."""
    values = {key: _fill(value, names, dice) for key, value in line.values.items()}
    left = {word for value in values.values() for word in _WORD.findall(value)}
    if left:
        raise KnowledgeError(f"no names {sorted(left)}", where=f"{line.time} {line.verb}")
    return replace(line, values=values)


def _fill(value: str, names: Names, dice: Dice | None) -> str:
    def one(found: re.Match[str]) -> str:
        word = found.group(1)
        if word == "guid" and dice is not None:
            return dice.guid()
        text = names.get(word)
        if text is None:
            return found.group()
        if isinstance(text, str):
            return _fill(text, names, dice)
        return dice.pick(text) if dice is not None else text[0]

    return _WORD.sub(one, value)


def _time(text: str, place: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise KnowledgeError(f"not a time: {text}", where=place) from error
    if time.tzinfo is None:
        raise KnowledgeError(f"a time needs its Z: {text}", where=place)
    return time
