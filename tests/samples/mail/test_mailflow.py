"""The simulated organisation: the same from the same seed, in Exchange's format, and honest."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tocsin.events.formats.message_tracking import FORMAT
from tocsin.evidence.open import open_collection
from tocsin.matching.options import Options
from tocsin.matching.readers import Readers
from tocsin.matching.rules import load_rules
from tocsin.matching.scan import Observer
from tocsin.model.progress import SilentProgress
from tocsin.samples.mail import Settings, Truth, truth_file, write_organisation
from tocsin.samples.mail.attacks import Lure, Rate, Way
from tocsin.samples.mail.mailflow import LATEST_MS, Mailflow
from tocsin.samples.mail.message import Entry
from tocsin.samples.mail.organisation import Role, found

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.events.format import Format
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event
    from tocsin.model.problem import Problem

SMALL = Settings(seed=6, mailboxes=40, days=14, attacks=6)


class Seen(Observer):
    """Keeps what the tests ask for of each row."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str]] = []
        self.problems: list[Problem] = []

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        del artefact, kind
        assert form is FORMAT
        self.rows.append(dict(event.fields))

    def problem(self, kind: str, problem: Problem) -> None:
        del kind
        self.problems.append(problem)

    def fresh(self) -> Seen:
        return Seen()

    def absorb(self, later: Seen) -> None:
        self.rows += later.rows
        self.problems += later.problems


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, Path]:
    folder = tmp_path_factory.mktemp("mail")
    return write_organisation(SMALL, folder), folder


@pytest.fixture(scope="module")
def seen(written: tuple[Truth, Path]) -> Seen:
    observer = Seen()
    collection = open_collection(written[1], Options().limits, lambda _: None)
    readers = Readers(collection, load_rules([]), (observer,), Options())
    with collection, readers:
        readers.read(SilentProgress())
    return observer


def digest(folder: Path) -> str:
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    names = "".join(str(one.relative_to(folder)) for one in files).encode()
    return hashlib.sha256(names + b"".join(one.read_bytes() for one in files)).hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    written: tuple[Truth, Path], tmp_path: Path
) -> None:
    truth, folder = written
    again = write_organisation(SMALL, tmp_path / "again")
    assert (truth, digest(folder)) == (again, digest(tmp_path / "again"))
    other = Settings(seed=7, mailboxes=40, days=2, attacks=0)
    assert truth.domain != write_organisation(other, tmp_path / "other").domain


def test_every_row_is_read_as_message_tracking_and_none_is_damaged(
    written: tuple[Truth, Path], seen: Seen
) -> None:
    assert [] == seen.problems
    assert written[0].rows == len(seen.rows)


def test_files_are_named_by_the_hour_and_hold_that_hour_only(written: tuple[Truth, Path]) -> None:
    files = sorted(written[1].rglob("MSGTRK*.LOG"))
    assert {"MSGTRK", "MSGTRKMS", "MSGTRKMD"} == {
        one.name.rstrip("0123456789-.LOG") or one.name for one in files
    }
    for file in files[:60]:
        hour = file.stem.partition("-")[0][-10:]
        times = [line[:24] for line in file.read_text("utf-8-sig").splitlines() if line[0] != "#"]
        assert {hour} == {time[:13].replace("-", "").replace("T", "") for time in times}
        assert sorted(times) == times


def test_a_sent_message_passes_through_all_services_under_one_id(seen: Seen) -> None:
    by_id: dict[str, Counter[tuple[str, str]]] = {}
    for row in seen.rows:
        by_id.setdefault(row.get("message-id", ""), Counter())[row["source"], row["event-id"]] += 1
    sent = [steps for name, steps in by_id.items() if name and steps["STOREDRIVER", "SUBMIT"]]
    assert len(sent) > 100
    for steps in sent:
        assert 1 == steps["STOREDRIVER", "RECEIVE"] == steps["SMTP", "RECEIVE"]
        assert (
            steps["SMTP", "SENDEXTERNAL"] + steps["STOREDRIVER", "DELIVER"] + steps["SMTP", "FAIL"]
        )


def test_a_bounce_tells_the_sender_and_names_the_message(seen: Seen) -> None:
    failed = {row["message-id"] for row in seen.rows if row["event-id"] == "FAIL"}
    told = [row for row in seen.rows if row["event-id"] == "DSN"]
    assert failed == {row["reference"] for row in told}
    assert {"<>"} == {row["return-path"] for row in told}


def test_clients_are_named_as_exchange_names_them_and_telephones_have_no_address(
    seen: Seen,
) -> None:
    addresses: dict[str, set[str]] = {}
    for row in seen.rows:
        if (row["source"], row["event-id"]) == ("STOREDRIVER", "RECEIVE"):
            client = row["source-context"].partition("ClientType:")[2].partition(",")[0]
            addresses.setdefault(client, set()).add(row.get("original-client-ip", ""))
    assert {"MOMT", "OWA", "AirSync", "WebServices"} == set(addresses)
    assert {""} == addresses.pop("AirSync")
    assert all("" not in found for found in addresses.values())


def test_nothing_in_the_logs_says_what_was_an_attack(written: tuple[Truth, Path]) -> None:
    text = b"".join(one.read_bytes() for one in written[1].rglob("*.LOG")).lower()
    assert b"attack" not in text
    assert not list(written[1].rglob("truth*"))


def test_the_truth_names_the_messages_of_each_attack_and_they_are_in_the_log(
    written: tuple[Truth, Path], seen: Seen, tmp_path: Path
) -> None:
    truth, _ = written
    senders = {
        row["message-id"]: row["sender-address"] for row in seen.rows if "message-id" in row
    }
    assert {"loud", "patient", "ten"} == {one.rate for one in truth.attacks}
    for attack in truth.attacks:
        assert {attack.sender} == {senders[one] for one in attack.messages}
        assert attack.count == len(attack.messages) == len(set(attack.messages))
        assert attack.rate != "ten" or attack.count == 10
    truth_file(truth, tmp_path / "truth.json")
    assert b'"attacks"' in (tmp_path / "truth.json").read_bytes()


def test_messages_come_in_about_the_order_of_time() -> None:
    latest = 0
    for message in Mailflow(found(SMALL)).messages():
        assert message.at_ms >= latest - LATEST_MS
        latest = max(latest, message.at_ms)


def test_what_many_send_honestly_is_there_in_a_month() -> None:
    labels = set[str]()
    entries = set[Entry]()
    for message in Mailflow(found(Settings(seed=4, mailboxes=60, attacks=0))).messages():
        labels.add(message.label)
        entries.add(message.entry)
    assert labels >= {"newsletter", "invoices", "sales campaign", "greetings", "to all", ""}
    assert not any(label.startswith("attack") for label in labels)
    assert set(Entry) == entries


def test_every_way_of_attacking_comes_up_and_no_machine_is_attacked() -> None:
    flows = [Mailflow(found(Settings(seed=seed, attacks=9))) for seed in range(0, 20, 2)]
    attacks = [attack for flow in flows for attack in flow.attacks]
    assert set(Rate) == {one.rate for one in attacks}
    assert set(Lure) == {one.lure for one in attacks}
    assert set(Way) == {one.way for one in attacks}
    assert {True, False} == {one.night for one in attacks}
    assert not {Role.NEWSLETTER, Role.TICKETS} & {one.person.role for one in attacks}


def test_halves_are_disjoint() -> None:
    assert [False, True, False, True] == [Settings(seed=seed).reporting for seed in range(4)]
