from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from tocsin.errors import KnowledgeError
from tocsin.samples.play import play
from tocsin.samples.recipe import Kept, Ordinary, Recipe, Routine, Scene, Use, read_recipe

DAY = datetime(2021, 3, 5, tzinfo=UTC)  # a Friday
NEXT = datetime(2021, 3, 7, tzinfo=UTC)
NOTHING = Ordinary(names={}, macros={}, routines={})
TRACK = "2021-03-05T10:00:00Z track to=a@b.example sender=c@b.example"


def recipe(*lines: str, kept: tuple[Kept, ...] = (), use: tuple[Use, ...] = ()) -> Recipe:
    scenes = (Scene(title="test", lines="\n".join(lines)),)
    return msgspec.structs.replace(read_recipe("quiet"), scenes=scenes, use=use, kept=kept)


def test_one_request_makes_three_rows_that_are_tied() -> None:
    line = "2021-03-05T10:00:00Z request protocol=Owa method=GET url=/owa/?a=b client=192.0.2.1 back=/owa/ user=X"
    rows = {row.log: row.text for row in play(recipe(line), NOTHING).rows}
    request_id = rows["http_proxy"].split(",")[1]
    assert ["http_proxy", "iis_back", "iis_front"] == sorted(rows)
    assert (
        f"/owa/ a=b&CorrelationID=<empty>;&cafeReqId={request_id}; 443 X 192.0.2.1"
        in rows["iis_front"]
    )
    assert " 444 X 10.30.0.21 " in rows["iis_back"]


def test_a_management_event_has_its_values_without_names_in_their_places() -> None:
    line = "2021-03-05T10:00:00Z cmdlet name=Set-X parameters='-A \"b\"' user=who"
    (record,) = play(recipe(line), NOTHING).records
    assert [(None, "Set-X"), (None, '-A "b"'), (None, "who")] == list(record.data[:3])
    assert (None, "Context") == record.data[12]


def test_what_retention_removed_is_gone() -> None:
    kept = Kept(logs=("message_tracking",), since=NEXT, until=NEXT)
    assert [] == play(recipe(TRACK, kept=(kept,)), NOTHING).rows
    assert 1 == len(play(recipe(TRACK), NOTHING).rows)


def test_a_routine_keeps_its_hours_and_its_work_days() -> None:
    routine = Routine(
        lines="track to=a@b.example sender=c@b.example",
        every_minutes=60,
        hours=(8, 10),
        workdays=True,
    )
    ordinary = Ordinary(names={}, macros={}, routines={"mail": routine})
    use = Use(routine="mail", since=DAY, until=NEXT)
    rows = play(recipe(use=(use,)), ordinary).rows
    assert [(5, 8), (5, 9)] == [(row.time.day, row.time.hour) for row in rows]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("2021-03-05T10:00:00Z dance", "knows no verb 'dance'"),
        ("track to=a sender=b", "needs a time"),
        (f"{TRACK} flavour=x", "knows no flavour"),
        ("2021-03-05T10:00:00Z track to=a", "needs sender="),
    ],
)
def test_a_line_that_cannot_be_played_is_refused(line: str, complaint: str) -> None:
    with pytest.raises(KnowledgeError, match=complaint):
        play(recipe(line), NOTHING)
