r"""Which names are the organisation's own: taken from typed columns while rows are read.

An attacker can write some of these columns (a failed logon names any account, a request any host).
That can only take more out of a report than is needed, and the key brings it back.
"""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import ip_address
from typing import TYPE_CHECKING

from tocsin.matching.scan import Observer
from tocsin.matching.watching import Watch
from tocsin.model.names import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    """Collects names over all servers of a hunt, with bounded memory."""

    def __init__(self) -> None:
        self._users: set[str] = set()
        self._hosts: set[str] = set()
        self._netbios: set[str] = set()
        self._addresses: set[str] = set()
        self._host_domains: set[str] = set()
        self._addressed: Counter[str] = Counter()
        self._local_parts: dict[str, set[str]] = {}
        self._asked_for: Counter[str] = Counter()
        self._seen: dict[str, set[str]] = {}
        self._columns: dict[str, tuple[tuple[Column, Callable[[str], None]], ...]] = {}
        self._complete = True
        self._takers: dict[str, Callable[[str], None]] = {
            "user": self._take_user,
            "impersonated_user": self._take_user,
            "recipients": self._take_mails,
            "host": self._take_host,
            "netbios": self._take_netbios,
            "server_ip": self._take_address,
            "url_host": self._take_asked_for,
        }

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """Take the names of one row; a value that was seen before costs a look-up."""
        del artefact, kind
        for column, take in self._columns_of(form):
            if value := column.value(event):
                self._once(column.name, value, take)
        for field, what in _MORE_FIELDS.items():
            if value := event.fields.get(field):
                self._once(what, value, self._takers[what])

    def watches(self, form: Format) -> Sequence[Watch]:
        """Each column that may hold a name, for itself."""
        derived = form.bulk.derived if form.bulk else {}
        names = [column.source for column, _ in self._columns_of(form)]
        if not derived.keys().isdisjoint(names):
            raise NotImplementedError(f"a name in a derived field of {form.name}")
        return tuple(Watch((name,)) for name in dict.fromkeys((*names, *_MORE_FIELDS)))

    def distinct(
        self,
        artefact: Artefact,
        form: Format,
        kind: str,
        event: Event,
        several: Several,
        watch: Watch,
    ) -> None:
        """Take the name in one column of so many rows."""
        del artefact, kind
        (name,) = watch.columns
        for column, take in self._columns_of(form):
            if column.source == name and (value := column.value(event)):
                self._once(column.name, value, take, several.rows)
        if (what := _MORE_FIELDS.get(name)) and (value := event.fields.get(name)):
            self._once(what, value, self._takers[what])

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

    def _columns_of(self, form: Format) -> tuple[tuple[Column, Callable[[str], None]], ...]:
        columns = self._columns.get(form.name)
        if columns is None:
            columns = tuple(
                (column, self._takers[column.name])
                for column in form.columns
                # The server's address in other logs may be that of a mail server elsewhere.
                if column.name in self._takers
                and (column.name != "server_ip" or form.name == "iis")
            )
            self._columns[form.name] = columns
        return columns

    def _once(self, what: str, value: str, take: Callable[[str], None], times: int = 1) -> None:
        if what == "url_host":
            self._count(self._asked_for, value[:_CHARACTERS].lower(), times)
            return
        seen = self._seen.setdefault(what, set())
        if value in seen:
            return
        # A long value is a list of recipients, or an attack on our memory.
        if len(value) <= _CHARACTERS and len(seen) < _NAMES_KEPT:
            seen.add(value)
        take(value)

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

    def _take_asked_for(self, value: str) -> None:
        self._count(self._asked_for, value.lower())

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
