"""A host's row in the table of assets, out of what `tocsin.campaign` says of it. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from tocsin.campaign.merge import Colour, Host, colour_of, colour_of_servers
from tocsin.campaign.nodes import Node, Rules
from tocsin.campaign.owners import Owner
from tocsin.campaign.signs import made_by_machine, provider_in
from tocsin.campaign.totals import Totals, counts_as_vanished
from tocsin.knowledge.builds import Number, cumulative_update_of, parse
from tocsin.web.assessing.story import Json, story_of
from tocsin.web.imports.rows import key_of

Fields = dict[str, Any]

_NAMES_COME_LAST = 9


class Whose(NamedTuple):
    """An organisation of the desk: its key, and what hosts take over from it."""

    pk: int
    sector: str
    region: str


def fields_of(
    host: Host,
    totals: Totals,
    owner: Owner,
    whose: Mapping[str, Whose],
    rules: Rules,
    *,
    region: str = "",
    signs_noticed_in: int | None = None,
) -> Fields:
    """Everything of an asset but its campaign and its own key in the database.

    `region` is what feeds say; the owner's counts where there is one. `signs_noticed_in` is the
    key of the import in which signs of compromise were noticed first.
    """
    gathered, settled = host.gathered, totals.settled_by_builds
    colour = colour_of(host, settled)
    counting = host.counting
    number = _lowest(counting)
    cu = cumulative_update_of(number) if number is not None else None
    story = story_of(host, totals, owner, rules, region=region)
    first, last = _seen(host)
    not_green = [cve for cve in settled if host.summaries[cve].colour is not Colour.GREEN]
    return {
        "key": key_of(gathered.key),
        "ip": gathered.ip or "",
        "place": place_of(gathered.ip),
        "hostname": _text(_hostname(host), 255),
        "colour": colour.value,
        "compromised": bool(host.evidence),
        "vanished": counts_as_vanished(host),
        "owner_reports_fixed": bool(not_green)
        and all(host.cves[cve].owner_reports_fixed for cve in not_green),
        "claimed": any(claim.what in not_green for claim in gathered.claims),
        "doubts": _text(",".join(doubts_of(host, settled)), 200) if colour == "yellow" else "",
        "evidence": _text(",".join(dict.fromkeys(note.what for note in host.evidence)), 500),
        "signs_noticed_in_id": signs_noticed_in,
        "build": ".".join(map(str, number)) if number is not None else "",
        "product": cu.product if cu is not None else "",
        "cu": cu.name if cu is not None else "",
        "support": host.support.state.value if host.support is not None else "unknown",
        "servers": len(counting),
        "country": _text(next(iter(gathered.countries), ""), 16),
        "provider": _text(provider_of(host, owner), 200),
        "first_seen": first,
        "last_seen": last,
        **owner_fields(owner, whose, story),
        "story": story,
    }


def owner_fields(owner: Owner, whose: Mapping[str, Whose], story: Json) -> Fields:
    """Whose it is, and the sector and the region: the owner's, or else what feeds say."""
    org = None if owner.constituent is None else whose.get(owner.constituent.organisation)
    said = story["desk"]
    return {
        "owner_id": None if org is None else org.pk,
        "owner_step": owner.step.value,
        "owner_confidence": owner.confidence.value,
        "owner_reason": _text(owner.reason, 1000),
        "sector": _text((org.sector if org else "") or next(iter(said["sectors"]), ""), 100),
        "region": _text((org.region if org else "") or said["region"], 100),
    }


def exposures_of(host: Host) -> dict[str, Fields]:
    """By CVE."""
    return {
        cve: {
            "statuses": ",".join(one.statuses),
            "colour": one.colour.value,
            "doubts": ",".join(one.doubts)[:200],
        }
        for cve, one in host.summaries.items()
    }


Identity = tuple[str, str, str, datetime]
"""Of a transition of a host: the change, the CVE, the server, and before when."""


def transitions_of(host: Host) -> dict[Identity, Fields]:
    """By what makes them the same at the next assessment."""
    return {
        (one.change.value, one.cve or "", _text(one.server or "", 255), one.before): {
            "after": one.after,
            "builds": _text(" to ".join(one.builds), 200),
        }
        for one in host.transitions
    }


def server_colours(host: Host, cves: tuple[str, ...]) -> list[Colour]:
    """The colour of each server that counts; signs of compromise speak of all of them."""
    if host.evidence:
        return [Colour.RED] * len(host.counting)
    return [colour_of_servers([node], cves) for node in host.counting]


def doubts_of(host: Host, cves: Iterable[str]) -> list[str]:
    """Why it is yellow, over these CVEs."""
    found = (host.summaries[cve] for cve in cves)
    return sorted({d.value for one in found if one.colour is Colour.YELLOW for d in one.doubts})


def place_of(ip: str | None) -> bytes:
    """Orders addresses as numbers, IPv4 before IPv6 before names."""
    if ip is None:
        return bytes([_NAMES_COME_LAST]) + bytes(16)
    address = ipaddress.ip_address(ip)
    return bytes([address.version]) + int(address).to_bytes(16, "big")


def provider_of(host: Host, owner: Owner) -> str:
    """Whom signs name; else the first autonomous system."""
    asns = host.gathered.asns
    return provider_in(owner.signs) or (f"AS{asns[0]}" if asns else "")


def _lowest(nodes: Iterable[Node]) -> Number | None:
    found = (parse(basis.build) for node in nodes for basis in node.bases)
    return min((number for number in found if number is not None), default=None)


def _hostname(host: Host) -> str:
    """The first name that somebody chose, else the first."""
    gathered = host.gathered
    names = (*gathered.hostnames, *gathered.names)
    if len(names) < 2:
        return names[0] if names else ""
    return next((one for one in names if not made_by_machine(one, gathered.ip)), names[0])


def _seen(host: Host) -> tuple[datetime | None, datetime | None]:
    """First and last time that a feed saw it; signs count where nothing else has a time."""
    gathered = host.gathered
    for group in ([one for one in gathered.sightings if not one.is_claim], gathered.evidence):
        firsts = [one.first.time for one in group if one.first.time is not None]
        lasts = [one.last.time for one in group if one.last.time is not None]
        if firsts and lasts:
            return min(firsts), max(lasts)
    return None, None


def _text(text: str, length: int) -> str:
    return text.replace("\x00", "\ufffd")[:length]
