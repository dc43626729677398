"""Where the user's folders lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tocsin.cli import folders

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the names of POSIX are tried")
HOME = Path.home()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TOCSIN_DATA": "/d", "XDG_DATA_HOME": "/x"}, Path("/d/knowledge")),
        ({"XDG_DATA_HOME": "/x"}, Path("/x/tocsin/knowledge")),
        ({"XDG_DATA_HOME": "relative"}, HOME / ".local/share/tocsin/knowledge"),
        ({}, HOME / ".local/share/tocsin/knowledge"),
    ],
)
def test_the_store_is_where_the_environment_says(environ: dict[str, str], expected: Path) -> None:
    assert expected == folders.knowledge_store(environ)


def test_keys_lie_with_the_configuration() -> None:
    assert Path("/x/tocsin/knowledge-keys") == folders.trusted_keys({"XDG_CONFIG_HOME": "/x"})
    assert HOME / ".config/tocsin/knowledge-keys" == folders.trusted_keys({})


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TOCSIN_CACHE": "off", "XDG_CACHE_HOME": "/x"}, None),
        ({"TOCSIN_CACHE": "/c", "XDG_CACHE_HOME": "/x"}, Path("/c/rules")),
        ({"TOCSIN_CACHE": "", "XDG_CACHE_HOME": "/x"}, Path("/x/tocsin/rules")),
        ({}, HOME / ".cache/tocsin/rules"),
    ],
)
def test_compiled_rules_lie_in_the_cache(environ: dict[str, str], expected: Path | None) -> None:
    assert expected == folders.compiled_rules(environ)
