"""`make desk`: a desk with an invented country in it, on this machine alone.

The first time everything is set up below ``build/desk``, which takes a minute or two; later it
starts in seconds. `--fresh` begins anew. Whatever else the environment says of a desk (another
database, names by which it is reached) is for real use, and not heeded here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.errors import TocsinError, UsageError
from tocsin.web.project import serving, setting_up

if TYPE_CHECKING:
    from collections.abc import Sequence

_HOME = Path("build/desk")
_MARK = "demonstration"
"""A folder with this file in it is one of ours, and may be thrown away."""


def main(argv: Sequence[str] | None = None) -> int:
    """Set up what is missing, print the link, and serve until Ctrl-C."""
    arguments = _parser().parse_args(argv)
    home: Path = arguments.home.resolve()
    try:
        _take(home, fresh=arguments.fresh)
        setting_up.init()

        from tocsin.web.demonstration import start  # noqa: PLC0415 models need Django's settings

        start.prepare(arguments)
        if not arguments.no_serve:
            listen = serving.Listen.of(f"127.0.0.1:{arguments.port}")
            serving.serve(listen, threads=8, max_body_bytes=None, with_worker=True, say=start.tell)
    except TocsinError as error:
        print(error, file=sys.stderr)  # noqa: T201 the command's own words
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def _take(home: Path, *, fresh: bool) -> None:
    """Make the folder ours, anew where that is asked."""
    if home.exists() and any(home.iterdir()) and not (home / _MARK).exists():
        raise UsageError("holds something else than a demonstration", where=str(home))
    if fresh and home.exists():
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / _MARK).touch()
    os.environ["TOCSIN_DESK_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tocsin.web.project.settings.local"
    for name in ("TOCSIN_DATABASE_URL", "TOCSIN_DESK_HOSTS"):
        os.environ.pop(name, None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tocsin.web.demonstration",
        description="A desk with an invented country in it, on this machine alone.",
    )

    def number(name: str, value: int, text: str) -> None:
        parser.add_argument(name, type=int, default=value, help=f"{text} (%(default)s)")

    parser.add_argument("--home", type=Path, default=_HOME, help="its folder (%(default)s)")
    number("--seed", 2021, "of the country")
    number("--organisations", 2000, "how many there are")
    number("--hosts", 7500, "how many servers are seen")
    number("--days", 14, "how long they are watched")
    number("--port", 8000, "on 127.0.0.1")
    parser.add_argument("--fresh", action="store_true", help="begin anew")
    parser.add_argument("--no-serve", action="store_true", help="only set up")
    return parser


if __name__ == "__main__":
    sys.exit(main())
