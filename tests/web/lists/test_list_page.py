from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from tocsin.web.organisations.models import Organisation

pytestmark = pytest.mark.usefixtures("organisations")


def test_a_list_says_how_many_there_are(asked: Callable[..., HttpResponse]) -> None:
    page = asked().content.decode()
    assert "<strong>60</strong> organisations" in page
