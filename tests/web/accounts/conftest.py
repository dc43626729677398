"""The desk as it is used: with a second factor, and with counters that start at nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import Settings


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> Iterator[None]:
    """Attempts of other tests do not count."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def factor_needed(settings: Settings) -> None:
    settings.TOCSIN_REQUIRE_MFA = True
