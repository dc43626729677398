"""What a report format is: the contract that every file in `tocsin.report.formats` fulfils."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tocsin import plugins
from tocsin.errors import UsageError
from tocsin.report import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tocsin.model.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One output.

    `name` is what `--format` takes and equals the module's name. `extension` comes without a dot:
    the file is written as ``report.<extension>``. `render` is pure: the same result gives the
    same bytes, and everything in it that came from evidence is treated as hostile.
    """

    name: str
    title: str
    extension: str
    media_type: str
    render: Callable[[Result], bytes]


@cache
def all_reports() -> dict[str, Report]:
    """Every format that there is, by name."""
    return plugins.load(formats, "REPORT", Report)


def reports_named(names: Iterable[str]) -> tuple[Report, ...]:
    """The formats asked for, each once, in the order asked. Raises `UsageError` for others."""
    there_are = all_reports()
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in there_are:
            raise UsageError(
                f"there is no report format {name!r}; there are {', '.join(there_are)}",
                where="--format",
            )
    return tuple(there_are[name] for name in wanted)
