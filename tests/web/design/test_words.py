"""Every identifier that pages show has a plain word."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tocsin.web
from tocsin.campaign import observation
from tocsin.web.accounts.models import Role
from tocsin.web.audit.services import record
from tocsin.web.audit.telling import deed, parts
from tocsin.web.design.deeds import DEEDS
from tocsin.web.design.words import SIGNS, TABLES, capital, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from enum import StrEnum

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign

DESK = Path(tocsin.web.__file__).parent
BY_HAND = {
    *("person.made_administrator", "person.no_longer_administrator"),
    *("person.second_factor_added", "person.second_factor_removed"),
    "person.recovery_codes_renewed",
    *("view.deleted", "view.renamed", "view.shared", "view.unshared"),
    *("contacts.read", "hunt.read"),
}
"""Actions that the code puts together out of two parts."""


@pytest.mark.parametrize(("names", "table"), TABLES, ids=lambda one: getattr(one, "__name__", ""))
def test_every_value_of_an_enumeration_has_a_word(
    names: Iterable[StrEnum], table: Mapping[str, str]
) -> None:
    assert set(names) == set(table)
    for name, text in table.items():
        assert text
        assert "_" not in text, name


def test_every_sign_of_compromise_has_words() -> None:
    signs = {
        observation.WEB_SHELL,
        observation.OWNER_REPORTED_WEB_SHELL,
        observation.OWNER_REPORTED_COMPROMISE,
    }
    assert signs == set(SIGNS)


def test_every_action_that_is_recorded_has_words_and_no_other() -> None:
    things = {action.partition(".")[0] for action in DEEDS}
    found = {one for one in texts() if one.partition(".")[0] in things}
    assert found - NO_ACTIONS | BY_HAND == set(DEEDS)


NO_ACTIONS = {"list.html", "organisation.name"}


def texts() -> Iterator[str]:
    """All texts in the desk's code that look like an action."""
    for path in DESK.rglob("*.py"):
        if path.name == "deeds.py" or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and re.fullmatch(r"[a-z_]+\.[a-z_]+", node.value)
            ):
                yield node.value


def test_a_word_that_nobody_wrote_can_be_read_all_the_same() -> None:
    assert word("scan_script") == "script of nmap"
    assert word("something_new") == "something new"
    assert capital("path of X-OWA") == "Path of X-OWA"


@pytest.mark.django_db
def test_a_decision_is_told_in_words(campaign: Campaign, person: Callable[[Role], User]) -> None:
    detail = {
        "rejected": 3,
        "mapping": {"ip": "IP_Address"},
        "level": "no_evidence_found",
        "first": ["a", "b"],
        "to": None,
    }
    one = record(person(Role.ANALYST), "import.read_again", "import 1", detail=detail)

    assert deed(one) == "Bad rows read again"
    assert parts(one) == [
        ("first", "a, b"),
        ("level", "no evidence found"),
        ("columns: ip", "IP_Address"),
        ("rows in quarantine", 3),
        ("afterwards", None),
    ]
