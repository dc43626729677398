"""`tocsin probe --scope FILE`: ask authorised hosts which build they run."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.cli.command import Command
from tocsin.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--scope",
        type=Path,
        required=True,
        metavar="FILE",
        help="who may be asked, who authorised it and until when (TOML)",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--check", action="store_true", help="only say what would be asked; send nothing"
    )
    what.add_argument(
        "--contact-page",
        choices=("html", "text"),
        help="only print the page to publish where the scope's contact.page points",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the rows to this file, as they come"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the file of --output: hosts in it are not asked again",
    )
    parser.add_argument(
        "--json", action="store_true", help="the rows on stdout, one line of JSON each"
    )
    parser.add_argument(
        "--audit",
        type=Path,
        metavar="FILE",
        help="add to this file what was decided and sent; unless given, it lies beside --output, "
        "or is tocsin-probe.audit.jsonl in the working directory",
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="the order of hosts and the jitter; drawn, and kept in the audit log, unless given",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress and no summary")


def run(arguments: Namespace) -> int:
    """Do what was asked for."""
    missing = [name for name in ("anyio", "h2", "httpcore") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"needs the extra probe (there is no {', '.join(missing)}): install tocsin[probe]",
            where="tocsin probe",
        )
    # The extra: everything else works without it.
    from tocsin.cli import probing  # noqa: PLC0415 see above
    from tocsin.probe.scope import read_scope  # noqa: PLC0415 see above

    scope = read_scope(arguments.scope)
    if arguments.contact_page:
        return probing.print_contact_page(scope, arguments.contact_page)
    if arguments.check:
        return probing.check(scope)
    wishes = probing.Wishes(
        output=arguments.output,
        resume=arguments.resume,
        as_json=arguments.json,
        audit=arguments.audit,
        seed=arguments.seed,
        quiet=arguments.quiet,
    )
    return probing.probe_all(scope, wishes)


COMMAND = Command(
    name="probe",
    help="Ask hosts that somebody authorised which build they run, and never exploit anything.",
    configure=configure,
    run=run,
    reads_knowledge=False,
)
