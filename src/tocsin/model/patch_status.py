"""What a build lacks, as `tocsin build --json` prints it.

Source: the team's interface page ("`tocsin build VERSION --json`"). Changing a name here breaks
scripts: it needs a news fragment and a decision record. Days and times are UTC.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from tocsin.model.result import BuildSeen


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the answer; unknown keys are refused when one is read back."""


class CveStatus(_Part, frozen=True, kw_only=True):
    """What can be said of one CVE, why, and whether it is known to be exploited."""

    status: str
    reason: str
    known_exploited: bool


class PatchStatus(_Part, frozen=True, kw_only=True):
    """One build: what it is, what it lacks by CVE, and what to install, in order.

    `build` is written without leading zeros. `precision` is 3 or 4: how many parts are known.
    `su` and `released` are None where three parts do not tell or no source does, and for a
    cumulative update itself `su` is None. `end_of_support` is the product's last day.
    """

    build: str
    product: str | None
    cu: str | None
    su: str | None
    released: date | None
    end_of_support: date | None
    precision: int
    exposure: dict[str, CveStatus]
    install: tuple[str, ...]


class MitigationSeen(_Part, frozen=True, kw_only=True):
    """A mitigation in the evidence. `holds` is whether it could hold as it stands there."""

    ids: tuple[str, ...]
    title: str
    cves: tuple[str, ...]
    holds: bool
    places: tuple[str, ...]
    since: datetime | None
    text: str


class EvidenceStatus(_Part, frozen=True, kw_only=True):
    """One server's evidence: the same as `PatchStatus`, with where it was seen.

    `build` is the installed one where ``ExSetup.exe`` was collected, else the newest in the logs,
    which the server has at least; None, as all that follows from it, where nothing names a build.
    `from_` prints as ``from``: the kind of source. `builds` is the timeline.
    """

    source: str
    build: str | None
    from_: str | None = msgspec.field(name="from")
    product: str | None
    cu: str | None
    su: str | None
    released: date | None
    end_of_support: date | None
    precision: int | None
    exposure: dict[str, CveStatus]
    install: tuple[str, ...]
    builds: tuple[BuildSeen, ...]
    mitigations: tuple[MitigationSeen, ...]
