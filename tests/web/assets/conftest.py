"""Hosts as an assessment makes them, out of three days of reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.assessing.conftest import (
    bring,
    organisations,
    three_days,
)
from tocsin.web.assessing.services import assess
from tocsin.web.assets.models import Asset

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.web.campaigns.models import Campaign
    from tocsin.web.imports.models import Import

__all__ = ["bring", "organisations", "three_days"]
"""Fixtures of the neighbour's."""


@pytest.fixture
def assessed(campaign: Campaign, three_days: list[Import]) -> Campaign:
    """Six hosts: 192.0.2.1 fixed, .2 vanished, 198.51.100.7 with a web shell, and three more."""
    assess(campaign)
    return campaign


@pytest.fixture
def host(assessed: Campaign) -> Callable[[str], Asset]:
    """The host of this address."""

    def find(key: str) -> Asset:
        return Asset.objects.get(campaign=assessed, key=key)

    return find
