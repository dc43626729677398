"""The desk and the browser that stories are played in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.stories.desk import Desk
from tests.web.stories.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from tocsin.web.accounts.models import Role


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("desk"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def stranger(browser: Browser, desk: Desk) -> Iterator[Visitor]:
    """Somebody who has not signed in."""
    visitor = Visitor(browser, desk)
    yield visitor
    visitor.close()


@pytest.fixture
def visit(browser: Browser, desk: Desk) -> Iterator[Callable[[Role], Visitor]]:
    """Somebody new with a role, who has signed in."""
    opened: list[Visitor] = []

    def come(role: Role) -> Visitor:
        opened.append(Visitor(browser, desk, desk.enter(role)))
        return opened[-1]

    yield come
    for one in opened:
        one.close()
