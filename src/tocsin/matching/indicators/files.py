"""A file that an indicator names, as a match: cited as a whole, whatever is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.events.documents import evidence_time, file_fields
from tocsin.matching.match import Match
from tocsin.model.artefact import Artefact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.evidence.collection import Member
    from tocsin.matching.indicators.indicator import Hit

_AS = "web_file"
"""The format in whose way a file is cited: by offset 0, as web files are."""
KIND = "file"
"""The kind of source that a file as a whole is; nothing of it is covered or missing."""


def match_of_file(hit: Hit, member: Member, size_bytes: int, digests: Mapping[str, str]) -> Match:
    """The match of `hit` on the file itself; its time is the server's own, or None."""
    artefact = Artefact(path=member.path, format=_AS, size_bytes=size_bytes, times=member.times)
    values = {"file_path": member.path.server, "sha256": digests["sha256"]}
    if origin := file_fields(artefact).get("TimeOrigin"):
        values["time_origin"] = origin
    told = ", ".join(f"{name.upper()} {digest}" for name, digest in digests.items())
    return Match(
        rule=hit.rule,
        artefact=artefact,
        kind=KIND,
        time=evidence_time(artefact),
        place=0,
        values=values,
        text=f"{member.path.server}, {size_bytes} bytes, {told}",
    )
