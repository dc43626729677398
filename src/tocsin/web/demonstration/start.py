"""What `make desk` does once Django knows its settings: load, and say how to get in."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from tocsin.web.accounts.services import new_link
from tocsin.web.demonstration.country import Size
from tocsin.web.demonstration.load import administrator, is_loaded, load

if TYPE_CHECKING:
    from argparse import Namespace


def prepare(arguments: Namespace) -> None:
    """Load the country unless it is there, and print how to get in."""
    if not is_loaded():
        size = Size(
            organisations=arguments.organisations, hosts=arguments.hosts, days=arguments.days
        )
        began_s = time.monotonic()
        load(
            arguments.seed,
            size,
            lambda text: tell(f"{time.monotonic() - began_s:5.0f} s  {text}"),
        )
    user = administrator()
    if user.has_usable_password():
        print(f"Sign in as {user.username}.", flush=True)  # noqa: T201 what the command says
        return
    print(  # noqa: T201 as above
        f"You are {user.username}. Set a password, once, by this link:\n"
        f"http://127.0.0.1:{arguments.port}{new_link(user, by=None)}",
        flush=True,
    )


def tell(text: str) -> None:
    """Say how it goes."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 as above
