"""`tocsin observe FEED FILE...`: a scan feed in, observations with their exposure out."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.campaign.account import Account, preview, summary
from tocsin.campaign.exposure import exploited_cves
from tocsin.campaign.feed import all_feeds
from tocsin.campaign.gathering import Hosts
from tocsin.campaign.merge import merged
from tocsin.campaign.observed_json import Printer
from tocsin.campaign.observing import AUTO, COLUMNS, Asked
from tocsin.campaign.totals import Totals
from tocsin.cli.command import Command
from tocsin.cli.exits import Exit
from tocsin.cli.feeds import cves_asked, mapping, read_each, tell_all_but_last
from tocsin.cli.progress import LineProgress, progress_on
from tocsin.cli.stdin import check_once, on_disk
from tocsin.report.visible import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable
    from typing import TextIO

    from tocsin.campaign.observation import FeedRow
    from tocsin.errors import SourceError
    from tocsin.model.progress import Progress

_PREVIEWED = 10


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "feed",
        metavar="FEED",
        help=f"what the files are: {AUTO}, {', '.join(all_feeds())}",
    )
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a file of the feed, also packed, or an archive or folder of them; - is stdin",
    )
    parser.add_argument(
        "--json", action="store_true", help="one line of JSON for each row; the summary on stderr"
    )
    parser.add_argument(
        "--map",
        action="append",
        metavar="NAME=COLUMN,...",
        help=f"what the columns of a CSV file hold; names are {', '.join(COLUMNS)}",
    )
    parser.add_argument(
        "--preview",
        action="store_true",
        help=f"show how the first {_PREVIEWED} rows of each file would be read, and stop",
    )
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        help="the address or name that an owner's result of tocsin hunt is about",
    )
    parser.add_argument(
        "--cve",
        action="append",
        metavar="CVE",
        help="judge only this one; repeatable; otherwise all, and the summary has the exploited",
    )
    parser.add_argument(
        "--quiet", action="store_true", help="no progress, and with --json no summary"
    )


def run(arguments: Namespace) -> int:
    """Read every file, print its rows or a preview, and count them."""
    asked = Asked(feed=arguments.feed, mapping=mapping(arguments.map), host=arguments.host)
    asked.check()
    cves = cves_asked(arguments.cve)
    check_once(arguments.files)
    with on_disk(arguments.files) as files:
        return _read([(path, asked) for path in files], cves, arguments)


def _read(
    sources: list[tuple[Path, Asked]], cves: tuple[str, ...] | None, arguments: Namespace
) -> int:
    progress = _progress(arguments)
    if arguments.preview:
        return _end(read_each(sources, progress, _preview))
    counted, hosts = Account(), Hosts()
    printer = Printer(cves) if arguments.json else None
    sums_up = not (arguments.json and arguments.quiet)

    def take(rows: Iterable[FeedRow]) -> None:
        for row in rows:
            if sums_up:
                counted.add(row)
                hosts.add(row)
            if printer is not None:
                sys.stdout.buffer.write(printer.line(row))

    errors = read_each(sources, progress, take)
    sys.stdout.buffer.flush()
    if sums_up:
        _print_summary(counted, hosts, cves, sys.stderr if arguments.json else sys.stdout)
    return _end(errors)


def _end(errors: list[SourceError]) -> Exit:
    """Say what could not be read at all; the last of it decides the exit code."""
    tell_all_but_last(errors)
    if errors:
        raise errors[-1]
    return Exit.DONE


def _preview(rows: Iterable[FeedRow]) -> None:
    for row in islice(rows, _PREVIEWED):
        for line in preview(row):
            print(visible(line))


def _print_summary(
    counted: Account, hosts: Hosts, cves: tuple[str, ...] | None, stream: TextIO
) -> None:
    totals = Totals(exploited_cves() if cves is None else cves)
    for host in merged(hosts, totals.cves, on=datetime.now(UTC).date()):
        totals.take(host)
    for line in summary(counted, totals):
        print(visible(line), file=stream)


def _progress(arguments: Namespace) -> Progress:
    """A bar would be torn by rows on the same terminal."""
    if arguments.json and sys.stdout.isatty() and not arguments.quiet:
        return LineProgress(sys.stderr)
    return progress_on(sys.stderr, quiet=arguments.quiet or arguments.preview)


COMMAND = Command(
    name="observe",
    help="Read scan feeds, and tell what each row says of every known vulnerability.",
    configure=configure,
    run=run,
)
