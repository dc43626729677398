"""Nobody is called like somebody else, like a role, or like the desk itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.accounts.signing_in import make, sign_in
from tocsin.errors import UsageError
from tocsin.web.accounts.models import User
from tocsin.web.accounts.services import create_person, rename
from tocsin.web.audit.models import Decision
from tocsin.web.audit.services import record

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

_TAKEN = (
    "Ada Lovelace",
    "ada  lovelace",
    "ADA\u2003LOVELACE",
    "Ada\xa0Lovelace",
    "\uff21da Lovelace",
    "Ada-Lovelace.",
    "A.D.A. Lovelace",
)
_NEVER = (
    "the desk",
    "The Desk",
    "THE\u2007DESK",
    "Tocsin",
    "Administrator",
    "Approver",
    "boss",
    "Bo ss",
)
_HIDES = (
    "Ada (boss)",
    "Ada\u202eL",
    "Ada\u200b",
    "<b>Ada</b>",
    "Bob@example.org",
    "A\u0435da",
    "-",
)


@pytest.fixture
def eve() -> User:
    create_person("ada", by=None, name=("Ada", "Lovelace"))
    make("boss")
    return make("eve")


@pytest.mark.parametrize("name", [*_TAKEN, *_NEVER, *_HIDES])
def test_a_name_that_stands_for_somebody_else_is_refused(
    client: Client, eve: User, name: str
) -> None:
    sign_in(client, "eve")
    page = client.post("/people/me/", {"first_name": name, "last_name": ""})
    assert 200 == page.status_code  # the form again
    assert not User.objects.filter(pk=eve.pk).exclude(first_name="").exists()
    first, _, last = name.partition(" ")
    with pytest.raises(UsageError):
        rename(eve, first, last, by=eve)


@pytest.mark.parametrize(
    "name", ["Eve", "Eve O'Neill", "Ève de l’Île-Dieu", "Ада Лавлейс", "李雷", "Ada Lovelace-King"]
)
def test_names_of_people_are_taken(eve: User, name: str) -> None:
    rename(eve, name, "", by=eve)
    assert f"{name} (eve)" == str(eve)


def test_somebody_keeps_their_own_name(eve: User) -> None:
    ada = User.objects.get(username="ada")
    rename(ada, "Ada", "LOVELACE", by=ada)
    rename(eve, "Eve", "", by=eve)
    rename(eve, "eve", "", by=eve)


@pytest.mark.parametrize("name", ["the-desk", "The_Desk", "tocsin", "\u0430da", "b.o.s.s"])
def test_a_user_name_that_stands_for_somebody_else_is_refused(eve: User, name: str) -> None:
    with pytest.raises(UsageError):
        create_person(name, by=None)


def test_a_decision_shows_by_which_name_somebody_signs_in(eve: User) -> None:
    rename(eve, "E" * 150, "L" * 150, by=eve)
    record(eve, "thing.done", "thing 1")
    shown = Decision.objects.filter(action="thing.done").values_list("actor_name", flat=True)[0]
    assert shown.startswith("EEE")
    assert shown.endswith(" (eve)")
    assert 200 >= len(shown)
