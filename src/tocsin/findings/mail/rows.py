"""The second hunt for mails in question: their rows, who got them, and what came of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tocsin.findings.finding import by_time
from tocsin.findings.mail.habits import FORMAT
from tocsin.findings.mail.sent import address_of, number_for, recipients_of, subject_of
from tocsin.findings.mail.table import DAY_S, HOUR_S
from tocsin.findings.pivots import PIVOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from tocsin.findings.mail.suspects import Suspect
    from tocsin.matching.match import Match

SENT, FOLLOWED, ANSWERED, CLIENT = "mail_sent", "mail_followed", "mail_answered", "mail_client"
"""Kinds of rows: the mail itself, its way, what came back under its subject, and requests of
clients (EWS, OWA) in the name of the mailbox."""
_SUBMITTED = "STOREDRIVER"
_WAY = frozenset({"SEND", "SENDEXTERNAL", "DELIVER", "EXPAND", "FAIL"})
_BACK = frozenset({"DELIVER", "DSN"})
_DELETES = frozenset({"DeleteItem", "EmptyFolder"})
"""Source: Microsoft, "EWS operations in Exchange"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The mails of one suspect: when each was sent and its thread, as the rows will say."""

    number: int
    first_s: int
    last_s: int
    moments: frozenset[tuple[int, int]]
    threads: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSearch:
    r"""What the second hunt looks for, by the address of the mailbox.

    `accounts` are the same by the end of ``DOMAIN\account``, as requests name who signed in:
    mostly the account is called as the address is before the @. Of two that are alike it is none.
    """

    wanted: Mapping[str, Wanted]
    accounts: Mapping[str, Wanted]

    def words(self) -> Sequence[str]:
        """The addresses, and the accounts."""
        return (*sorted(self.wanted), *sorted(self.accounts))

    def found_by(self, values: Mapping[str, str], time: datetime | None) -> str | None:
        """``mail_sent:3`` for a row of a mail of the third suspect, and so on; or None."""
        if time is None:
            return None
        seconds = int(time.timestamp())
        if "user" in values:
            return self._of_client(values, seconds)
        thread = number_for(subject_of(values.get("subject", "")).thread)
        return self._of_sender(values, seconds, thread) or self._of_answer(values, seconds, thread)

    def _of_sender(self, values: Mapping[str, str], seconds: int, thread: int) -> str | None:
        one = self.wanted.get(address_of(values.get("sender", "")))
        if one is None or not one.first_s <= seconds <= one.last_s + DAY_S:
            return None
        operation = values.get("operation", "")
        if operation == "RECEIVE" and (seconds, thread) in one.moments:
            return f"{SENT}:{one.number}"
        is_way = thread in one.threads and operation in _WAY
        return f"{FOLLOWED}:{one.number}" if is_way else None

    def _of_answer(self, values: Mapping[str, str], seconds: int, thread: int) -> str | None:
        if values.get("operation") not in _BACK or not thread:
            return None
        for address in recipients_of(values.get("recipients", "")):
            one = self.wanted.get(address)
            if one is None or thread not in one.threads:
                continue
            if one.first_s <= seconds <= one.last_s + 2 * DAY_S:
                return f"{ANSWERED}:{one.number}"
        return None

    def _of_client(self, values: Mapping[str, str], seconds: int) -> str | None:
        for name in ("impersonated_user", "user"):
            said = values.get(name, "").lower()
            account = "\\" + said.rpartition("\\")[2]
            one = self.wanted.get(said) or (self.accounts.get(account) if "\\" in said else None)
            if one is not None and one.first_s - HOUR_S <= seconds <= one.last_s + DAY_S:
                return f"{CLIENT}:{one.number}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who got some of the mails: how many, when, and whether no delivery to them succeeded."""

    address: str
    mails: int
    first: datetime
    last: datetime
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows about one suspect's mails.

    `sent` has one row for each mail, as submitted if that row is there. `deleted` are requests
    that deleted something in the mailbox. `unnamed` counts recipients that no row names: of a
    long list only the beginning is kept.
    """

    sent: tuple[Match, ...]
    failed: tuple[Match, ...]
    answers: tuple[Match, ...]
    clients: tuple[Match, ...]
    deleted: tuple[Match, ...]
    recipients: tuple[Recipient, ...]
    unnamed: int

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects of the mails, the most frequent first."""
        found = Counter(subject for one in self.sent if (subject := one.values.get("subject")))
        return tuple(
            name for name, _ in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
        )


def search_for(suspects: Sequence[Suspect]) -> MailSearch:
    """The search for the mails of all of these, who are numbered from 0."""
    wanted: dict[str, Wanted] = {}
    for number, one in enumerate(suspects):
        times = one.mailbox.time[one.chosen].tolist()
        threads = one.mailbox.thread[one.chosen].tolist()
        wanted[one.sender] = Wanted(
            number=number,
            first_s=one.first_s,
            last_s=one.last_s,
            moments=frozenset(zip(times, threads, strict=True)),
            threads=frozenset(threads),
        )
    names = Counter(_account(address) for address in wanted)
    accounts = {name: one for a, one in wanted.items() if names[name := _account(a)] == 1}
    return MailSearch(wanted=wanted, accounts=accounts)


def _account(address: str) -> str:
    return "\\" + address.partition("@")[0]


def rows_of(number: int, suspect: Suspect, traces: Iterable[Match]) -> Rows:
    """Sort the rows that the second hunt found for a suspect, who had this number."""
    found: dict[str, list[Match]] = {SENT: [], FOLLOWED: [], ANSWERED: [], CLIENT: []}
    for trace in sorted(traces, key=by_time):
        kind, _, whose = trace.rule.removeprefix(PIVOT).partition(":")
        if kind in found and whose == str(number):
            found[kind].append(replace(trace, rule=PIVOT + kind, values=_of_client(trace)))
    sent = _one_for_each(found[SENT])
    ids = {_id(one) for one in sent}
    way = [one for one in found[FOLLOWED] if _id(one) in ids]
    expected = set(suspect.mailbox.contacts(suspect.chosen).tolist())
    recipients = _recipients([*sent, *way], expected)
    named = {number_for(one.address) for one in recipients}
    clients = tuple(one for one in found[CLIENT] if not one.kind.startswith(FORMAT))
    return Rows(
        sent=tuple(sent),
        failed=tuple(one for one in way if one.values.get("operation") == "FAIL"),
        answers=tuple(found[ANSWERED]),
        clients=clients,
        deleted=tuple(one for one in clients if _deletes(one)),
        recipients=recipients,
        unnamed=len(expected - named),
    )


def _deletes(row: Match) -> bool:
    """Whether a request deletes something: of EWS by its operation, of OWA by its action."""
    query = row.values.get("url_query", "")
    return row.values.get("operation") in _DELETES or any(
        f"action={name}" in query for name in _DELETES
    )


def _of_client(row: Match) -> dict[str, str]:
    """The columns of a row, with the client of the mail in the place of the server before it."""
    values = dict(row.values)
    if row.kind.startswith(FORMAT):
        values.pop("client_ip", None)
        if client := values.get("original_client_ip"):
            values["client_ip"] = client
    return values


def _one_for_each(rows: Iterable[Match]) -> list[Match]:
    """One row for each mail: that of its submission, where it is there."""
    best: dict[str, Match] = {}
    for row in rows:
        known = best.get(_id(row))
        if known is None or (_SUBMITTED in row.text and _SUBMITTED not in known.text):
            best[_id(row)] = row
    return sorted(best.values(), key=by_time)


def _recipients(rows: Iterable[Match], expected: set[int]) -> tuple[Recipient, ...]:
    """Everybody whom the rows name; `expected` are numbers for those whom the mails had.

    Whom a list's last place names may be half an address, so that it must be expected there.
    """
    mails: dict[str, dict[str, datetime]] = {}
    reached: set[str] = set()
    failed: set[str] = set()
    for row in rows:
        operation = row.values.get("operation")
        addresses = recipients_of(row.values.get("recipients", ""))
        for address in addresses:
            is_last = len(addresses) > 1 and address == addresses[-1]
            if is_last and number_for(address) not in expected:
                continue
            if row.time is not None:
                mails.setdefault(address, {}).setdefault(_id(row), row.time)
            if operation == "FAIL":
                failed.add(address)
            elif operation != "RECEIVE":
                reached.add(address)
    return tuple(
        Recipient(
            address=address,
            mails=len(of_mail),
            first=min(of_mail.values()),
            last=max(of_mail.values()),
            failed=address in failed and address not in reached,
        )
        for address, of_mail in sorted(mails.items())
    )


def _id(row: Match) -> str:
    """What tells one mail from another; some logs have no message id in a row that was cut."""
    return row.values.get("message_id") or f"{row.artefact.path.inside}:{row.place}"
