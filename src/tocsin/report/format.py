"""What a report format is: the contract that every file in `tocsin.report.formats` fulfils."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

from tocsin import plugins
from tocsin.errors import UsageError
from tocsin.report import formats
from tocsin.report.choices import UNDECIDED, Choices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tocsin.model.result import Result


class Render(Protocol):
    """The result and the choices of whoever hands it over in, the bytes of one file out."""

    def __call__(self, result: Result, choices: Choices = UNDECIDED, /) -> bytes:
        """Render; formats that nobody has to decide about ignore the choices."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One output.

    `name` is what `--format` takes and equals the module's name. `extension` comes without a dot:
    the file is written as ``report.<extension>``. `render` is pure: the same result and choices
    give the same bytes, and everything in it that came from evidence is treated as hostile.

    A format of several files has `beside`: the further ones by what follows ``report.`` in their
    names (``incident.nis2.pdf``). `heeds` names the choices that it makes something of. `check`
    raises `UsageError` before the work begins where it could not be written with them.
    """

    name: str
    title: str
    extension: str
    media_type: str
    render: Render
    beside: Callable[[Result, Choices], Mapping[str, bytes]] | None = None
    check: Callable[[Choices], None] | None = None
    heeds: frozenset[str] = frozenset()

    def files(self, result: Result, choices: Choices = UNDECIDED) -> dict[str, bytes]:
        """Every file of this format, by its name."""
        further = self.beside(result, choices) if self.beside else {}
        return {
            f"report.{self.extension}": self.render(result, choices),
            **{f"report.{name}": content for name, content in further.items()},
        }


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
