"""`tocsin build VERSION...`: what a build is, what it lacks, and what to install."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import tocsin
from tocsin.cli.command import Command
from tocsin.cli.exits import Exit
from tocsin.cli.progress import progress_on
from tocsin.cli.times import day
from tocsin.errors import SourceError, UsageError
from tocsin.report import jsontext, patch_status
from tocsin.report.csaf import Publisher, vex
from tocsin.report.visible import visible
from tocsin.verdict.asked import asked
from tocsin.verdict.patching import evidence_status
from tocsin.verdict.patching import patch_status as status_of
from tocsin.verdict.survey import survey

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence
    from datetime import date

    from tocsin.model.patch_status import EvidenceStatus, PatchStatus
    from tocsin.verdict.survey import Survey

_WIDTH = 100


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "versions",
        nargs="*",
        metavar="VERSION",
        help="a build of four parts (15.1.2176.9, the file version of ExSetup.exe) or three",
    )
    parser.add_argument(
        "--evidence",
        type=Path,
        action="append",
        default=[],
        metavar="SOURCE",
        help="read the build from a collection (folder, archive) or one file of it; repeatable",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--json", action="store_true", help="one line of JSON on stdout for each VERSION or SOURCE"
    )
    form.add_argument(
        "--csaf",
        action="store_true",
        help="one CSAF 2.0 document of the profile VEX on stdout, for all of them",
    )
    parser.add_argument(
        "--on", metavar="DATE", help="the day for support and advice (UTC); today unless given"
    )
    parser.add_argument(
        "--publisher",
        default="A user of Tocsin",
        metavar="NAME",
        help="who issues the CSAF document (%(default)s)",
    )
    parser.add_argument(
        "--namespace",
        default="urn:tocsin:user",
        metavar="URI",
        help="a URI of the publisher, for the CSAF document (%(default)s)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress and no notes")


def run(arguments: Namespace) -> int:
    """Answer for every version or source."""
    on = day(arguments.on, "--on")
    if bool(arguments.versions) == bool(arguments.evidence):
        raise UsageError("give builds, or --evidence SOURCE, and not both")
    statuses = list(_statuses(arguments, on))
    if arguments.csaf:
        _print_vex(statuses, arguments, on)
    elif arguments.json:
        for one in statuses:
            sys.stdout.write(jsontext.line(one).decode())
    else:
        for one in statuses:
            _print_prose(patch_status.lines(one, on))
    return Exit.DONE


def _statuses(arguments: Namespace, on: date) -> Iterator[PatchStatus | EvidenceStatus]:
    """Understand everything before the first answer, so that none is printed beside an error."""
    for one in [asked(text) for text in arguments.versions]:
        if one.note and not arguments.quiet:
            print(f"tocsin: {one.text}: {one.note}", file=sys.stderr)
        yield status_of(one.number, on)
    errors: list[SourceError] = []
    for source in arguments.evidence:
        try:
            seen = survey(source, progress_on(sys.stderr, quiet=arguments.quiet))
        except SourceError as error:
            errors.append(error)
            continue
        if not arguments.quiet:
            _print_notes(source, seen)
        yield evidence_status(str(source), seen.sightings, seen.mitigations, on)
    for one_more in errors[:-1]:
        print(f"tocsin: {visible(str(one_more))}", file=sys.stderr)
    if errors:
        raise errors[-1]


def _print_notes(source: Path, seen: Survey) -> None:
    notes = list(seen.doubts)
    if seen.problems:
        places = "1 place" if seen.problems == 1 else f"{seen.problems} places"
        notes.append(f"{places} could not be read; tocsin hunt lists them")
    for note in notes:
        print(visible(f"tocsin: {source.name}: {note}"), file=sys.stderr)


def _print_vex(
    statuses: Sequence[PatchStatus | EvidenceStatus], arguments: Namespace, on: date
) -> None:
    unknown = [one for one in statuses if one.build is None]
    if unknown:
        raise UsageError("nothing in the evidence names a build to write about", where="--csaf")
    if ":" not in arguments.namespace:
        raise UsageError("needs a URI, such as https://example.org", where="--namespace")
    publisher = Publisher(name=arguments.publisher, namespace=arguments.namespace)
    document = vex(statuses, on=on, publisher=publisher, version=tocsin.__version__)
    sys.stdout.write(jsontext.document(document).decode())


def _print_prose(lines: Sequence[str]) -> None:
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        print(textwrap.fill(line, _WIDTH, subsequent_indent=indent, break_on_hyphens=False))
    print()


COMMAND = Command(
    name="build",
    help="Tell what a build of Exchange Server is, what it lacks, and what to install.",
    configure=configure,
    run=run,
)
