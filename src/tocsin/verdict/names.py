r"""Which names are the organisation's own: taken from typed columns while rows are read.

An attacker can write some of these columns (a failed logon names any account, a request any host).
That can only take more out of a report than is needed, and the key brings it back.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from tocsin.matching.scan import Observer
from tocsin.matching.watching import Watch
from tocsin.model.names import Names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.events.format import Column, Format
    from tocsin.matching.watching import Several
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event
    from tocsin.model.problem import Problem

_CHARACTERS = 256
_NAMES_KEPT = 200_000
_DOMAINS_KEPT = 2_000
_SHARE_OF_OURS = 0.05
"""Of all addresses, those in a domain of ours are many; those of an attacker are few."""
_MORE_FIELDS = {
    "WorkstationName": "host",
    "Workstation": "host",
    "client-hostname": "host",
    "server-hostname": "host",
    "BackEndServer": "host",
    "TargetServer": "host",
    "SubjectDomainName": "netbios",
    "TargetDomainName": "netbios",
}
"""Fields that no column of ours takes, by what they hold.

Source: Microsoft, "Audit logon events (4624)"; the headers of Exchange's own logs.
"""
_NAMED = {"user", "impersonated_user", "recipients", "host", "netbios", "server_ip", "url_host"}
"""Our columns that may hold a name."""
_NOBODYS_DOMAIN = {
    *("nt authority", "nt service", "nt virtual machine", "iis apppool", "builtin", "workgroup"),
    *("window manager", "font driver host", "application package authority", "-"),
}
_SID = re.compile(r"s-1-\d", re.ASCII | re.IGNORECASE)
_HOST = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){0,10}\.?")
_SECOND_LEVELS = {
    "ac",
    "co",
    "com",
    "edu",
    "go",
    "gob",
    "gouv",
    "gov",
    "gv",
    "ne",
    "net",
    "or",
    "org",
}
_WITHOUT_OWNER = {"corp", "home", "internal", "intern", "intra", "lan", "local", "private"}
"""Top levels that are nobody's on the internet, so that a whole one can be an organisation's."""


class NameCollector(Observer):
    """Collects names over all servers of a hunt, with bounded memory.

    A `fresh` one only remembers the values of its file: whoever absorbs it knows which of them
    are new.
    """

    def __init__(self, *, remembers_only: bool = False) -> None:
        self._remembers_only = remembers_only
        self._users: set[str] = set()
        self._hosts: set[str] = set()
        self._netbios: set[str] = set()
        self._addresses: set[str] = set()
        self._host_domains: set[str] = set()
        self._addressed: Counter[str] = Counter()
        self._local_parts: dict[str, set[str]] = {}
        self._asked_for: Counter[str] = Counter()
        self._seen: dict[str, dict[str, None]] = {}
        self._complete = True

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """Take the names of one row; a value that was seen before costs a look-up."""
        del artefact, kind
        for column in _columns_of(form):
            if value := column.value(event):
                self._once(column.name, value)
        for field, what in _MORE_FIELDS.items():
            if value := event.fields.get(field):
                self._once(what, value)

    def watches(self, form: Format) -> Sequence[Watch]:
        """Each column that may hold a name, for itself."""
        derived = form.bulk.derived if form.bulk else {}
        names = [column.source for column in _columns_of(form)]
        if not derived.keys().isdisjoint(names):
            raise NotImplementedError(f"a name in a derived field of {form.name}")
        return tuple(Watch((name,)) for name in dict.fromkeys((*names, *_MORE_FIELDS)))

    def distinct(self, several: Several) -> None:
        """Take the name in one column of so many rows."""
        (name,) = several.watch.columns
        event = several.event
        for column in _columns_of(several.form):
            if column.source == name and (value := column.value(event)):
                self._once(column.name, value, several.rows)
        if (what := _MORE_FIELDS.get(name)) and (value := event.fields.get(name)):
            self._once(what, value)

    def fresh(self) -> NameCollector:
        """One for a file, which remembers what is to be taken."""
        return NameCollector(remembers_only=True)

    def absorb(self, later: NameCollector) -> None:
        """Take the names of one more file."""
        for what, values in later._seen.items():
            for value in values:
                self._once(what, value)
        for domain, times in later._asked_for.items():
            self._count(self._asked_for, domain, times)
        for domain, times in later._addressed.items():
            self._count(self._addressed, domain, times)
        for ours, its in (
            (self._users, later._users),
            (self._hosts, later._hosts),
            (self._netbios, later._netbios),
            (self._addresses, later._addresses),
            (self._host_domains, later._host_domains),
            *(
                (self._local_parts.setdefault(domain, set()), parts)
                for domain, parts in later._local_parts.items()
            ),
        ):
            for name in sorted(its):
                self._add(ours, name)
        self._complete &= later._complete

    def problem(self, kind: str, problem: Problem) -> None:
        """Damage has no name."""

    def taken(self) -> Names:
        """The names; a domain counts as ours by a host in it, or by its share of all addresses."""
        domains = set(self._host_domains)
        total = sum(self._addressed.values())
        domains |= {name for name, n in self._addressed.items() if n >= total * _SHARE_OF_OURS}
        requests = sum(self._asked_for.values())
        for name, n in self._asked_for.items():
            if n >= requests * _SHARE_OF_OURS:
                self._add_asked_for(name, domains)
        domains |= {parent for name in domains if (parent := _parent(name))}
        users = set(self._users)
        for domain in domains:
            users |= self._local_parts.get(domain, set())
        return Names(
            users=frozenset(users),
            hosts=frozenset(self._hosts),
            domains=frozenset(domains),
            netbios=frozenset(self._netbios),
            addresses=frozenset(self._addresses),
            complete=self._complete,
        )

    def _once(self, what: str, value: str, times: int = 1) -> None:
        if what == "url_host":
            self._count(self._asked_for, value[:_CHARACTERS].lower(), times)
            return
        seen = self._seen.setdefault(what, {})
        if value in seen:
            return
        # A long value is a list of recipients, or an attack on our memory.
        if len(value) <= _CHARACTERS and len(seen) < _NAMES_KEPT:
            seen[value] = None
            if self._remembers_only:
                return
        self._take(what, value)

    def _take(self, what: str, value: str) -> None:
        match what:
            case "user" | "impersonated_user":
                self._take_user(value)
            case "recipients":
                self._take_mails(value)
            case "host":
                self._take_host(value)
            case "netbios":
                self._take_netbios(value)
            case "server_ip":
                self._take_address(value)

    def _take_user(self, value: str) -> None:
        value = value.strip()[:_CHARACTERS]
        if not value or _SID.match(value):
            return
        domain, backslash, name = value.rpartition("\\")
        if backslash:
            if domain.lower() in _NOBODYS_DOMAIN:
                return
            self._take_netbios(domain)
            value = name
        if "@" in value:
            self._take_mails(value)
        elif "/" in value:
            # Active Directory's canonical name: the domain, its folders, and the account.
            first, *_, last = value.split("/")
            self._take_domain(first)
            self._add(self._users, last)
        elif value.endswith("$"):
            self._take_host(value[:-1])
        else:
            self._add(self._users, value)

    def _take_mails(self, value: str) -> None:
        for one in value.split(";"):
            local, at, domain = one.strip().strip("<>").rpartition("@")
            if at and 0 < len(local) <= _CHARACTERS and _HOST.fullmatch(domain):
                domain = domain.lower().rstrip(".")
                self._count(self._addressed, domain)
                parts = self._local_parts.setdefault(domain, set())
                self._add(parts, local)

    def _take_host(self, value: str) -> None:
        value = value[:_CHARACTERS].strip().strip("\\").lower().rstrip(".")
        if not _HOST.fullmatch(value) or _address(value) or value == "localhost":
            return
        short, dot, domain = value.partition(".")
        self._add(self._hosts, short)
        if dot:
            self._take_domain(domain)

    def _take_domain(self, value: str) -> None:
        value = value.lower()
        if _HOST.fullmatch(value) and ("." in value or value in _WITHOUT_OWNER):
            self._add(self._host_domains, value)

    def _take_netbios(self, value: str) -> None:
        if "." in value:
            self._take_domain(value)
        elif value.lower() not in _NOBODYS_DOMAIN:
            self._add(self._netbios, value)

    def _take_address(self, value: str) -> None:
        if (address := _address(value)) and not ip_address(address).is_loopback:
            self._add(self._addresses, address)

    def _add_asked_for(self, name: str, domains: set[str]) -> None:
        """What most clients ask for is how the server is known outside."""
        name = name.partition(":")[0].rstrip(".")
        if _address(name):
            self._take_address(name)
        elif _HOST.fullmatch(name) and name.count(".") >= 2 and not name.startswith("localhost"):
            domains.add(name.partition(".")[2])

    def _add(self, names: set[str], name: str) -> None:
        if len(names) < _NAMES_KEPT:
            names.add(name)
        elif name not in names:
            self._complete = False

    def _count(self, counter: Counter[str], name: str, times: int = 1) -> None:
        if name in counter or len(counter) < _DOMAINS_KEPT:
            counter[name] += times


@lru_cache(maxsize=64)
def _columns_of(form: Format) -> tuple[Column, ...]:
    """The columns that may hold a name."""
    return tuple(
        column
        for column in form.columns
        # The server's address in other logs may be that of a mail server elsewhere.
        if column.name in _NAMED and (column.name != "server_ip" or form.name == "iis")
    )


def _parent(domain: str) -> str | None:
    """The domain above ``ad.nordlys.example``; none where that would be a whole top level."""
    above = domain.partition(".")[2]
    labels = above.split(".")
    if len(labels) < 2 or (len(labels) == 2 and labels[0] in _SECOND_LEVELS):
        return None
    return above


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        return None
