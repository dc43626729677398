"""What the first hunt gives the second to look for."""

from __future__ import annotations

from tests.findings.making import INFOS, at, match, rule
from tocsin.findings.pivots import pivots_of
from tocsin.model.grade import Confidence, Grade

NOBODY: frozenset[str] = frozenset()


def test_the_client_of_a_success_is_followed() -> None:
    pivots = pivots_of([match("session", client_ip="192.0.2.7")], INFOS, NOBODY)
    assert "client_ip" == pivots.found_by({"client_ip": "192.0.2.7"}, at(0))
    assert pivots.found_by({"client_ip": "192.0.2.8"}, at(0)) is None


def test_the_client_of_a_mere_attempt_is_not() -> None:
    pivots = pivots_of([match("try", client_ip="192.0.2.7")], INFOS, NOBODY)
    assert not pivots


def test_a_load_balancer_is_not_followed() -> None:
    shared = frozenset({"10.0.0.5"})
    assert not pivots_of([match("session", client_ip="10.0.0.5")], INFOS, shared)


def test_the_canary_of_an_attempt_is_followed() -> None:
    pivots = pivots_of([match("try", canary="abc.")], INFOS, NOBODY)
    assert "canary" == pivots.found_by({"canary": "abc."}, None)
    assert ("abc.",) == pivots.words()


def test_a_dropped_page_is_followed_by_its_name() -> None:
    pivots = pivots_of([match("drop", file_path="C:/x/Sample.aspx")], INFOS, NOBODY)
    assert "file_name" == pivots.found_by({"url_path": "/owa/auth/sample.ASPX"}, at(0))


def test_a_weak_rule_gives_nothing_to_follow() -> None:
    infos = {"weak": rule("weak", Grade.PERSISTENCE, Confidence.LOW)}
    assert not pivots_of([match("weak", file_path="C:/x/logon.aspx")], infos, NOBODY)


def test_a_row_that_a_benign_pattern_explains_gives_nothing_to_follow() -> None:
    rows = [match("drop", file_path="C:/x/a.aspx", benign=("setup",))]
    assert not pivots_of(rows, INFOS, NOBODY)


def test_children_of_a_process_are_followed_for_an_hour() -> None:
    rows = [match("page", 0, kind="events:S", process_id="0x10", parent_process_id="0x1")]
    pivots = pivots_of(rows, INFOS, NOBODY)
    child = {"process_id": "0x20", "parent_process_id": "0x10"}
    assert "parent_process_id" == pivots.found_by(child, at(30))
    assert pivots.found_by(child, at(4000)) is None
    assert pivots.found_by(child, at(-5)) is None
