"""The user's rule files: names that are free."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.matching.files import Slugs


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
