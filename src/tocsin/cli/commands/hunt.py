"""`tocsin hunt SOURCE...`: evidence in, a verdict with cited lines out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tocsin.cli import jobs, times
from tocsin.cli.command import Command
from tocsin.cli.exits import Exit
from tocsin.cli.hunting import DEFAULT_FORMATS, Wanted, hunt_and_show
from tocsin.cli.redaction import DEFAULT_KEY, Redaction
from tocsin.cli.rule_cache import rule_cache
from tocsin.errors import UsageError
from tocsin.evidence.collection import Limits
from tocsin.hunt import Options
from tocsin.knowledge.authorities import all_profiles
from tocsin.matching.content import ContentPlan, Scope
from tocsin.model.grade import Level
from tocsin.report import summary
from tocsin.report.choices import Choices, Tlp
from tocsin.report.format import all_reports

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from argparse import _ArgumentGroup as Group

_GIBIBYTE = 2**30
_MEBIBYTE = 2**20
_MOST_MEBIBYTES = 1024
_MOST_SECONDS = 3600
_NOT_YET = {
    "--cluster": "hunting on several machines",
}
"""Promised, and refused until they work: an option that does nothing would be worse."""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "sources",
        nargs="+",
        type=Path,
        metavar="SOURCE",
        help="a folder or archive (zip, tar, tar.gz, tar.zst, tar.bz2, 7z); each is one server",
    )
    _configure_output(parser)
    _configure_handing_over(parser)
    _configure_search(parser)
    jobs.configure(parser)
    later = parser.add_argument_group("not in this version yet, and refused")
    for option, what in _NOT_YET.items():
        later.add_argument(option, metavar="VALUE", help=what)


def run(arguments: Namespace) -> int:
    """Hunt, show, and judge the exit code."""
    for option, what in _NOT_YET.items():
        if getattr(arguments, option.removeprefix("--")) is not None:
            raise UsageError(f"this version does not know {what} yet", where=option)
    result = hunt_and_show(arguments.sources, options_from(arguments), wanted_from(arguments))
    fail_on = arguments.fail_on
    if fail_on is not None and summary.worst(result).severity >= Level(fail_on).severity:
        return Exit.LEVEL_REACHED
    return Exit.DONE


def options_from(arguments: Namespace) -> Options:
    """What to look for and where. Raises `UsageError` for what cannot be."""
    since, until = times.since(arguments.since), times.until(arguments.until)
    times.in_order(since, until)
    for option in ("--sigma", "--yara", "--indicators"):
        for path in getattr(arguments, option.removeprefix("--")):
            if not path.exists():
                raise UsageError(f"{path} does not exist", where=option)
    return Options(
        since=since,
        until=until,
        packs=tuple(dict.fromkeys(arguments.pack)),
        own_packs=tuple(dict.fromkeys(arguments.pack_folder)),
        sigma=tuple(arguments.sigma),
        yara=tuple(arguments.yara),
        indicators=tuple(arguments.indicators),
        content=_content(arguments),
        limits=_limits(arguments),
        cache=rule_cache(),
        jobs=jobs.jobs_from(arguments),
    )


def wanted_from(arguments: Namespace) -> Wanted:
    """What to put out."""
    formats = arguments.format
    return Wanted(
        formats=tuple(formats.split(",")) if formats is not None else None,
        folder=arguments.output,
        as_json=arguments.json,
        quiet=arguments.quiet,
        redaction=_redaction(arguments),
        choices=_choices(arguments),
        decided=tuple(
            (option, choice)
            for option, choice, is_set in (
                ("--tlp", "tlp", arguments.tlp is not None),
                ("--authority", "authorities", bool(arguments.authority)),
                ("--aware-since", "aware_since", arguments.aware_since is not None),
                ("--no-pdf", "pdf", arguments.no_pdf),
            )
            if is_set
        ),
    )


def _choices(arguments: Namespace) -> Choices:
    if arguments.aware_since is not None and not arguments.authority:
        raise UsageError(
            "no clock starts without --authority: name those to whom you must report",
            where="--aware-since",
        )
    return Choices(
        tlp=Tlp(arguments.tlp or Tlp.AMBER),
        authorities=tuple(dict.fromkeys(arguments.authority)),
        aware_since=times.since(arguments.aware_since, "--aware-since"),
        pdf=not arguments.no_pdf,
    )


def _configure_output(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what comes out")
    group.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="folder for the report; a new tocsin-report in the working directory unless given",
    )
    group.add_argument(
        "--format",
        metavar="NAME[,NAME...]",
        help=f"which files to write, of: {', '.join(all_reports())}; "
        f"{','.join(DEFAULT_FORMATS)} unless given",
    )
    group.add_argument(
        "--json",
        action="store_true",
        help="the result as JSON on stdout, prose on stderr, and no files unless asked for",
    )
    group.add_argument(
        "--fail-on",
        choices=[level.value for level in Level],
        metavar="LEVEL",
        help=f"exit code 1 if the verdict is this bad or worse: {', '.join(Level)}",
    )
    group.add_argument(
        "--quiet", action="store_true", help="no progress, and one line for each server"
    )


def _configure_handing_over(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("for whom it is")
    group.add_argument(
        "--tlp",
        choices=[level.value for level in Tlp],
        metavar="LEVEL",
        help=f"how far the files may travel: {', '.join(Tlp)}; {Tlp.AMBER} unless given",
    )
    group.add_argument(
        "--authority",
        action="append",
        default=[],
        metavar="SLUG",
        help="an authority that you must or want to report to "
        f"({', '.join(profile.slug for profile in all_profiles())}); repeatable",
    )
    group.add_argument(
        "--aware-since",
        metavar="TIME",
        help="when you became aware of the incident (UTC); deadlines are counted from it",
    )
    group.add_argument(
        "--no-pdf", action="store_true", help="the incident report as JSON alone, without PDF"
    )
    group.add_argument(
        "--redact",
        action="store_true",
        help="replace names of people, machines and domains, and inside addresses, everywhere",
    )
    group.add_argument(
        "--redact-key",
        type=Path,
        metavar="FILE",
        help=f"where the names go; a new {DEFAULT_KEY} in the working directory unless given",
    )
    group.add_argument(
        "--redact-addresses",
        action="store_true",
        help="with --redact: replace public addresses, too, which are indicators otherwise",
    )


def _configure_search(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what to look for")
    many: dict[str, Any] = {"action": "append", "default": []}
    group.add_argument("--since", metavar="TIME", help="leave out what is earlier (UTC)")
    group.add_argument("--until", metavar="TIME", help="leave out what is later (UTC)")
    group.add_argument("--pack", metavar="SLUG", help="only this campaign; repeatable", **many)
    group.add_argument(
        "--pack-folder",
        type=Path,
        metavar="DIR",
        help="a pack of your own beside the others; nobody signed it, and the report says so; "
        "repeatable",
        **many,
    )
    group.add_argument(
        "--sigma",
        type=Path,
        metavar="PATH",
        help="your own Sigma rules; matches are leads; repeatable",
        **many,
    )
    group.add_argument(
        "--yara",
        type=Path,
        metavar="PATH",
        help="your own YARA rules; matches are leads; repeatable",
        **many,
    )
    group.add_argument(
        "--indicators",
        type=Path,
        metavar="PATH",
        help="your own lists of indicators (CSV, plain, JSON lines, STIX, MISP); repeatable",
        **many,
    )
    _configure_content(group)
    group.add_argument(
        "--max-unpacked",
        type=float,
        metavar="GIB",
        default=Limits().total_bytes / _GIBIBYTE,
        help="stop unpacking an archive beyond so many GiB (%(default)g)",
    )
    group.add_argument(
        "--max-ratio",
        type=float,
        metavar="N",
        default=Limits().ratio,
        help="stop unpacking a member beyond so many times its packed size (%(default)g)",
    )


def _configure_content(group: Group) -> None:
    usual = ContentPlan()
    group.add_argument(
        "--yara-scan",
        choices=[scope.value for scope in Scope],
        default=usual.scope.value,
        help="files that your YARA rules look into: those that the server runs or obeys (web), "
        "or every file of the collection (all); %(default)s unless given",
    )
    group.add_argument(
        "--yara-size",
        type=float,
        metavar="MIB",
        default=usual.size_bytes / _MEBIBYTE,
        help="show YARA the first so many MiB of a file (%(default)g)",
    )
    group.add_argument(
        "--yara-seconds",
        type=int,
        metavar="N",
        default=usual.seconds,
        help="cut YARA short after so many seconds on one file (%(default)s)",
    )


def _redaction(arguments: Namespace) -> Redaction | None:
    if arguments.redact:
        return Redaction(key_file=arguments.redact_key, all_addresses=arguments.redact_addresses)
    for option in ("--redact-key", "--redact-addresses"):
        if getattr(arguments, option.removeprefix("--").replace("-", "_")):
            raise UsageError("goes with --redact", where=option)
    return None


def _content(arguments: Namespace) -> ContentPlan:
    scope = Scope(arguments.yara_scan)
    if scope is Scope.ALL and not arguments.yara:
        raise UsageError(
            "goes with --yara: the rules of packs look into what the server runs or obeys only",
            where="--yara-scan all",
        )
    if not 0 < arguments.yara_size <= _MOST_MEBIBYTES:
        raise UsageError(
            f"needs a number above 0 and up to {_MOST_MEBIBYTES}: so much is held in memory",
            where="--yara-size",
        )
    if not 0 < arguments.yara_seconds <= _MOST_SECONDS:
        raise UsageError(f"needs a number from 1 to {_MOST_SECONDS}", where="--yara-seconds")
    return ContentPlan(
        scope=scope,
        size_bytes=max(1, round(arguments.yara_size * _MEBIBYTE)),
        seconds=arguments.yara_seconds,
    )


def _limits(arguments: Namespace) -> Limits:
    for option, value in (
        ("--max-unpacked", arguments.max_unpacked),
        ("--max-ratio", arguments.max_ratio),
    ):
        if not 0 < value < float("inf"):
            raise UsageError("needs a number above 0", where=option)
    return Limits(total_bytes=round(arguments.max_unpacked * _GIBIBYTE), ratio=arguments.max_ratio)


COMMAND = Command(
    name="hunt",
    help="Hunt a collected Exchange server for evidence of compromise.",
    configure=configure,
    run=run,
)
