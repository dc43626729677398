from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

from tocsin.campaign.feed import HEAD_BYTES, FeedContext, all_feeds
from tocsin.campaign.observation import FeedProblem, Observation
from tocsin.web.demonstration.files import write

if TYPE_CHECKING:
    from tests.web.demonstration.conftest import Played
    from tocsin.campaign.observation import FeedRow
    from tocsin.web.demonstration.looks import File


def rows_of(file: File) -> list[FeedRow]:
    data = write(file)
    context = FeedContext(file=file.name, sha256=hashlib.sha256(data).hexdigest())
    return list(all_feeds()[file.source.feed].read(io.BytesIO(data), context))


def test_each_file_is_recognised_as_what_it_is(small: Played) -> None:
    for file in small.files:
        head = write(file)[:HEAD_BYTES]
        found = [
            name
            for name, feed in all_feeds().items()
            if not feed.needs_mapping and feed.recognise(head, file.name)
        ]
        assert [file.source.feed] == found


def test_every_row_is_an_observation_or_a_problem_as_the_truth_says(small: Played) -> None:
    truth = small.truth
    for file in small.files:
        rows = rows_of(file)
        problems = [one for one in rows if isinstance(one, FeedProblem)]
        assert (truth.rows[file.name], truth.bad_rows[file.name]) == (len(rows), len(problems))
    assert sum(truth.bad_rows.values())


def test_each_sound_row_says_what_was_looked_at(small: Played) -> None:
    for file in small.files:
        for look, row in zip(file.looks, rows_of(file), strict=True):
            if isinstance(row, Observation):
                assert (look.host.ip, look.at) == (row.ip, row.time_utc)
                assert (not look.elsewhere) is row.about_exchange
                assert row.build in {look.install.text, look.install.three, None}
