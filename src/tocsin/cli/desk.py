"""What the commands of `tocsin desk` print, and what they ask of the desk.

Imported only when one of them runs: whatever is imported here reads Django.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tocsin.cli.exits import Exit
from tocsin.cli.feeds import mapping
from tocsin.errors import SourceError, UsageError
from tocsin.report.visible import visible
from tocsin.web.project import serving, setting_up, starting

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign

_MIB = 2**20


def run(arguments: Namespace) -> int:
    """Run one of them."""
    return _COMMANDS[arguments.what](arguments)


def _init(_arguments: Namespace) -> int:
    made = setting_up.init()
    print(f"Folder:   {made.home}\nDatabase: {made.database}")
    if made.key:
        print(
            "\nPut this key into the environment of serve and worker. It signs sessions and\n"
            "encrypts second factors; it is printed this once, and stored nowhere:\n\n"
            f"TOCSIN_SECRET_KEY={made.key}"
        )
    if not made.has_people:
        print("\nNext, the first administrator:  tocsin desk create-user NAME --administrator")
    print("\nThen:  tocsin desk serve --with-worker")
    return Exit.DONE


def _check(_arguments: Namespace) -> int:
    found = setting_up.check()
    for line in found:
        print(visible(line))
    if not found:
        print("Nothing is wrong with the settings and the database.")
    return Exit.USAGE if found else Exit.DONE


def _serve(arguments: Namespace) -> int:
    if not 1 <= arguments.threads <= 256:
        raise UsageError("from 1 to 256", where="--threads")
    if arguments.max_body is not None and arguments.max_body < 1:
        raise UsageError("at least 1", where="--max-body")
    serving.serve(
        serving.Listen.of(arguments.listen),
        threads=arguments.threads,
        max_body_bytes=arguments.max_body * _MIB if arguments.max_body else None,
        with_worker=arguments.with_worker,
        say=_tell,
    )
    return Exit.DONE


def _worker(arguments: Namespace) -> int:
    _begin()
    from tocsin.web.work.worker import run_worker  # noqa: PLC0415 only after the start

    _tell("The worker waits for jobs (Ctrl-C ends it).")
    done = run_worker(once=arguments.once)
    _tell(f"Jobs done: {done}")
    return Exit.DONE


def _import(arguments: Namespace) -> int:
    asked = mapping(arguments.map)
    missing = [path for path in arguments.files if not path.is_file()]
    if missing:
        raise SourceError("there is no such file", where=str(missing[0]))
    _begin()
    from tocsin.web.imports.services import import_path  # noqa: PLC0415 only after the start

    campaign, user = _campaign(arguments.campaign), _importer(arguments.by)
    for path in arguments.files:
        one = import_path(
            campaign, user, path, feed=arguments.feed, mapping=asked or None, host=arguments.host
        )
        feeds = ", ".join(sorted({*one.files.values_list("feed", flat=True)})) or one.feed
        print(
            visible(
                f"{path}: import {one.number} ({feeds}), {one.observations:,} rows stored, "
                f"{one.rejected:,} in quarantine, {one.repeated:,} of files imported before"
            )
        )
    _tell("The worker assesses the campaign anew: tocsin desk worker")
    return Exit.DONE


def _create_user(arguments: Namespace) -> int:
    if bool(arguments.role) != bool(arguments.campaign):
        raise UsageError("--role and --campaign go together", where="tocsin desk create-user")
    if arguments.reset_second_factor and not arguments.new_link:
        raise UsageError(
            "--reset-second-factor goes with --new-link", where="tocsin desk create-user"
        )
    _begin()
    campaign = _campaign(arguments.campaign) if arguments.campaign else None
    path = _again(arguments) if arguments.new_link else _new(arguments, campaign)
    address = (arguments.url or _own_address()).rstrip("/")
    _tell(
        "Whoever has this link can sign in as this person. It can be used once, within 24 hours:"
    )
    print(f"{address}{path}")
    return Exit.DONE


def _new(arguments: Namespace, campaign: Campaign | None) -> str:
    from tocsin.web.accounts import services  # noqa: PLC0415 only after the start
    from tocsin.web.accounts.models import Role  # noqa: PLC0415 as above

    _user, path = services.create_person(
        arguments.name,
        by=None,
        is_administrator=arguments.administrator,
        role=None if campaign is None else (campaign, Role(arguments.role)),
    )
    if not (arguments.administrator or campaign):
        _tell("This person has no role yet, and sees no campaign.")
    return path


def _again(arguments: Namespace) -> str:
    from tocsin.web.accounts import services  # noqa: PLC0415 only after the start

    if arguments.administrator or arguments.role:
        raise UsageError(
            "roles of an account that exists are given in the desk", where="--new-link"
        )
    user = _person(arguments.name)
    path = services.new_link(user, by=None)
    if arguments.reset_second_factor:
        services.reset_factors(user, by=None)
    return path


def _verify_log(_arguments: Namespace) -> int:
    _begin()
    from tocsin.web.audit.queries import end_of_chain, verify  # noqa: PLC0415 after the start

    broken = verify()
    if broken is not None:
        print(f"broken at decision {broken.number}: {broken.why}")
        return Exit.LEVEL_REACHED
    end = end_of_chain()
    print(f"{end.number} decisions, the last hash is {end.hash}")
    return Exit.DONE


def _begin() -> None:
    starting.start()
    starting.need_database()


def _campaign(slug: str) -> Campaign:
    from tocsin.web.campaigns.models import Campaign  # noqa: PLC0415 only after the start

    found = Campaign.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Campaign.objects.order_by("slug").values_list("slug", flat=True))
        raise UsageError(f"no such campaign; there is {known or 'none yet'}", where=slug)
    return found


def _person(name: str) -> User:
    from tocsin.web.accounts.models import User  # noqa: PLC0415 only after the start

    found = User.objects.filter(username=name).first()
    if found is None:
        raise UsageError("nobody has this user name", where=name)
    return found


def _importer(name: str | None) -> User:
    """Whose import it is: a decision needs somebody who made it."""
    from tocsin.web.accounts.models import User  # noqa: PLC0415 only after the start

    if name:
        return _person(name)
    administrators = list(User.objects.filter(is_administrator=True, is_active=True)[:2])
    if len(administrators) != 1:
        raise UsageError("say who imports: --by NAME", where="tocsin desk import")
    return administrators[0]


def _own_address() -> str:
    hosts = os.environ.get("TOCSIN_DESK_HOSTS", "").split(",")
    # By this name, and not by its number, browsers give passkeys to a page without TLS.
    return f"https://{hosts[0].strip()}" if hosts[0].strip() else "http://localhost:8000"


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


_COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "init": _init,
    "check": _check,
    "serve": _serve,
    "worker": _worker,
    "import": _import,
    "create-user": _create_user,
    "verify-log": _verify_log,
}
