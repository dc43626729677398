"""Drafts of parts, put together, are the tally of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.matching import tally as tallies
from tocsin.matching.match import Match
from tocsin.matching.tally import Draft, Tally
from tocsin.model.artefact import Artefact
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

LOG = Artefact(path=EvidencePath.plain("a.log"), format="iis", size_bytes=1)


def match(rule: str, page: str, place: int) -> Match:
    return Match(
        rule=rule,
        artefact=LOG,
        kind="iis",
        time=None,
        place=place,
        values={"url_path": page},
        text="",
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    parts=st.lists(
        st.lists(
            st.tuples(st.sampled_from("rs"), st.integers(0, 12).map(lambda n: f"/{n}")),
            max_size=30,
        ),
        max_size=6,
    )
)
def test_drafts_put_together_are_one_tally(
    monkeypatch: pytest.MonkeyPatch, parts: Sequence[Sequence[tuple[str, str]]]
) -> None:
    monkeypatch.setattr(tallies, "MATCHES_PER_RULE", 5)
    whole, together = Tally(), Tally()
    place = 0
    for part in parts:
        draft = Draft()
        for rule, page in part:
            place += 1
            whole.keep(match(rule, page, place))
            draft.keep(match(rule, page, place))
        assert len(draft.kept) <= 2 * 2 * 5
        together.absorb(draft.sealed())
    assert whole.matches == together.matches
    assert +whole.counts == +together.counts
