"""`tocsin desk COMMAND`: the campaign desk, in a browser."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.cli.command import Command
from tocsin.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

_NEEDED = (
    "allauth",
    "csp",
    "dj_database_url",
    "django",
    "django_filters",
    "django_htmx",
    "fido2",
    "psycopg",
    "waitress",
    "whitenoise",
)
_ROLES = ("viewer", "analyst", "approver", "administrator")


def configure(parser: ArgumentParser) -> None:
    """Add the commands and their options."""
    below = parser.add_subparsers(dest="what", metavar="COMMAND", required=True, help="what to do")

    def add(name: str, text: str) -> ArgumentParser:
        return below.add_parser(name, help=text, description=text, allow_abbrev=False)

    add("init", "Make the desk's folder and database, or bring them up to this version.")
    add("check", "Say what is wrong with the settings and the database.")
    _serve(add)
    worker = add("worker", "Do the jobs that the desk queues: imports, assessments, hunts.")
    worker.add_argument("--once", action="store_true", help="end when no job waits")
    _import(add)
    _create_user(add)
    add("verify-log", "Check the chain of decisions; exit with 1 where it is broken.")


def _serve(add: Callable[[str, str], ArgumentParser]) -> None:
    serve = add("serve", "Answer browsers.")
    serve.add_argument(
        "--listen",
        default="127.0.0.1:8000",
        metavar="ADDRESS:PORT",
        help="where to listen (%(default)s)",
    )
    serve.add_argument(
        "--threads",
        type=int,
        default=8,
        metavar="N",
        help="how many requests are answered at once (%(default)s)",
    )
    serve.add_argument(
        "--max-body",
        type=int,
        metavar="MIB",
        help="the largest upload; that of evidence, 8,192 MiB, unless given",
    )
    serve.add_argument("--with-worker", action="store_true", help="run a worker beside it")


def _import(add: Callable[[str, str], ArgumentParser]) -> None:
    one = add("import", "Import files of a scan feed into a campaign.")
    one.add_argument("campaign", metavar="CAMPAIGN", help="the campaign's short name")
    one.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file, also packed")
    one.add_argument("--feed", default="auto", metavar="FEED", help="what it is (%(default)s)")
    one.add_argument(
        "--map",
        action="append",
        metavar="NAME=COLUMN,...",
        help="what the columns of a CSV file hold",
    )
    one.add_argument(
        "--host",
        default="",
        metavar="ADDRESS",
        help="the address or name that an owner's result of tocsin hunt is about",
    )
    one.add_argument(
        "--by", metavar="NAME", help="who imports; the only administrator unless given"
    )


def _create_user(add: Callable[[str, str], ArgumentParser]) -> None:
    one = add("create-user", "Make an account, and print a link by which its password is set.")
    one.add_argument("name", metavar="NAME", help="the user name")
    one.add_argument("--role", choices=_ROLES, help="a role in the campaign of --campaign")
    one.add_argument("--campaign", metavar="CAMPAIGN", help="the campaign's short name")
    one.add_argument(
        "--administrator",
        action="store_true",
        help="manages people and campaigns, and may do everything",
    )
    one.add_argument(
        "--new-link",
        action="store_true",
        help="for an account that exists: its password ends, and a new link is printed",
    )
    one.add_argument(
        "--reset-second-factor",
        action="store_true",
        help="with --new-link: take the second factors away as well",
    )
    one.add_argument(
        "--url",
        metavar="URL",
        help="how the desk is reached, for the link; its first name, or http://localhost:8000, "
        "unless given",
    )


def run(arguments: Namespace) -> int:
    """Do what was asked for."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"needs the extra web (there is no {', '.join(missing)}): install tocsin[web]",
            where="tocsin desk",
        )
    # The extra: everything else works without it, and starts without reading it.
    from tocsin.cli import desk  # noqa: PLC0415 see above

    return desk.run(arguments)


COMMAND = Command(
    name="desk",
    help="The campaign desk: who is vulnerable, whose it is, and what became of it.",
    configure=configure,
    run=run,
)
