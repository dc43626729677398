"""Rows that flood: what is kept of them stays small, and what decides is kept."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tocsin.events.format import all_formats
from tocsin.knowledge.packs import chosen_packs
from tocsin.matching.room import MATCHES_PER_RULE
from tocsin.matching.rules import Seen, load_rules
from tocsin.matching.scan import ROW_LIMIT, TEXT_LIMIT, Pass, Period
from tocsin.matching.tally import Tally
from tocsin.model.artefact import Artefact
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADER = "DateTime,RequestId,UrlStem,AnchorMailbox,UserAgent,HttpStatus"


def scanned(rows: Iterable[str]) -> Tally:
    form = all_formats()["httpproxy"]
    text = "\r\n".join([f"#Log-type: HttpProxy Logs\r\n#Fields: {HEADER}", *rows, ""])
    artefact = Artefact(
        path=EvidencePath.plain("Logging/HttpProxy/Ecp/x.log"),
        format="httpproxy",
        size_bytes=len(text),
    )
    tally = Tally()
    Pass(
        artefact=artefact,
        form=form,
        rules=load_rules(chosen_packs(()), user_sigma=(), user_yara=()),
        period=Period(),
        observers=(),
        tally=tally,
        seen=Seen(),
    ).over(io.BytesIO(text.encode()))
    return tally


def test_a_flood_pushes_out_no_row_that_tells_something_new() -> None:
    """Whoever knows the limit asks for a decoy 2000 times before the real page is used."""
    forged = "2021-03-03T06:44:34.294Z,{0},{1},ServerInfo~a]@b:444/mapi/x,agent,200"
    flood = [forged.format(place, "/ecp/decoy.js") for place in range(MATCHES_PER_RULE + 500)]
    tally = scanned([*flood, forged.format(9999, "/ecp/real.js"), *flood])

    kept = [match for match in tally.matches if match.rule == "proxylogon-step-mapi"]
    assert MATCHES_PER_RULE == len(kept)
    assert 1 == sum(match.values["url_path"] == "/ecp/real.js" for match in kept)
    assert 2 * len(flood) + 1 == tally.counts["proxylogon-step-mapi"]


def test_a_flood_of_what_is_always_new_stays_within_its_share() -> None:
    tally = scanned(
        f"2021-03-03T06:44:34.294Z,{n},/ecp/{n}.js,ServerInfo~a]@b:444/mapi/x,agent,200"
        for n in range(2 * MATCHES_PER_RULE)
    )
    kept = [match for match in tally.matches if match.rule == "proxylogon-step-mapi"]
    assert MATCHES_PER_RULE == len(kept)


def test_of_a_column_of_a_megabyte_little_is_kept() -> None:
    """Two thousand such rows are kept for each rule."""
    long = "x" * 400_000  # In two columns, of which both are cut.
    tally = scanned(
        f"2021-03-03T06:44:34.294Z,{place},/ecp/y.js,ServerInfo~a]@b:444/mapi/{long},{long},200"
        for place in range(3)
    )
    assert tally.matches
    for match in tally.matches:
        assert max(map(len, match.values.values())) <= TEXT_LIMIT
        assert sum(map(len, match.values.values())) <= ROW_LIMIT
        assert len(match.text) <= TEXT_LIMIT
        assert "/ecp/y.js" == match.values["url_path"]
