"""What `tocsin probe` does: the scope read, the files opened, the clock and the seed passed in."""

from __future__ import annotations

import secrets
import sys
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import tocsin
from tocsin.cli.counting import counting_on
from tocsin.cli.exits import Exit
from tocsin.errors import UsageError
from tocsin.probe import contact_page
from tocsin.probe.journal import Done, Journal, begin_anew, go_on
from tocsin.probe.plan import the_plan
from tocsin.probe.run import Run, probe
from tocsin.probe.targets import Targets
from tocsin.report import jsontext
from tocsin.report.visible import visible
from tocsin.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tocsin.cli.counting import Advance
    from tocsin.probe.rows import Row
    from tocsin.probe.run import Tally
    from tocsin.probe.scope import Scope

_AUDIT = Path("tocsin-probe.audit.jsonl")
_SEEDS = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options, as typed."""

    output: Path | None
    resume: bool
    as_json: bool
    audit: Path | None
    seed: int | None
    quiet: bool


def print_contact_page(scope: Scope, form: str) -> int:
    """Print the page to publish."""
    write = contact_page.as_html if form == "html" else contact_page.as_text
    print(write(scope, scope.contact.agent(tocsin.__version__)), end="")
    return Exit.DONE


def check(scope: Scope) -> int:
    """Say what would be asked, and send nothing. Raises `UsageError` as the run would."""
    for line in _told(scope, Targets(scope)):
        print(visible(line))
    _check_authorisation(scope)
    return Exit.DONE


def probe_all(scope: Scope, wishes: Wishes) -> int:
    """Ask everything, and say what came of it."""
    _check_authorisation(scope)
    targets = Targets(scope)
    audit_path = _audit_path(wishes)
    with ExitStack() as stack:
        # Before anything is read from the file: another run may still be adding to it.
        output = stack.enter_context(
            Journal(wishes.output, "--output", alone=True) if wishes.output else nullcontext()
        )
        done = _done(targets, wishes)
        audit = stack.enter_context(Journal(audit_path, "--audit"))
        advance = stack.enter_context(
            counting_on(
                sys.stderr, "probe", total=len(targets), done=done.count, quiet=wishes.quiet
            )
        )
        listener = _Printer(output, advance, wishes)
        run = Run(
            scope=scope,
            targets=targets,
            done=done,
            seed=secrets.randbelow(_SEEDS) if wishes.seed is None else wishes.seed,
            version=tocsin.__version__,
            audit=audit,
            listener=listener,
            now=_now,
        )
        try:
            tally = probe(run)
        except KeyboardInterrupt:
            again = f"go on with --resume --output {wishes.output}" if wishes.output else ""
            print(
                visible(f"\ntocsin: stopped; {done.count:,} of {len(targets):,} done. {again}"),
                file=sys.stderr,
            )
            return Exit.INTERRUPTED
    if not wishes.quiet:
        for line in _summary(tally, audit.path):
            print(visible(line), file=sys.stderr)
    return Exit.DONE if tally.stopped is None else Exit.USAGE


class _Printer:
    """Writes rows where they are wanted, and a line for people where nothing else is."""

    def __init__(self, output: Journal | None, advance: Advance, wishes: Wishes) -> None:
        self._output = output
        self._advance = advance
        self._as_json = wishes.as_json
        self._prose = not wishes.as_json and wishes.output is None
        self._exchange = 0

    def found(self, rows: Sequence[Row]) -> None:
        """All rows of one target: whole in the file before anything else happens."""
        content = b"".join(jsontext.line(row) for row in rows)
        if self._output is not None:
            self._output.write(content)
        if self._as_json:
            sys.stdout.write(content.decode())
            sys.stdout.flush()
        self._exchange += any(row.outcome == "exchange" for row in rows)
        for row in rows:
            if self._prose and row.outcome == "exchange":
                print(visible(_prose(row)), flush=True)

    def advance(self) -> None:
        """Count a target."""
        self._advance(f"{self._exchange:,} with Exchange")


def _prose(row: Row) -> str:
    build = f"{row.build} ({row.method})" if row.build else "Exchange, and no build to be seen"
    server = f", server {row.fe_server}" if row.fe_server else ""
    name = f" ({row.hostname})" if row.hostname else ""
    return f"{row.ip} port {row.port}{name}: {build}{server}"


def _now() -> datetime:
    return datetime.now(UTC)


def _check_authorisation(scope: Scope) -> None:
    problem = scope.authorisation.problem_at(_now())
    if problem:
        raise UsageError(
            f"{problem}, so nobody is asked; get it renewed, and write the new dates and its "
            "reference into the scope",
            where="authorisation",
        )


def _done(targets: Targets, wishes: Wishes) -> Done:
    if wishes.output is None:
        if wishes.resume:
            raise UsageError("needs --output FILE, the file to go on with", where="--resume")
        return Done(len(targets))
    if wishes.resume:
        return go_on(wishes.output, targets)
    begin_anew(wishes.output)
    return Done(len(targets))


def _audit_path(wishes: Wishes) -> Path:
    path = wishes.audit
    if path is None:
        output = wishes.output
        path = output.with_name(f"{output.name}.audit.jsonl") if output is not None else _AUDIT
    if wishes.output is not None and path.resolve() == wishes.output.resolve():
        raise UsageError("is the file of --output; name another", where="--audit")
    return path


def _told(scope: Scope, targets: Targets) -> Iterator[str]:
    authorisation, limits = scope.authorisation, scope.limits
    requests = the_plan().requests
    most = len(requests) + (limits.samples - 1) * sum(one.every_sample for one in requests)
    ports = ", ".join(f"{port} ({scheme})" for port, scheme in scope.ports)
    yield f"Authorised by {authorisation.name}, {authorisation.organisation}"
    yield f"  reference {authorisation.reference}"
    yield f"  from {authorisation.first} to the end of {authorisation.until} (UTC)"
    yield f"Would ask {count(targets.hosts, 'host')} at {ports}"
    networks = [str(network) for network in scope.networks]
    yield f"  networks and addresses: {', '.join(networks) or 'none'}"
    yield f"  names: {', '.join(sorted(scope.names)) or 'none'}"
    yield (
        f"Would leave out {count(len(scope.opt_out_networks), 'opted-out network')} and "
        f"{count(len(scope.opt_out_names), 'opted-out name')}"
    )
    yield (
        f"At most {count(most, 'GET')} for a host, {limits.per_host:g} a second to one host and "
        f"{limits.overall:g} a second in all:"
    )
    yield from (f"  {request.path}" for request in requests)
    yield f"User-Agent: {scope.contact.agent(tocsin.__version__)}"


def _summary(tally: Tally, audit: Path) -> Iterator[str]:
    yield (
        f"Asked {count(tally.asked, 'endpoint')}: {tally.exchange:,} with Exchange, "
        f"{tally.not_exchange:,} with something else, {tally.no_answer:,} without an answer."
    )
    if tally.refused:
        reasons = ", ".join(f"{why} {number:,}" for why, number in sorted(tally.refused.items()))
        yield f"Not asked: {reasons}; each is in the audit log."
    if tally.stopped:
        yield f"Stopped early: {tally.stopped}."
    yield f"Audit log: {audit}"
