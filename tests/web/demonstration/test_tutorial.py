"""The numbers of the tutorial are those of the country that it shows."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tocsin.web.demonstration.truth import news_of_the_last
from tocsin.web.demonstration.words import owners_words

if TYPE_CHECKING:
    from tests.web.demonstration.conftest import Played

PAGE = Path(__file__).resolve().parents[3] / "docs" / "tutorial" / "first-campaign.md"


@pytest.mark.slow
def test_the_tutorial_tells_the_numbers_of_the_demonstration(full: Played) -> None:
    page = " ".join(PAGE.read_text("utf-8").split())
    hosts, truth = full.truth.hosts, full.truth
    news = Counter(event.change for event in news_of_the_last(full.files))
    for sentence in (
        f"{len(full.country.organisations):,} organisations",
        f"{len(truth.known):,} servers",
        f"{len(full.files)} files of three feeds",
        f"{hosts['red']:,} hosts are vulnerable",
        f"of {hosts['yellow']:,} nobody can say",
        f"{hosts['green']:,} are not vulnerable",
        f"with signs of compromise: {truth.web_shells}",
        f"{hosts['vanished']} no longer answer",
        f"{news['first_seen']} hosts were seen for the first time",
        f"{news['vanished']} vanished, {news['back']} are back",
        f"{news['vulnerable_again']} are vulnerable again",
    ):
        assert sentence in page
    words = owners_words(full.country, full.files)
    (wrong,) = (one.host.ip for one in words if not one.stands)
    assert f"{len(words) + 1} owners have run" in page
    assert f"{sum(one.stands for one in words)} had the update where no feed can tell" in page
    assert f"One is mistaken: `{wrong}`" in page
    stores = truth.owned["Heronbridge Stores"]
    assert (
        f"{stores.total()} hosts: {stores['red']} red, {stores['yellow']} yellow and "
        f"{stores['green']} green" in page
    )
    found = re.search(r"Search for `([\d.]+)`", page)
    assert found is not None
    assert ["green", "red"] == sorted(truth.known[found[1]].servers)
