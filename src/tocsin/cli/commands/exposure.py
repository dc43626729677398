"""`tocsin exposure FILE...`: what is known of each host, whose it is, and what changed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.campaign.constituency import MAX_BYTES, read_constituency
from tocsin.campaign.exposure import exploited_cves
from tocsin.campaign.feed import all_feeds
from tocsin.campaign.gathering import Hosts
from tocsin.campaign.host_json import host_json, totals_json
from tocsin.campaign.host_lines import host_details, host_line, totals_lines
from tocsin.campaign.lookup import RecordedAnswers, look_up
from tocsin.campaign.merge import merged
from tocsin.campaign.nodes import Rules
from tocsin.campaign.observation import FeedProblem
from tocsin.campaign.observing import AUTO, COLUMNS, Asked
from tocsin.campaign.owners import Owners, clues_of_host
from tocsin.campaign.sightings import OWNERS
from tocsin.campaign.telling import unplaced
from tocsin.campaign.totals import Totals
from tocsin.cli.command import Command
from tocsin.cli.exits import Exit
from tocsin.cli.feeds import cves_asked, mapping, read_each, tell_all_but_last
from tocsin.cli.progress import progress_on
from tocsin.cli.stdin import check_once, on_disk
from tocsin.cli.times import day
from tocsin.errors import UsageError
from tocsin.report import jsontext
from tocsin.report.visible import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from tocsin.campaign.observation import FeedRow
    from tocsin.errors import SourceError

_NOTES_SHOWN = 10


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="a file of a scan feed, also packed, or an archive or folder of them; - is stdin",
    )
    _configure_reading(parser)
    _configure_judging(parser)
    group = parser.add_argument_group("what comes out")
    group.add_argument(
        "--json", action="store_true", help="one line of JSON for each host, the totals last"
    )
    group.add_argument(
        "--explain", action="store_true", help="below each host why, whose, and what changed"
    )
    group.add_argument("--quiet", action="store_true", help="no progress and no notes")


def _configure_reading(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what is read")
    group.add_argument(
        "--feed",
        default=AUTO,
        metavar="FEED",
        help=f"what the files are: {AUTO} (unless given), {', '.join(all_feeds())}",
    )
    group.add_argument(
        "--map",
        action="append",
        metavar="NAME=COLUMN,...",
        help=f"what the columns of CSV files hold; names are {', '.join(COLUMNS)}",
    )
    group.add_argument(
        "--owner-result",
        action="append",
        default=[],
        metavar="ADDRESS=FILE",
        help="a result of tocsin hunt that an owner sent about a host; a claim; repeatable",
    )
    group.add_argument(
        "--owners",
        type=Path,
        metavar="FILE",
        help="the constituency, CSV or JSON: tells whose each host is",
    )

    group.add_argument(
        "--answers",
        type=Path,
        metavar="DIR",
        help="recorded answers of registries (RDAP) and domains (security.txt); none unless given",
    )


def _configure_judging(parser: ArgumentParser) -> None:
    rules = Rules()
    group = parser.add_argument_group("how it is judged")
    group.add_argument(
        "--cve",
        action="append",
        metavar="CVE",
        help="judge only this one; repeatable; otherwise those known to be exploited",
    )
    group.add_argument(
        "--on", metavar="DATE", help="the day for support (UTC); today unless given"
    )
    group.add_argument(
        "--vulnerable-holds",
        type=int,
        default=rules.vulnerable_holds.days,
        metavar="DAYS",
        help="how long a vulnerable build counts beside newer, less precise rows (%(default)s)",
    )
    group.add_argument(
        "--absent-after",
        type=int,
        default=rules.absent_after,
        metavar="SCANS",
        help="after how many scans without it a host is vanished (%(default)s)",
    )


def run(arguments: Namespace) -> int:
    """Gather every row by host, then print each host and the totals."""
    rules, on = _rules(arguments), day(arguments.on, "--on")
    cves = cves_asked(arguments.cve) or exploited_cves()
    owners = _owners(arguments)
    answers = None if arguments.answers is None else RecordedAnswers(arguments.answers)
    now = datetime.combine(on, time(), UTC)
    hosts, errors = _gather(arguments)
    totals = Totals(cves)
    for host in merged(hosts, cves, on=on, rules=rules):
        totals.take(host)
        clues = clues_of_host(host.gathered)
        owner = None if owners is None else owners.of(clues)
        found = None
        if answers is not None:
            names = (*clues.hostnames, *clues.names)
            found = look_up(answers, ip=clues.ip, domains=names, now=now)
        if arguments.json:
            sys.stdout.buffer.write(jsontext.line(host_json(host, totals, owner, found)))
            continue
        print(visible(host_line(host, totals, owner)))
        if arguments.explain:
            for line in host_details(host, owner, found):
                print(visible(f"    {line}"))
    if arguments.json:
        sys.stdout.buffer.write(jsontext.line(totals_json(totals, hosts)))
        sys.stdout.buffer.flush()
    else:
        for line in (*totals_lines(totals), *unplaced(hosts.unplaced, hosts.unplaced_rows)):
            print(visible(line))
    if errors:
        raise errors[-1]
    return Exit.DONE


def _gather(arguments: Namespace) -> tuple[Hosts, list[SourceError]]:
    """Read all files; one that cannot be read is told, and does not stop the others."""
    hosts, problems = Hosts(), 0

    def take(rows: Iterable[FeedRow]) -> None:
        nonlocal problems
        for row in rows:
            hosts.add(row)
            problems += isinstance(row, FeedProblem)

    progress = progress_on(sys.stderr, quiet=arguments.quiet)
    check_once(arguments.files)
    asked = Asked(feed=arguments.feed, mapping=mapping(arguments.map))
    asked.check()
    results = [_owner_result(text) for text in arguments.owner_result]
    if not arguments.files and not results:
        raise UsageError("give files of scan feeds, or --owner-result")
    with on_disk(arguments.files) as files:
        # A file given twice is read twice, and changes nothing: rows are known by hash and row.
        errors = read_each([*((path, asked) for path in files), *results], progress, take)
    tell_all_but_last(errors)
    if not arguments.quiet:
        _print_account(hosts, problems)
    return hosts, errors


def _owner_result(text: str) -> tuple[Path, Asked]:
    address, equals, file = text.partition("=")
    if not equals or not address.strip() or not file.strip():
        raise UsageError(
            f"{text!r} is not understood; write 192.0.2.1=FILE", where="--owner-result"
        )
    return Path(file.strip()), Asked(feed=OWNERS, host=address.strip())


def _print_account(hosts: Hosts, problems: int) -> None:
    notes = [f"{hosts.rows:,} rows about {len(hosts):,} hosts"]
    if hosts.elsewhere:
        notes.append(f"{hosts.elsewhere:,} rows say nothing of Exchange Server")
    if hosts.nameless:
        notes.append(f"{hosts.nameless:,} rows name no host; give results by --owner-result")
    if problems:
        notes.append(f"{problems:,} rows or files could not be read; tocsin observe lists them")
    for note in notes:
        print(f"tocsin: {note}", file=sys.stderr)


def _owners(arguments: Namespace) -> Owners | None:
    path = arguments.owners
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", where="--owners") from error
    found = read_constituency(content, path.name)
    if not arguments.quiet:
        for note in found.notes[:_NOTES_SHOWN]:
            print(visible(f"tocsin: {path.name}: {note}"), file=sys.stderr)
        more = len(found.notes) - _NOTES_SHOWN
        if more > 0:
            print(f"tocsin: {visible(path.name)}: and {more:,} more notes", file=sys.stderr)
    return Owners(found)


def _rules(arguments: Namespace) -> Rules:
    for option, value in (
        ("--vulnerable-holds", arguments.vulnerable_holds),
        ("--absent-after", arguments.absent_after),
    ):
        if not 1 <= value <= 10_000:
            raise UsageError(f"{value} is not between 1 and 10,000", where=option)
    return Rules(
        vulnerable_holds=timedelta(days=arguments.vulnerable_holds),
        absent_after=arguments.absent_after,
    )


COMMAND = Command(
    name="exposure",
    help="Tell from scan feeds what is known of each host, whose it is, and what changed.",
    configure=configure,
    run=run,
)
