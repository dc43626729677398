"""A table goes between its marks, or nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.page import put

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_between_the_marks_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<begin>\n\nold\n<end>\nz\n", "utf-8")
    put(page, "new", "<begin>", "<end>")
    assert page.read_text("utf-8") == "a\n<begin>\n\nnew\n<end>\nz\n"


@pytest.mark.parametrize("text", ["nothing", "<begin>\nno end", "no beginning\n<end>"])
def test_a_page_without_the_marks_stays_as_it_is(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    with pytest.raises(SystemExit, match="needs the marks <begin> and <end>"):
        put(page, "new", "<begin>", "<end>")
    assert text == page.read_text("utf-8")
