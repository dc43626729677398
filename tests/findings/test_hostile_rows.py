"""Rows that an attacker wrote to hang or mislead the joining of rows."""

from __future__ import annotations

import time

import pytest

from tocsin.findings.keys import keys_of

LONG = 2**20


@pytest.mark.parametrize(
    "path",
    [
        "/owa/auth/" + "a" * LONG,
        "/owa/auth/" + "a." * (LONG // 2),
        "/owa/auth/" + ".aspx" * (LONG // 5) + "!",
        "/" * LONG,
        "/owa/auth/x.aspx" + ".0123456789abcdef" * (LONG // 17),
    ],
)
@pytest.mark.parametrize("column", ["url_path", "file_path"])
def test_no_path_makes_the_search_for_its_page_slow(column: str, path: str) -> None:
    """A request of 16 KiB of letters cost seconds, and whoever could send one could send many."""
    started = time.process_time()
    keys_of({column: path})
    assert time.process_time() - started < 2
