"""`tocsin desk init` and `tocsin desk check`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.errors import UsageError
from tocsin.web.project import starting

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What `init` made. `key` is the new key, where one was needed and none was set."""

    home: Path
    database: str
    key: str | None
    has_people: bool


def init() -> Made:
    """Make folder, database and static files, or bring them up to date."""
    home = starting.usable_home()
    key = None
    if starting.is_production(os.environ) and not os.environ.get("TOCSIN_SECRET_KEY", "").strip():
        key = os.environ["TOCSIN_SECRET_KEY"] = starting.new_key()
    starting.start()

    from django.core.management import call_command  # noqa: PLC0415 only after the start
    from django.db import DatabaseError, connection  # noqa: PLC0415 as above

    from tocsin.web.accounts.models import User  # noqa: PLC0415 as above

    try:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        has_people = User.objects.exists()
    except DatabaseError as wrong:
        raise UsageError(f"the database cannot be used: {wrong}", where="tocsin desk") from None
    call_command("collectstatic", interactive=False, verbosity=0)
    return Made(
        home=home,
        database=f"{connection.vendor} {connection.settings_dict['NAME']}",
        key=key,
        has_people=has_people,
    )


def check() -> list[str]:
    """What is wrong with the settings and the database, in sentences; empty where nothing is."""
    starting.start()

    from django.conf import settings  # noqa: PLC0415 only after the start
    from django.core.checks import WARNING, run_checks  # noqa: PLC0415 as above

    deploys = starting.is_production(os.environ)
    found = [
        f"{one.id}: {one.msg}"
        for one in run_checks(include_deployment_checks=deploys, databases=["default"])
        if one.level >= WARNING and not one.is_silenced()
    ]
    if not settings.TOCSIN_REQUIRE_MFA:
        found.append("No second factor is asked for: TOCSIN_DESK_REQUIRE_MFA is set to no.")
    if getattr(settings, "TOCSIN_ANY_HOST", False):
        found.append(
            "Whoever asks can choose the name in links unless the proxy refuses it: "
            "TOCSIN_DESK_ANY_HOST is set to yes."
        )
    try:
        starting.need_database()
    except UsageError as wrong:
        found.append(str(wrong))
    return found
