from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from bench.generate import COLUMN_OF
from bench.rulemaker import kinds_named, make_rules, write_rules
from tocsin.events.format import all_formats
from tocsin.matching.rules import load_rules
from tocsin.model.event import Event

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = {"windows": "evtx", "iis": "iis", "httpproxy": "httpproxy"}


@pytest.mark.parametrize("name", FORMATS)
def test_every_rule_can_be_loaded_and_says_yes_to_its_own_event(name: str, tmp_path: Path) -> None:
    made = make_rules(kinds_named(name), 150, "test")
    write_rules(tmp_path, made)
    rules = load_rules([], user_sigma=[tmp_path])
    assert () == rules.failed
    matcher = rules.sigma_for(all_formats()[FORMATS[name]])
    silent = []
    for one in made:
        fields = {COLUMN_OF.get(key, key): value for key, value in one.event.items()}
        if name == "windows":
            fields.setdefault("EventID", str(one.kind.event_id))
        event = Event(
            time=None,
            place=1,
            fields=fields,
            text="\n".join(fields.values()),
            stream=one.kind.channel,
        )
        if one.slug not in matcher.match(event):
            silent.append(one.slug)
    assert [] == silent


def test_the_same_seed_gives_the_same_rules_and_another_seed_others() -> None:
    kinds = kinds_named("windows")
    first, again = make_rules(kinds, 30, "a"), make_rules(kinds, 30, "a")
    assert [one.text for one in first] == [one.text for one in again]
    other = make_rules(kinds, 30, "b")
    assert not {one.text for one in first} & {one.text for one in other}


def test_rules_are_shared_among_the_kinds_of_logs_as_in_sigmahq() -> None:
    made = make_rules(kinds_named("windows"), 2400, "test")
    found = Counter(
        one.kind.log_source.get("category") or one.kind.log_source["service"] for one in made
    )
    for kind in kinds_named("windows"):
        name = kind.log_source.get("category") or kind.log_source["service"]
        total = sum(one.share for one in kinds_named("windows"))
        assert abs(found[name] - 2400 * kind.share / total) <= 1


def test_generated_rules_have_what_makes_sigma_hard() -> None:
    text = "".join(one.text for one in make_rules(kinds_named("windows"), 600, "test"))
    wanted = (
        "|endswith:", "|contains|all:", "|contains|windash:", "|re:", "|startswith:", "|cidr:",
        "all of selection_*", "1 of selection_*", "not 1 of filter_main_*", "keywords:",
    )  # fmt: skip
    assert [] == [one for one in wanted if one not in text]
