"""Rules over the events of one format: order, field names, and notes on what was never seen."""

from __future__ import annotations

from tests.matching.rule_sets import event, form, pack, sigma
from tocsin.events.format import LogSource
from tocsin.matching.rules import Seen, load_rules
from tocsin.matching.sigma.plan import REMEMBERED

SYSMON = "Microsoft-Windows-Sysmon/Operational"
PROCESS = {"product": "windows", "category": "process_creation"}
SECURITY = {"product": "windows", "service": "security"}
EVTX = form("evtx", LogSource(product="windows"))


def test_matches_come_in_rule_order_whatever_names_the_rules_use() -> None:
    rules = load_rules(
        [
            pack(
                sigma("1", {"EventID": 4688}, logsource=SECURITY),
                sigma("2", {"Image|endswith": "cmd.exe"}, logsource=PROCESS),
                sigma("3", {"NewProcessName|endswith": "cmd.exe"}, logsource=SECURITY),
                sigma("4", {"EventID": 4624}, logsource=SECURITY),
                sigma("5", {"ParentImage|endswith": "w3wp.exe"}, logsource=PROCESS),
            )
        ]
    )
    created = {
        "EventID": "4688",
        "NewProcessName": r"C:\cmd.exe",
        "ParentProcessName": r"C:\w3wp.exe",
    }
    asked = rules.sigma_for(EVTX)
    assert ["1", "2", "3", "5"] == list(asked.match(event(created, "Security")))
    assert ["1", "2", "3", "5"] == list(asked.match(event(created, "Security"), Seen()))
    assert ["2"] == list(asked.match(event({"EventID": "1", "Image": r"C:\cmd.exe"}, SYSMON)))
    assert [] == list(asked.match(event(created, "Application")))


def test_a_rule_that_two_log_sources_serve_is_asked_once() -> None:
    logsource = {"product": "windows", "service": "sysmon"}
    rules = load_rules([pack(sigma("rule", {"Image": "a"}, logsource=logsource))])
    found = rules.sigma_for(EVTX).match(event({"EventID": "1", "Image": "a"}, SYSMON))
    assert ["rule"] == list(found)


def test_a_field_under_the_log_s_own_name_counts_as_seen() -> None:
    rules = load_rules([pack(sigma("rule", {"Image": "x", "Hashes": "y"}, logsource=PROCESS))])
    asked, seen = rules.sigma_for(EVTX), Seen()
    asked.match(event({"EventID": "4688", "NewProcessName": "a"}, "Security"), seen)
    assert {"rule": frozenset({"Hashes"})} == seen.never_seen()
    asked.match(event({"EventID": "1", "Hashes": "b"}, SYSMON), seen)
    assert {} == seen.never_seen()


def test_events_that_a_rule_is_not_asked_about_do_not_count_as_seen() -> None:
    rules = load_rules([pack(sigma("rule", {"Image": "x"}, logsource=PROCESS))])
    asked, seen = rules.sigma_for(EVTX), Seen()
    asked.match(event({"EventID": "3", "Image": "a"}, SYSMON), seen)
    assert {} == seen.never_seen()
    asked.match(event({"EventID": "1"}, SYSMON), seen)
    assert {"rule": frozenset({"Image"})} == seen.never_seen()


def test_invented_kinds_of_events_do_not_fill_the_memory() -> None:
    rules = load_rules([pack(sigma("rule", {"A": "x"}, logsource=SECURITY))])
    asked = rules.sigma_for(EVTX)
    seen = Seen()
    for number in range(REMEMBERED + 50):
        found = asked.match(event({"EventID": str(number), "A": "x"}, "Security"), seen)
        assert ["rule"] == list(found)
    assert REMEMBERED == len(asked._plans)
    assert 1 == len(asked._groups) == len(seen._missing)


def test_rules_that_mean_every_event_are_planned_once_whatever_streams_are_invented() -> None:
    rules = load_rules([pack(sigma("rule", {"A": "x"}))])
    asked = rules.sigma_for(form("httpproxy"))
    for number in range(10):
        assert ["rule"] == list(asked.match(event({"A": "x"}, f"stream {number}")))
    assert 1 == len(asked._plans)
