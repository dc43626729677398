"""How many hosts are red, yellow and green, and what would settle the yellow ones.

Vanished hosts are counted apart: they are neither fixed nor known to be open.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.campaign.exposure import Doubt
from tocsin.campaign.merge import Colour, colour_of
from tocsin.knowledge.cves import all_cves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.campaign.merge import Host

SETTLED_BY = {
    Doubt.NO_BUILD: "a scan that reads the version, or the owner's word",
    Doubt.THREE_PARTS: (
        "all four parts of the build: the response header X-OWA-Version, or the owner, by "
        "`tocsin hunt` or the file version of ExSetup.exe"
    ),
    Doubt.STALE: "another scan that reads all four parts, or the owner's word",
    Doubt.NEWER_BUILD: "newer knowledge (`tocsin pack update`)",
    Doubt.UNKNOWN_BUILD: "a look at the host: no source lists such a build, it may be a decoy",
    Doubt.SPECIAL_PACKAGE: "the owner: whether the older updates are installed, too",
    Doubt.NEEDS_CHECK: "the owner: a setting decides and no build does; `tocsin build` says which",
    Doubt.NO_SOURCE: "nothing that is known: the sources are silent, or contradict each other",
}
"""What would turn yellow into red or green."""


def counts_as_vanished(host: Host) -> bool:
    """Whether it is counted apart: a vanished host with signs of compromise stays red."""
    return host.vanished is not None and not host.evidence


@dataclass(slots=True, kw_only=True)
class Count:
    """The hosts of one CVE, or of several together.

    `yellow_by` counts yellow hosts by doubt; a host with two doubts counts twice. Of the
    yellow ones, `yellow_claimed` are claimed to be vulnerable by a feed, and `yellow_owner_fixed`
    reported fixed by their owners. `compromised` hosts are among the red.
    """

    red: int = 0
    yellow: int = 0
    green: int = 0
    vanished: int = 0
    compromised: int = 0
    yellow_by: Counter[Doubt] = field(default_factory=Counter)
    yellow_claimed: int = 0
    yellow_owner_fixed: int = 0

    def take(self, host: Host, colour: Colour, cves: Sequence[str]) -> None:
        """Count one host, whose worst colour over `cves` is this."""
        if counts_as_vanished(host):
            self.vanished += 1
            return
        self.compromised += bool(host.evidence)
        if colour is not Colour.YELLOW:
            self.red += colour is Colour.RED
            self.green += colour is Colour.GREEN
            return
        self.yellow += 1
        yellow = [cve for cve in cves if host.summaries[cve].colour is Colour.YELLOW]
        self.yellow_by.update({doubt for cve in yellow for doubt in host.summaries[cve].doubts})
        self.yellow_claimed += any(claim.what in yellow for claim in host.gathered.claims)
        if any(node.claims for node in host.nodes):
            self.yellow_owner_fixed += all(host.cves[cve].owner_reports_fixed for cve in yellow)


class Totals:
    """Counts hosts as they come, each CVE apart and those together that a build can settle."""

    def __init__(self, cves: Sequence[str]) -> None:
        self.cves = tuple(cves)
        self.by_cve = {cve: Count() for cve in cves}
        self.together = Count()
        """Over `settled_by_builds`: else what no build decides would make every host yellow."""
        self.support: Counter[str] = Counter()
        """Hosts by the state of support, ``unknown`` where no build is known."""
        known = all_cves()
        self.settled_by_builds = tuple(
            cve for cve in cves if cve not in known or known[cve].decidable
        )

    def take(self, host: Host) -> None:
        """Count one host."""
        for cve in self.cves:
            self.by_cve[cve].take(host, host.summaries[cve].colour, (cve,))
        asked = self.settled_by_builds
        self.together.take(host, colour_of(host, asked), asked)
        self.support[host.support.state if host.support is not None else "unknown"] += 1
