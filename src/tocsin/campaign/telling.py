"""What is known of a host in sentences, each with its places: why it has the status that it has.

Everything that came from feeds is hostile: whoever prints a sentence makes it visible first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.campaign.observation import (
    OWNER_REPORTED_COMPROMISE,
    OWNER_REPORTED_WEB_SHELL,
    WEB_SHELL,
    Method,
)
from tocsin.campaign.transitions import Change
from tocsin.knowledge.status import StatusWord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from tocsin.campaign.lookup import Found
    from tocsin.campaign.merge import CveExposure, Host, OwnerWord
    from tocsin.campaign.nodes import Said
    from tocsin.campaign.owners import Owner
    from tocsin.campaign.sightings import Noted, Stamp
    from tocsin.campaign.transitions import Transition

_METHODS = {
    Method.OWA_HEADER: "in the header X-OWA-Version",
    Method.OWA_PATH: "in a path of Outlook on the web",
    Method.EXPORT_TOOL_MANIFEST: "in the manifest of the export tool",
    Method.SCAN_SCRIPT: "by a script of nmap",
    Method.FEED_VERSION: "as the feed's version",
    Method.CPE: "in a CPE name, inferred by the feed",
    Method.OWNER_CLAIM: "reported by the owner",
    Method.NONE: "in no place",
}
SIGNS = {
    WEB_SHELL: "a web shell answered",
    OWNER_REPORTED_WEB_SHELL: "the owner reports a web shell",
    OWNER_REPORTED_COMPROMISE: "the owner reports a compromise",
}
_LOWER_BOUND = frozenset({Method.OWA_HEADER, Method.EXPORT_TOOL_MANIFEST, Method.SCAN_SCRIPT})
CHANGES = {
    Change.FIRST_SEEN: "first seen",
    Change.FIXED: "fixed",
    Change.VULNERABLE_AGAIN: "vulnerable again",
    Change.VANISHED: "vanished, which is not fixed",
    Change.BACK: "back",
}


def explain(host: Host, cve: str) -> tuple[str, ...]:
    """Why this host has its status for a CVE: what counts, what disagrees, what is claimed."""
    exposure = host.cves[cve]
    return (
        *(_sign(note) for note in host.evidence),
        *_servers(exposure),
        *_beside(exposure),
        *(_owner_word(word) for word in exposure.owner_words),
    )


def unplaced(notes: Iterable[Noted], rows: int) -> Iterator[str]:
    """Where signs of compromise stand in rows that name no host, so that no status has them."""
    if rows:
        yield f"Signs of compromise in {rows:,} rows that name no host; look at them by hand:"
    for note in notes:
        yield f"  {note.what} ({_places(note)})"


def transition(one: Transition) -> str:
    """A change as a sentence."""
    about = f"{one.cve}: " if one.cve else ""
    where = f" on {one.server}" if one.server else ""
    builds = f" ({' to '.join(one.builds)})" if one.builds else ""
    if one.after is None:
        return f"{about}{CHANGES[one.change]} on {moment(one.before)}"
    return (
        f"{about}{CHANGES[one.change]}{where} between {moment(one.after)} and "
        f"{moment(one.before)}{builds}"
    )


def ownership(owner: Owner) -> tuple[str, ...]:
    """Whose host it is, why, what lowers the confidence, and what else spoke."""
    name = owner.constituent.organisation if owner.constituent else "nobody"
    told = [f"owner: {name} ({owner.step}, {owner.confidence} confidence): {owner.reason}"]
    told += [f"lowers the confidence: {sign.what}" for sign in owner.signs]
    told += [f"also spoke for {one.organisation}: {one.what}" for one in owner.others]
    return tuple(told)


def looked_up(found: Found) -> Iterator[str]:
    """What registries and domains answered: contacts to try, and no owner."""
    if found.rdap is not None:
        one = found.rdap
        who = next((contact for contact in one.contacts if contact.mails), None)
        mail = f"; contact: {who.mails[0]} ({', '.join(who.roles)})" if who is not None else ""
        yield one.problem or f"registered: {one.name or one.handle}, {one.network}{mail}"
    if found.security_txt is not None:
        published = found.security_txt
        contacts = ", ".join(published.contacts) or "no contact"
        broken = f" ({'; '.join(published.problems)})" if published.problems else ""
        yield f"security.txt: {contacts}{broken}"


def place(stamp: Stamp) -> str:
    """Where something was read: feed, file, row and time."""
    row = f", row {stamp.row}" if stamp.row is not None else ""
    time = moment(stamp.time) if stamp.time is not None else "without a time"
    return f"{stamp.feed}: {stamp.file}{row}, {time}"


def moment(time: datetime) -> str:
    """A time to the second, UTC."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _servers(exposure: CveExposure) -> Iterator[str]:
    if len(exposure.by_server) > 1:
        yield f"{len(exposure.by_server)} servers answer here, each with a status of its own"
    for server in exposure.by_server:
        name = f"{server.server}: " if server.server else ""
        for said in server.said:
            yield name + _said(said)


def _said(said: Said) -> str:
    judged, basis = said.judged, said.basis
    if basis is None:
        return f"{judged.status}: {judged.reason}"
    seen = f"{basis.build} {_METHODS[basis.method]} ({place(basis.at)})"
    told = f"{judged.status}, by {seen}: {judged.reason}"
    if basis.outdated_by is not None:
        told += f"; the server was last seen later ({place(basis.outdated_by)})"
    elif judged.status is StatusWord.VULNERABLE and basis.method in _LOWER_BOUND:
        told += (
            "; it is the least that is installed, for an update need not move it, and a "
            "mitigation cannot be seen from outside: the file version of ExSetup.exe decides"
        )
    return told


def _beside(exposure: CveExposure) -> Iterator[str]:
    for one in exposure.differing:
        yield (
            f"{one.feed} alone would say {one.judged.status}, by {one.judged.build} "
            f"({place(one.at)}): {one.judged.reason}; newer or more precise rows count"
        )
    for claim in exposure.claimed:
        yield f"{claim.feed} claims {claim.what} ({place(claim.last)}): a claim, no observation"


def _owner_word(word: OwnerWord) -> str:
    about = f" for {word.about}" if word.about != word.server or not word.is_seen else ""
    unseen = "" if word.is_seen else ", a server that no feed saw here"
    told = (
        f"owner-reported {word.judged.status}{about}{unseen}: {word.judged.build} "
        f"({place(word.at)}), which is the owner's word and changes no colour"
    )
    return f"{told}; it does not stand, for {word.contradicted}" if word.contradicted else told


def _sign(note: Noted) -> str:
    what = SIGNS.get(note.what, note.what)
    return f"{what} ({_places(note)}): it outranks every status, for an update removes no intruder"


def _places(note: Noted) -> str:
    since = f"first {place(note.first)}, last " if note.first != note.last else ""
    return since + place(note.last)
