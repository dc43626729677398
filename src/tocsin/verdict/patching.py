"""What one build, or one server's evidence, lacks, and what to install: the answer of `build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.knowledge.advice import advice
from tocsin.knowledge.builds import cumulative_update_of, lookup, parse
from tocsin.knowledge.cves import all_cves
from tocsin.knowledge.status import status
from tocsin.knowledge.support import support
from tocsin.model.patch_status import CveStatus, EvidenceStatus, MitigationSeen, PatchStatus
from tocsin.verdict.assemble import builds_seen
from tocsin.verdict.exposure import Trust, exposure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from typing import TypedDict

    from tocsin.knowledge.builds import Number
    from tocsin.knowledge.status import Status
    from tocsin.verdict.exposure import Sighting
    from tocsin.verdict.mitigations import Told

    class _About(TypedDict):
        product: str | None
        cu: str | None
        su: str | None
        released: date | None
        end_of_support: date | None


def patch_status(number: Number, on: date) -> PatchStatus:
    """The answer for a build of three or four parts, on the day `on` (UTC). Pure."""
    return PatchStatus(
        build=_text(number),
        precision=len(number),
        exposure=_exposure((cve, status(number, cve)) for cve in all_cves()),
        install=advice(number, on),
        **_about(number, on),
    )


def evidence_status(
    source: str, sightings: Sequence[Sighting], mitigations: Sequence[Told], on: date
) -> EvidenceStatus:
    """The answer for what one server's evidence shows, on the day `on` (UTC). Pure."""
    chosen = _chosen(sightings)
    number = parse(chosen.build) if chosen is not None else None
    exposed = exposure(sightings, all_cves(), mitigations)
    nothing: _About = {
        "product": None,
        "cu": None,
        "su": None,
        "released": None,
        "end_of_support": None,
    }
    return EvidenceStatus(
        source=source,
        build=_text(number) if number else None,
        from_=chosen.kind.partition(":")[0] if chosen else None,
        precision=len(number) if number else None,
        exposure=_exposure((one.cve, one.status) for one in exposed),
        install=advice(number or "", on),
        builds=builds_seen(sightings),
        mitigations=tuple(_mitigation(one) for one in mitigations),
        **(_about(number, on) if number else nothing),
    )


def _chosen(sightings: Sequence[Sighting]) -> Sighting | None:
    """The installed build, of several the lowest; else the newest that the server had at least."""
    installed = [one for one in sightings if one.trust is Trust.INSTALLED]
    if installed:
        return min(installed, key=_order)
    return max(sightings, key=_order, default=None)


def _order(sighting: Sighting) -> Number:
    return parse(sighting.build) or ()


def _about(number: Number, on: date) -> _About:
    """Name and days of a build: all that is common to the builds that it may be."""
    found = cumulative_update_of(number)
    known = lookup(_text(number))
    return {
        "product": found.product if found else None,
        "cu": found.cu if found else None,
        "su": known.su if known else None,
        "released": known.released if known else None,
        "end_of_support": support(number, on).ends,
    }


def _exposure(judged: Iterable[tuple[str, Status]]) -> dict[str, CveStatus]:
    cves = all_cves()
    return {
        cve: CveStatus(
            status=said.status.value,
            reason=said.reason,
            known_exploited=cves[cve].known_exploited is not None,
        )
        for cve, said in judged
    }


def _mitigation(told: Told) -> MitigationSeen:
    return MitigationSeen(
        ids=told.ids,
        title=told.title,
        cves=told.cves,
        holds=told.holds,
        places=told.places,
        since=told.since,
        text=told.text,
    )


def _text(number: Number) -> str:
    return ".".join(str(part) for part in number)
