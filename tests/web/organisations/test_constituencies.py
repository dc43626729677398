"""Constituencies in the browser: who sees them, and an import that is shown before it is done."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.web.conftest import text_of
from tests.web.organisations.conftest import LIST
from tocsin.web.accounts.models import Role, User
from tocsin.web.audit.models import Decision
from tocsin.web.organisations import held
from tocsin.web.organisations.keeping import correct
from tocsin.web.organisations.models import Constituency, Organisation
from tocsin.web.organisations.reading import MAX_LIST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.test import Client

    from tocsin.web.campaigns.models import Campaign

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
IMPORT = reverse("constituencies:import", args=["north"])
CONFIRM = reverse("constituencies:confirm", args=["north"])


@pytest.fixture(autouse=True)
def files(media: Path) -> Path:
    """Uploads lie in a folder of the test's own."""
    return media / "lists"


def upload(client: Client, content: bytes, name: str = "list.csv") -> bytes:
    return bytes(client.post(IMPORT, {"file": SimpleUploadedFile(name, content)}).content)


def seal_in(page: bytes) -> str:
    found = re.search(r'name="seal" value="([^"]+)"', page.decode())
    assert found is not None
    return found[1]


def test_a_list_is_shown_before_it_is_imported(
    campaign: Campaign, signed_in: Callable[..., Client], files: Path
) -> None:
    client = signed_in(Role.ANALYST)
    page = upload(client, LIST)

    text = text_of(page)
    assert "Added 2 organisations" in text
    assert "Town new: network 198.51.100.0/24, domain town.example new: 2 contacts" in text
    assert b"it@town.example" not in page
    assert 0 == Organisation.objects.count()

    response = client.post(CONFIRM, {"seal": seal_in(page)}, follow=True)
    assert "Imported: 2 added, 0 changed, 0 gone, 0 back." in text_of(response.content)
    assert 2 == Organisation.objects.count()
    assert [] == list(files.iterdir())


def test_the_preview_says_what_is_gone_and_what_is_kept(
    campaign: Campaign, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.ANALYST)
    client.post(CONFIRM, {"seal": seal_in(upload(client, LIST))})
    hospital = Organisation.objects.get(name="Hospital")
    correct(hospital, {"sector": "care"}, User.objects.get(username="the-analyst"), campaign)

    text = text_of(upload(client, LIST.rpartition(b"Town")[0]))

    assert "1 organisation is no longer in the list." in text
    assert "Hospital sector: the list says health, a person corrected it to care" in text
    assert "Is the list whole?" in text


def test_the_same_list_again_offers_no_import(
    campaign: Campaign, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.ANALYST)
    client.post(CONFIRM, {"seal": seal_in(upload(client, LIST))})

    page = upload(client, LIST)

    assert "Nothing would change." in text_of(page)
    assert b'name="seal"' not in page


def test_what_changed_since_the_preview_is_shown_anew_instead_of_done(
    campaign: Campaign, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.ANALYST)
    seal = seal_in(upload(client, LIST))
    Organisation.objects.create(constituency=campaign.constituency, name="Town")

    page = client.post(CONFIRM, {"seal": seal}, follow=True).content

    assert "somebody changed the constituency in the meantime" in text_of(page)
    assert 1 == Organisation.objects.count()


@pytest.mark.parametrize("seal", ["", "nonsense", "a:b:c"])
def test_a_seal_that_is_not_ours_does_nothing(
    campaign: Campaign, signed_in: Callable[..., Client], seal: str
) -> None:
    page = signed_in(Role.ANALYST).post(CONFIRM, {"seal": seal}, follow=True).content
    assert "upload the list again" in text_of(page)


def test_a_seal_of_another_constituency_does_nothing(
    campaign: Campaign, signed_in: Callable[..., Client]
) -> None:
    seal = held.sealed(constituency="south", list=held.keep(LIST), name="x", digest="y")

    page = signed_in(Role.ANALYST).post(CONFIRM, {"seal": seal}, follow=True).content

    assert "of another constituency" in text_of(page)
    assert 0 == Organisation.objects.count()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "The submitted file is empty"),
        (b"name\nA\n", "there is no column organisation"),
        (b"organisation,networks\nA,0.0.0.0/0\n", "line 2: networks: '0.0.0.0/0' is far too wide"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"organisation\n<script>alert(1)</script>,\n", "has 2 fields where the header names 1"),
    ],
)
def test_a_list_with_mistakes_is_refused_with_their_places(
    campaign: Campaign, signed_in: Callable[..., Client], content: bytes, told: str
) -> None:
    page = upload(signed_in(Role.ANALYST), content, "<script>.csv")
    assert told in text_of(page)
    assert b"<script>" not in page.replace(b"<script src=", b"")


def test_a_list_that_is_too_large_is_refused(
    campaign: Campaign, signed_in: Callable[..., Client]
) -> None:
    page = upload(signed_in(Role.ANALYST), b"a" * (MAX_LIST_BYTES + 1))
    assert "larger than 32 MiB" in text_of(page)


def test_who_has_no_role_in_any_of_its_campaigns_does_not_see_it(
    campaign: Campaign, signed_in: Callable[..., Client]
) -> None:
    Constituency.objects.create(slug="south", name="South of it")
    client = signed_in(Role.APPROVER)

    page = client.get(reverse("constituencies:list")).content
    assert b"South of it" not in page
    for name in ("detail", "import"):
        url = reverse(f"constituencies:{name}", args=["south"])
        assert 404 == client.get(url).status_code
    assert 404 == client.post(reverse("constituencies:confirm", args=["south"])).status_code


def test_a_viewer_sees_it_and_imports_nothing(
    campaign: Campaign, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.VIEWER)
    page = client.get(reverse("constituencies:detail", args=["north"])).content
    assert b"Import a list" not in page
    assert 403 == client.get(IMPORT).status_code
    assert 403 == client.post(CONFIRM, {"seal": "x"}).status_code


def test_an_administrator_of_the_desk_begins_one_and_sees_all(db: None, client: Client) -> None:
    user = User.objects.create(username="admin", is_administrator=True)
    client.force_login(user, backend=BACKEND)

    response = client.post(reverse("constituencies:new"), {"name": "East", "slug": "east"})

    assert reverse("constituencies:import", args=["east"]) == response["Location"]
    assert "constituency.added" == Decision.objects.get().action
    assert b"East" in client.get(reverse("constituencies:list")).content
    again = client.post(reverse("constituencies:new"), {"name": "East", "slug": "east"})
    assert 400 == again.status_code


def test_lists_that_nobody_agreed_to_are_deleted_after_a_day(files: Path) -> None:
    old = files / held.keep(b"old")
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))

    kept = held.keep(b"new")

    assert [kept] == [one.name for one in files.iterdir()]
    assert 0o600 == (files / kept).stat().st_mode & 0o777
    assert b"new" == held.take(kept)
