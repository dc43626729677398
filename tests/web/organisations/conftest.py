"""Lists, and people who change what lists say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.web.organisations.models import Organisation

if TYPE_CHECKING:
    from tocsin.web.organisations.models import Constituency

LIST = (
    b"organisation,sector,country,region,networks,domains,contacts,language\n"
    b"Hospital,health,NL,Noord,192.0.2.0/25,hospital.example,soc@hospital.example,nl\n"
    b"Town,government,NL,Zuid,198.51.100.0/24,town.example,"
    b"it@town.example tel:+31205550100,nl\n"
)
"""Two organisations."""


@pytest.fixture
def hospital(constituency: Constituency) -> Organisation:
    return Organisation.objects.create(constituency=constituency, name="Hospital")
