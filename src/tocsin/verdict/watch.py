"""Everybody who looks at every row of one server while it is read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.findings.addresses import Addresses
from tocsin.findings.clocks import Clocks
from tocsin.findings.mail.habits import Habits
from tocsin.verdict.coverage import CoverageTaker
from tocsin.verdict.hosts import Hosts
from tocsin.verdict.mitigations import Mitigations
from tocsin.verdict.released import ReleasedBuilds

if TYPE_CHECKING:
    from tocsin.matching.scan import Observer
    from tocsin.verdict.names import NameCollector


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One server's observers; each says afterwards what it saw.

    `names` is there only where a report shall do without them, and is shared by all servers.
    """

    coverage: CoverageTaker = field(default_factory=CoverageTaker)
    builds: ReleasedBuilds = field(default_factory=ReleasedBuilds)
    mitigations: Mitigations = field(default_factory=Mitigations)
    hosts: Hosts = field(default_factory=Hosts)
    addresses: Addresses = field(default_factory=Addresses)
    clocks: Clocks = field(default_factory=Clocks)
    habits: Habits = field(default_factory=Habits)
    names: NameCollector | None = None

    @property
    def everybody(self) -> tuple[Observer, ...]:
        """All of them, to be shown every row."""
        return (
            self.coverage,
            self.builds,
            self.mitigations,
            self.hosts,
            self.addresses,
            self.clocks,
            self.habits,
            *(() if self.names is None else (self.names,)),
        )
