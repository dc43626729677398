"""The user's rule files: what is read of them, and names that are free."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import KnowledgeError
from tocsin.matching.files import FILE_BYTES, Slugs, files_below, read_text

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.sampled_from(
    ("a", "a-b", "a.yml", "A.YML", ".yml", "b.yaml", "b.txt", "b.yml.", "é.yml")
)


def test_the_text_has_the_line_ends_that_it_means(tmp_path: Path) -> None:
    (tmp_path / "rule.yml").write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")
    assert read_text(tmp_path / "rule.yml") == "a\nb\nc\n"


def test_a_huge_file_is_refused_before_anybody_parses_it(tmp_path: Path) -> None:
    with (tmp_path / "rule.yml").open("wb") as file:
        file.truncate(FILE_BYTES + 1)
    with pytest.raises(KnowledgeError, match="is larger than 8 MiB: split it"):
        read_text(tmp_path / "rule.yml")


@given(st.lists(st.sampled_from(("a", "b", "a-2", "a-2-2", "b-3")), max_size=20))
def test_a_name_that_is_taken_gets_the_first_number_that_is_free(wanted: list[str]) -> None:
    slugs, taken = Slugs(), set[str]()
    for name in wanted:
        found = slugs.free(name, taken.__contains__)
        numbered = (f"{name}-{number}" for number in range(2, 100))
        assert found == next(one for one in (name, *numbered) if one not in taken)
        taken.add(found)


def test_the_same_name_again_and_again_is_not_looked_for_from_the_beginning() -> None:
    slugs, taken = Slugs(), set[str]()
    asked = 0

    def is_taken(slug: str) -> bool:
        nonlocal asked
        asked += 1
        return slug in taken

    for _ in range(1000):
        taken.add(slugs.free("same", is_taken))
    assert {"same", *(f"same-{number}" for number in range(2, 1001))} == taken
    assert asked < 5000


@given(paths=st.lists(st.lists(NAMES, min_size=1, max_size=3), max_size=8))
def test_files_are_found_in_the_order_of_their_paths(
    tmp_path_factory: pytest.TempPathFactory, paths: list[list[str]]
) -> None:
    top = tmp_path_factory.mktemp("rules")
    for parts in paths:
        file = top.joinpath(*parts)
        if not any(one.is_file() for one in file.parents) and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    (top / "link.yml").symlink_to(top / "a.yml")
    (top / "folder").symlink_to(top)
    endings = (".yml", ".yaml")
    assert files_below([top, top / "a"], endings) == [
        *sorted(p for p in top.rglob("*") if p.suffix.lower() in endings and p.is_file()),
        *(
            sorted(
                p for p in (top / "a").rglob("*") if p.suffix.lower() in endings and p.is_file()
            )
            if (top / "a").is_dir()
            else [top / "a"]
        ),
    ]
