"""The table of log sources: what it must not say, and that the reference says the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tocsin.errors import KnowledgeError
from tocsin.events.format import LogSource, all_formats
from tocsin.knowledge.root import BUILTIN, using
from tocsin.matching.sigma.routing import routes
from tocsin.matching.sigma.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "rules.md"
GENERAL = ("webserver", "proxy")
"""Categories that several formats serve."""
TEXT = (BUILTIN / "logsources.toml").read_text(encoding="utf-8")


def rows() -> dict[str, tuple[str, str]]:
    """The table of formats in the reference: log sources, and categories for users, by format."""
    page = PAGE.read_text(encoding="utf-8")
    return {
        name: (sources, more)
        for name, sources, more in re.findall(
            r"^\| `(\w+)` \| (.*) \| (.*?) ?\|$", page, re.MULTILINE
        )
        if name in all_formats()
    }


def sources_in(text: str) -> Iterator[LogSource]:
    for found in re.findall(r"`(\{.*?\})`", text):
        yield LogSource(**yaml.safe_load(found))


def test_the_reference_has_a_row_for_every_format() -> None:
    assert set(all_formats()) == set(rows())


@pytest.mark.parametrize("name", sorted(all_formats()))
def test_the_reference_says_which_log_sources_a_format_serves(name: str) -> None:
    form = all_formats()[name]
    sources, more = rows()[name]
    stated = list(sources_in(sources))
    assert stated != []
    for one in stated:
        assert routes(one, form) != ()
        assert routes(one, form, users=True) != ()
    for category in GENERAL:
        wanted = LogSource(category=category)
        assert (wanted in stated) == (routes(wanted, form) != ())
        assert (f"`{category}`" in sources + more or wanted in stated) == (
            routes(wanted, form, users=True) != ()
        )


def test_every_name_that_the_reference_lists_for_requests_is_known() -> None:
    page = PAGE.read_text(encoding="utf-8")
    listed = page.split("`webserver` and `proxy`:")[1].split("as far as")[0]
    names = {name for web in table().web.values() for name in (*web.names, *web.parts)}
    own = {column.source for name in table().web for column in all_formats()[name].columns}
    assert set() == set(re.findall(r"`([\w-]+)`", listed)) - names - own


def test_the_table_names_only_formats_and_columns_that_there_are() -> None:
    known = set(all_formats())
    assert table().web.keys() <= known
    assert {name for one in table().sources for name in one.formats} <= known
    for name, web in table().web.items():
        own = {column.source for column in all_formats()[name].columns}
        assert set(web.columns) <= own


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('from = ["ObjectName", "ObjectValueName"]', 'from = ["ObjectName"]', "TargetObject: 1"),
        ('from = ["MandatoryLabel"]', "from = []", "IntegrityLevel: 0 columns"),
        ('as = "registry"', 'as = "x"', "Invalid enum value 'x'"),
        ('uri = "cs-uri"', 'uri = "cs-uri"\nstem = "x"', "httperr: has either uri"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_with_its_name(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    assert old in TEXT
    (tmp_path / "logsources.toml").write_text(TEXT.replace(old, new), encoding="utf-8")
    with using(tmp_path), pytest.raises(KnowledgeError) as error:
        table()
    assert str(error.value).startswith("logsources.toml: ")
    assert reason in str(error.value)
