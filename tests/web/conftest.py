"""What tests of the desk share: people, a campaign, and clients that have signed in.

`make test` runs this folder twice: on SQLite, and with TOCSIN_DATABASE_URL on PostgreSQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.campaigns.models import Campaign
from tocsin.web.organisations.models import Constituency

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

PASSWORD = "a long pass phrase of the tests"


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
def signed_in(client: Client, person: Callable[[Role], User]) -> Callable[[Role], Client]:
    """A client of somebody with this role."""

    def sign_in(role: Role = Role.ANALYST) -> Client:
        client.force_login(
            person(role), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        return client

    return sign_in
