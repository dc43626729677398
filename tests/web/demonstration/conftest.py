"""A small country, made once for all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from tocsin.web.demonstration.country import Size, make_country
from tocsin.web.demonstration.looks import make_files
from tocsin.web.demonstration.truth import truth_of

if TYPE_CHECKING:
    from tocsin.web.demonstration.country import Country
    from tocsin.web.demonstration.looks import File
    from tocsin.web.demonstration.truth import Truth

SMALL = Size(organisations=60, hosts=220, days=5)


class Played(NamedTuple):
    """A country, what feeds saw of it, and what that allows to be known."""

    country: Country
    files: tuple[File, ...]
    truth: Truth


def play(seed: int, size: Size) -> Played:
    """Everything of one seed."""
    country = make_country(seed, size)
    files = make_files(country)
    return Played(country, files, truth_of(files))


@pytest.fixture(scope="session", params=[1, 2, 3])
def small(request: pytest.FixtureRequest) -> Played:
    """Some small countries."""
    return play(request.param, SMALL)


@pytest.fixture(scope="session")
def full() -> Played:
    """The country that `make desk` shows."""
    return play(2021, Size())
