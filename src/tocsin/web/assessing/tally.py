"""What is counted while hosts go by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tocsin.campaign.merge import Host
from tocsin.campaign.totals import Totals, counts_as_vanished
from tocsin.web.assessing.facts import Fields, server_colours

STANDS = ("red", "yellow", "green", "vanished")


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of hosts and servers; `owners` holds by host the key of the organisation."""

    cves: tuple[str, ...]
    totals: Totals = field(init=False)
    hosts: int = 0
    servers: Counter[str] = field(default_factory=Counter)
    owners: dict[str, int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.totals = Totals(self.cves)

    def take(self, host: Host, fields: Fields) -> None:
        """Count a host, of which this is known."""
        self.totals.take(host)
        self.hosts += 1
        self.owners[fields["key"]] = fields["owner_id"]
        if counts_as_vanished(host):
            self.servers["vanished"] += fields["servers"]
        else:
            self.servers.update(server_colours(host, self.totals.settled_by_builds))
