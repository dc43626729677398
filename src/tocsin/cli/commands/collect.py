"""`tocsin collect ROOT... -o FILE`: copy off a server what the hunt reads."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.cli import times
from tocsin.cli.command import Command
from tocsin.cli.exits import Exit
from tocsin.cli.progress import progress_on
from tocsin.collect.collect import Request, collect, write_hashes
from tocsin.collect.roots import drives_beside, roots_from
from tocsin.errors import UsageError
from tocsin.report.visible import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from tocsin.collect.collect import Outcome
    from tocsin.collect.roots import Root

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_SMALLEST_PART = 2**20
_SHOWN = 40


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "roots",
        nargs="+",
        metavar="ROOT",
        help=r"a drive: a mounted volume (/mnt/c, D=/mnt/logs), C:\ on Windows, or a folder of "
        "drives",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="the zip archive to write, on another disk",
    )
    parser.add_argument(
        "--since",
        metavar="TIME",
        help="leave out text logs that are proven to end before TIME (UTC), and list them",
    )
    parser.add_argument(
        "--split",
        metavar="SIZE",
        help="several archives of at most SIZE, such as 2G or 700M",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with a collection that was broken off"
    )
    parser.add_argument(
        "--trust-times",
        action="store_true",
        help="the files' times are the server's own, though the file system is none of Windows'",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, and a short summary")


def run(arguments: Namespace) -> int:
    """Collect, and say what came of it."""
    roots = roots_from(arguments.roots, trust_times=arguments.trust_times)
    request = Request(
        roots=roots,
        output=arguments.output,
        since=times.since(arguments.since),
        split_bytes=_size(arguments.split),
        resume=arguments.resume,
    )
    _say_beforehand(roots, sys.stderr)
    outcome = collect(request, _now, progress_on(sys.stderr, quiet=arguments.quiet))
    hashes = write_hashes(outcome.parts)
    for line in _summary(outcome, hashes, quiet=arguments.quiet):
        print(visible(line))
    return Exit.DONE


def _now() -> datetime:
    return datetime.now(UTC)


def _size(text: str | None) -> int | None:
    if text is None:
        return None
    found = _SIZE.fullmatch(text.strip())
    size = round(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if size < _SMALLEST_PART:
        raise UsageError(f"{text!r} is no size of 1 MiB or more, such as 2G", where="--split")
    return size


def _say_beforehand(roots: Sequence[Root], stream: TextIO) -> None:
    for root in roots:
        if root.assumed:
            print(
                f"tocsin: taking {visible(str(root.path))} for drive C; "
                "write D=… if it is another",
                file=stream,
            )
        if not root.is_original:
            print(
                f"tocsin: {visible(str(root.path))} is on {root.file_system or 'an unknown'} "
                "file system, so it is somebody's copy, and the times of its files prove nothing "
                "(--trust-times, if they are the server's own)",
                file=stream,
            )
    for path in drives_beside(roots):
        print(
            f"tocsin: {visible(str(path))} is another drive and is NOT collected; name it too",
            file=stream,
        )


def _summary(outcome: Outcome, hashes: Path, *, quiet: bool) -> Iterable[str]:
    packed = sum(part.stat().st_size for part in outcome.parts)
    yield (
        f"Collected {outcome.files:,} files, {_mebibytes(outcome.size_bytes)}, "
        f"as {_mebibytes(packed)}:"
    )
    for line in hashes.read_text(encoding="utf-8").splitlines():
        yield f"  {line}"
    yield f"SHA-256 in {hashes}"
    if outcome.resumed_files:
        yield f"Of these, {outcome.resumed_files:,} were there already and are sound."
    if outcome.left_out:
        yield f"Left out for being old, and listed in the archive: {len(outcome.left_out):,} logs."
    missed = [f"{one.code}: {one.path} ({one.detail})" for one in outcome.troubles]
    cut = [f"{one.note}: {one.path} ({one.detail})" for one in outcome.cut]
    absent = [f"{one.detail} ({one.path})" for one in outcome.absent]
    if quiet:
        yield f"Not taken: {len(missed)}. Cut or written to meanwhile: {len(cut)}."
        return
    yield from _section("Not taken", missed)
    yield from _section("Taken, but cut or written to meanwhile", cut)
    yield from _section("Looked for, and nothing there", absent)
    yield f"Next: tocsin hunt {outcome.parts[0]}"


def _section(title: str, lines: Sequence[str]) -> Iterable[str]:
    if not lines:
        return
    yield f"{title}: {len(lines):,}"
    yield from (f"  {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  … and {len(lines) - _SHOWN:,} more, in tocsin-collection.json in the archive"


def _mebibytes(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:,.1f} MiB"


COMMAND = Command(
    name="collect",
    help="Copy off a server what the hunt reads, without changing anything on it.",
    configure=configure,
    run=run,
)
