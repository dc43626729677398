"""`tocsin rules PATH... --events FILE`: Sigma rules over any events, and nothing judged."""

from __future__ import annotations

import os
import sys
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.cli import jobs, times
from tocsin.cli.command import Command
from tocsin.cli.exits import Exit
from tocsin.cli.progress import LineProgress, progress_on
from tocsin.cli.rule_cache import rule_cache
from tocsin.cli.stdin import check_once, on_disk
from tocsin.errors import UsageError
from tocsin.events.format import LogSource
from tocsin.matching.applying import Application, Wishes, load
from tocsin.matching.scan import Period
from tocsin.model.grade import Severity
from tocsin.report import rule_hits
from tocsin.report.visible import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterator

    from tocsin.matching.applied import Fired, Hit
    from tocsin.model.progress import Progress

_LEVELS = [severity.value for severity in Severity]
_LOG_SOURCE = ("product", "category", "service")


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="Sigma rules: files and folders of them",
    )
    parser.add_argument(
        "--events",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="a log, EVTX, JSON lines, a folder or an archive of them; - is stdin; repeatable",
    )
    _configure_search(parser)
    jobs.configure(parser)
    _configure_output(parser)


def run(arguments: Namespace) -> int:
    """Load, apply, print every hit as it is found, and the account at the end."""
    wishes = wishes_from(arguments)
    _check_paths(arguments)
    loaded = load(tuple(dict.fromkeys(arguments.paths)), rule_cache())
    application = Application(loaded, wishes)
    progress = _progress(arguments)
    with _printer(arguments) as print_out, on_disk(arguments.events) as sources:
        several = len(sources) > 1
        colours = _colours(arguments)
        with closing(application.hits(sources, progress)) as hits:
            found: Iterator[Hit | Fired] = chain(hits, application.firings())
            for hit in found:
                if arguments.json:
                    print_out(rule_hits.as_json(hit, with_source=several))
                else:
                    text = rule_hits.as_text(hit, with_source=several, colours=colours)
                    print_out(text.encode("utf-8", "replace"))
        if arguments.json:
            print_out(rule_hits.summary_as_json(application.summary()))
    _print_account(application, arguments)
    worst = application.account.worst
    if arguments.fail_on is not None and worst is not None:
        return Exit.LEVEL_REACHED if worst.rank >= Severity(arguments.fail_on).rank else Exit.DONE
    return Exit.DONE


def wishes_from(arguments: Namespace) -> Wishes:
    """What to look for. Raises `UsageError` for what cannot be."""
    since, until = times.since(arguments.since), times.until(arguments.until)
    times.in_order(since, until)
    return Wishes(
        period=Period(since=since, until=until),
        lowest=Severity(arguments.level),
        log_source=None if arguments.log_source is None else _log_source(arguments.log_source),
        jobs=jobs.jobs_from(arguments),
    )


def _configure_search(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what to look for")
    group.add_argument(
        "--level",
        choices=_LEVELS,
        default=Severity.INFORMATIONAL.value,
        metavar="LEVEL",
        help=f"only matches of rules of this level or higher: {', '.join(_LEVELS)}",
    )
    group.add_argument("--since", metavar="TIME", help="leave out what is earlier (UTC)")
    group.add_argument("--until", metavar="TIME", help="leave out what is later (UTC)")
    group.add_argument(
        "--log-source",
        metavar="KEY=WORD,...",
        help="what log the JSON lines are that do not say it themselves, such as "
        "product=windows,category=process_creation; every rule is asked about them unless given",
    )


def _configure_output(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what comes out")
    group.add_argument(
        "--json", action="store_true", help="one line of JSON for each match, the summary last"
    )
    group.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="a new file for the matches; stdout unless given",
    )
    group.add_argument(
        "--fail-on",
        choices=_LEVELS,
        metavar="LEVEL",
        help="exit code 1 if a rule of this level or higher matches",
    )
    words = group.add_mutually_exclusive_group()
    words.add_argument(
        "--quiet", action="store_true", help="no progress, and the summary in one line on stderr"
    )
    words.add_argument(
        "--verbose", action="store_true", help="name every rule and file in the summary"
    )


def _log_source(text: str) -> LogSource:
    given: dict[str, str] = {}
    for part in text.split(","):
        key, equals, word = (piece.strip() for piece in part.partition("="))
        if key not in _LOG_SOURCE or not equals or not word or key in given:
            raise UsageError(
                f"{part!r} is not understood; write product=windows,category=process_creation "
                f"(once each of {', '.join(_LOG_SOURCE)})",
                where="--log-source",
            )
        given[key] = word
    return LogSource(**given)


def _check_paths(arguments: Namespace) -> None:
    for path in arguments.paths:
        if not path.exists():
            raise UsageError(f"{path} does not exist; name rule files or folders of them")
    check_once(arguments.events, "--events")
    target = arguments.output
    if target is None:
        return
    if target.exists():
        raise UsageError(f"{target} exists; name a new file", where="--output")
    for source in arguments.events:
        if source.is_dir() and target.resolve().is_relative_to(source.resolve()):
            raise UsageError(
                f"{target} lies inside the evidence {source}, which stays as it is; "
                "name another file",
                where="--output",
            )


@contextmanager
def _printer(arguments: Namespace) -> Iterator[Callable[[bytes], object]]:
    """Where hits go. A file appears whole or not at all."""
    target = arguments.output
    if target is None:
        # A progress bar takes the place of sys.stdout; this one stays.
        stream = sys.stdout.buffer
        yield stream.write
        stream.flush()
        return
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        with unfinished.open("xb") as file:
            yield file.write
        unfinished.replace(target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise UsageError(
            f"{target} cannot be written: {error.strerror}", where="--output"
        ) from error
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _progress(arguments: Namespace) -> Progress:
    """A bar would be torn by matches on the same terminal."""
    if sys.stdout.isatty() and arguments.output is None and not arguments.quiet:
        return LineProgress(sys.stderr)
    return progress_on(sys.stderr, quiet=arguments.quiet)


def _colours(arguments: Namespace) -> bool:
    """Whether colours are seen. Source: no-color.org for the variable."""
    if arguments.output is not None or os.environ.get("NO_COLOR"):
        return False
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _print_account(application: Application, arguments: Namespace) -> None:
    summary = application.summary()
    if arguments.quiet:
        print(f"tocsin: {rule_hits.in_short(summary)}", file=sys.stderr)
        return
    prose = sys.stderr if arguments.json else sys.stdout
    if summary.matches and not arguments.json:
        print(file=prose)
    for line in rule_hits.summary_as_text(
        summary, application.account, application.titles, verbose=arguments.verbose
    ):
        print(line, file=prose)
    if arguments.output is not None:
        print(visible(f"Matches: {arguments.output}"), file=prose)


COMMAND = Command(
    name="rules",
    help="Apply Sigma rules to any events: EVTX, JSON lines, IIS and Exchange logs.",
    configure=configure,
    run=run,
)
