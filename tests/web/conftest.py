"""What tests of the desk share: people, a campaign, and clients that have signed in.

`make test` runs this folder twice: on SQLite, and with TOCSIN_DATABASE_URL on PostgreSQL.
"""

from __future__ import annotations

import re
from html import unescape
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.campaigns.models import Campaign
from tocsin.web.organisations.models import Constituency

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from django.test import Client
    from pytest_django.fixtures import Settings
    from pytest_django.plugin import DjangoDbBlocker


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is for the other database to the turn that has it: it is not skipped."""
    other = "sqlite" if connection.vendor == "postgresql" else "postgresql"
    left = [item for item in items if item.get_closest_marker(other) is not None]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


PASSWORD = "a long pass phrase of the tests"


def text_of(page: bytes) -> str:
    """What people read of a page, without markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.decode())).split())


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    """A folder for the desk's files of one test."""
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def constituency(db: None) -> Constituency:
    return Constituency.objects.create(slug="north", name="North")


@pytest.fixture
def campaign(constituency: Constituency) -> Campaign:
    return Campaign.objects.create(
        slug="proxylogon",
        name="ProxyLogon",
        pack="proxylogon",
        cves=["CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065"],
        constituency=constituency,
    )


@pytest.fixture
def person(campaign: Campaign) -> Callable[[Role], User]:
    """Somebody with a role in the campaign, and one person for each role."""

    def make(role: Role) -> User:
        user, new = User.objects.get_or_create(username=f"the-{role}")
        if new:
            user.set_password(PASSWORD)
            user.save()
            Membership.objects.create(user=user, campaign=campaign, role=role)
        return user

    return make


@pytest.fixture
def analyst(person: Callable[[Role], User]) -> User:
    return person(Role.ANALYST)


@pytest.fixture
def signed_in(client: Client, person: Callable[[Role], User]) -> Callable[[Role], Client]:
    """A client of somebody with this role."""

    def sign_in(role: Role = Role.ANALYST) -> Client:
        client.force_login(
            person(role), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        return client

    return sign_in


_APPEND_ONLY = import_module("tocsin.web.audit.migrations.0002_append_only")


@pytest.fixture
def _decisions_are_kept_again(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """After the tables were emptied."""
    yield
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        _APPEND_ONLY.forwards(None, editor)


@pytest.fixture
def commits(_decisions_are_kept_again: None, transactional_db: None) -> Iterator[None]:
    """Transactions end for real, and what is to be done on commit is done.

    Afterwards all tables are emptied, which that of decisions would refuse. Take this fixture
    before any other of the database, and only where it is needed: emptying takes its time.
    """
    yield
    with connection.schema_editor() as editor:
        _APPEND_ONLY.backwards(None, editor)
