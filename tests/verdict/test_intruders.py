"""Who seems to have been on a server, as the result tells it."""

from __future__ import annotations

from dataclasses import replace

from tests.findings.making import rule
from tests.findings.test_intruders import finding, visit
from tocsin.knowledge.groups import groups
from tocsin.model.grade import Grade
from tocsin.verdict.intruders import overlaps_of, told_intruders

NOBODY: frozenset[str] = frozenset()
INFOS = {"drop": replace(rule("drop", Grade.PERSISTENCE), attack=("T1505.003", "T1562.002"))}


def test_a_server_where_nobody_got_in_has_no_intruder() -> None:
    assert () == told_intruders([], NOBODY, INFOS)
    attempt = finding("try", visit(1, "192.0.2.7"), grade=Grade.ATTEMPT)
    assert () == told_intruders([attempt], NOBODY, INFOS)


def test_an_intruder_is_told_with_techniques_under_their_current_ids() -> None:
    (one,) = told_intruders([finding("f", visit(1, "192.0.2.7", "a.aspx"))], NOBODY, INFOS)
    assert ("intruder-1", ("192.0.2.7",), ("a.aspx",)) == (one.id, one.clients, one.pages)
    assert ("f",) == one.findings
    assert ("T1505.003", "T1685.001") == one.techniques
    assert () == one.groups


def test_a_published_address_is_told_once_however_many_intruders_there_are() -> None:
    trait = next(one for one in groups().trait if one.kind == "address")
    findings = [
        finding("one", visit(1, trait.values[0], "a.aspx")),
        finding("two", visit(9, "192.0.2.7", "b.aspx")),
    ]
    told = told_intruders(findings, NOBODY, INFOS)
    assert [[trait.of], []] == [[group.name for group in one.groups] for one in told]
    (overlap,) = overlaps_of([*told, *told])
    assert trait.values[0] in overlap.wording


def test_a_published_file_hash_in_a_row_is_an_overlap() -> None:
    trait = next(one for one in groups().trait if one.kind == "sha1")
    row = replace(
        visit(1, "192.0.2.7", "a.aspx"), text=f"Hashes: SHA1={trait.values[0].upper()},MD5=x"
    )
    (one,) = told_intruders([finding("f", row)], NOBODY, INFOS)
    assert [trait.of] == [group.name for group in one.groups]
