"""What `hunt` and `demo` share: hunt, show the answer, write the report."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from tocsin.cli import output
from tocsin.cli.progress import progress_on
from tocsin.cli.redaction import Redaction, key_path, without_names
from tocsin.errors import UsageError
from tocsin.hunt import Options, hunt
from tocsin.report import terminal
from tocsin.report.choices import UNDECIDED, Choices
from tocsin.report.format import all_reports, reports_named
from tocsin.verdict.names import NameCollector

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import TextIO

    from tocsin.model.result import Result
    from tocsin.report.format import Report

DEFAULT_FORMATS = ("html", "json")
_WIDTH_WITHOUT_TERMINAL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What comes out besides the exit code.

    With `as_json` the result goes to stdout and prose to stderr; files are then written only
    where `formats` or `folder` asks for them. `quiet` leaves one line for each server. `choices`
    are what the reports are made with, and `decided` the options by which somebody chose them.
    """

    formats: tuple[str, ...] | None = None
    folder: Path | None = None
    as_json: bool = False
    quiet: bool = False
    redaction: Redaction | None = None
    """Where it is there, nothing that comes out holds a name."""
    choices: Choices = UNDECIDED
    decided: tuple[tuple[str, str], ...] = ()
    """Each as the option and the choice's name: ``("--tlp", "tlp")``."""

    @property
    def writes_files(self) -> bool:
        """Whether a folder with report files is made."""
        return not self.as_json or self.formats is not None or self.folder is not None


def hunt_and_show(sources: Sequence[Path], options: Options, wanted: Wanted) -> Result:
    """Hunt through `sources`, print the answer and write the files that are wanted.

    What is wrong with the request is said before the work begins.
    """
    reports = reports_named(wanted.formats or DEFAULT_FORMATS) if wanted.writes_files else ()
    _check(reports, wanted)
    target = output.folder(wanted.folder, sources) if reports else None

    progress = progress_on(sys.stderr, quiet=wanted.quiet)

    if wanted.redaction is None:
        result = hunt(sources, options, progress)
    else:
        key = key_path(wanted.redaction.key_file, target, sources)
        names = NameCollector()
        result = hunt(sources, options, progress, names=names)
        result = without_names(result, names.taken(), wanted.redaction, key)

    if wanted.as_json:
        _print_json(result)
    prose = sys.stderr if wanted.as_json else sys.stdout
    _print_prose(result, prose, quiet=wanted.quiet)
    if not wanted.quiet:
        print(f"Tocsin {result.tool.version}, knowledge of {result.tool.knowledge}", file=prose)
    if target is not None:
        for path in output.write(result, reports, target, wanted.choices):
            if not wanted.quiet:
                print(f"Report: {path}", file=prose)
    return result


def _check(reports: Sequence[Report], wanted: Wanted) -> None:
    for option, choice in wanted.decided:
        if not any(choice in report.heeds for report in reports):
            heeding = [one.name for one in all_reports().values() if choice in one.heeds]
            raise UsageError(
                f"changes nothing in these reports; it is for --format {','.join(heeding)}",
                where=option,
            )
    for report in reports:
        if report.check is not None:
            report.check(wanted.choices)


def _print_json(result: Result) -> None:
    sys.stdout.write(all_reports()["json"].render(result).decode("utf-8"))
    sys.stdout.flush()


def _print_prose(result: Result, stream: TextIO, *, quiet: bool) -> None:
    if quiet:
        for host in result.hosts:
            print(terminal.one_line(host), file=stream)
        return
    if stream.isatty():
        _console(stream, width=None).print(terminal.render(result))
        return
    # Rich fills lines up with blanks; a file or a pipe is better without.
    laid_out = io.StringIO()
    _console(laid_out, width=_WIDTH_WITHOUT_TERMINAL).print(terminal.render(result))
    stream.writelines(f"{line.rstrip()}\n" for line in laid_out.getvalue().splitlines())


def _console(stream: TextIO, *, width: int | None) -> Console:
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
