"""Runs a hunt of evidence and reads its result, each in a confined process of its own."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tocsin.errors import SourceError
from tocsin.web.hunts.limits import HuntLimits, hunt_limits
from tocsin.web.hunts.models import HuntKind
from tocsin.web.hunts.process import Confined, run
from tocsin.web.hunts.uploads import home_of
from tocsin.web.imports.uploads import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.web.hunts.models import Hunt
    from tocsin.web.work.registry import Progress

_GIBIBYTE = 2**30
RESULT, REPORT = "result.json", "report.html"
KEY = "redaction-key.json"
REDACTED = "redacted"


def hunt_and_digest(hunt: Hunt, tell: Progress) -> list[dict[str, Any]]:
    """What each server of an upload is said to be; its files lie in `folder_of` afterwards.

    `apart` says of each whether all that was read of it was read without a network.

    Raises `SourceError` with what went wrong, in words for people.
    """
    limits = hunt_limits()
    upload = _upload(hunt)
    with _scratch(hunt) as scratch:
        result, report, is_apart = upload, None, True
        if hunt.kind == HuntKind.EVIDENCE:
            result, report, is_apart = _hunted(upload, scratch, limits, tell)
        tell(0, 0, "Reading the result")
        made = scratch / "digest"
        made.mkdir()
        command = [sys.executable, "-P", "-m", "tocsin.web.hunts.digest", str(result), str(made)]
        is_apart &= _run(
            Confined(
                command=command,
                folder=scratch,
                scratch=scratch,
                out=scratch / "digest.out",
                what="Reading the result",
            ),
            limits,
            tell,
        )
        servers: list[dict[str, Any]] = msgspec.json.decode((made / "digest.json").read_bytes())
        for number, server in enumerate(servers):
            server["apart"] = is_apart
            folder = path_of(folder_of(hunt, number))
            folder.mkdir(mode=0o700, exist_ok=True)
            page = report if report is not None else made / f"{number}.html"
            for source, name in ((made / f"{number}.json", RESULT), (page, REPORT)):
                if source.exists():
                    source.replace(folder / name)
    return servers


def redact(hunt: Hunt, tell: Progress) -> None:
    """Hunt the evidence again with `--redact`, for passing on. Raises `SourceError`."""
    limits = hunt_limits()
    with _scratch(hunt) as scratch:
        key = scratch / KEY
        more = ["--redact", "--redact-key", str(key)]
        result, report, _ = _hunted(_upload(hunt), scratch, limits, tell, more)
        folder = path_of(f"{folder_of(hunt, 0)}/{REDACTED}")
        folder.mkdir(mode=0o700, exist_ok=True)
        for source, name in ((result, RESULT), (report, REPORT), (key, KEY)):
            source.replace(folder / name)


def folder_of(hunt: Hunt, server: int) -> str:
    """Where what came of one server lies, below the desk's files."""
    return f"{Path(hunt.stored_as).parent.parent}/{server}"


def _upload(hunt: Hunt) -> Path:
    path = path_of(hunt.stored_as)
    if not path.is_file():
        raise SourceError("The uploaded file is no longer kept. Upload it again.")
    return path


def _hunted(
    upload: Path, scratch: Path, limits: HuntLimits, tell: Progress, more: list[str] | None = None
) -> tuple[Path, Path, bool]:
    """The result and the report of a hunt, in `scratch`, and whether it had no network."""
    out, result = scratch / "out", scratch / "hunted.json"
    command = [
        *(sys.executable, "-P", "-m", "tocsin", "hunt", f"./{upload.name}"),
        *("--json", "--output", str(out), "--format", "html"),
        *("--max-unpacked", f"{limits.unpacked_bytes / _GIBIBYTE:g}"),
        *(more or ()),
    ]
    # It works where the upload lies, so that no path of ours gets into the report.
    one = Confined(
        command=command, folder=upload.parent, scratch=scratch, out=result, what="The hunt"
    )
    is_apart = _run(one, limits, tell)
    return result, out / REPORT, is_apart


def _run(one: Confined, limits: HuntLimits, tell: Progress) -> bool:
    try:
        return run(one, limits, tell)
    except OSError as error:
        raise SourceError(f"{one.what} could not be begun: {error.strerror}") from error


@contextmanager
def _scratch(hunt: Hunt) -> Iterator[Path]:
    """A folder for one run, which is gone afterwards, and of which nothing earlier is left."""
    folder = home_of(hunt) / "work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
