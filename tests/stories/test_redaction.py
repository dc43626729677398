"""Each sample, redacted: none of its names in any report, its indicators still there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import pytest

from tocsin import samples
from tocsin.hunt import Options, hunt
from tocsin.model.progress import SilentProgress
from tocsin.report.format import all_reports
from tocsin.report.redact import redact, restore
from tocsin.samples.recipe import read_ordinary, read_recipe
from tocsin.verdict.names import NameCollector

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.model.result import Result
    from tocsin.report.redact import Key

RULES = {
    "web.yml": ("category: webserver", "cs-username|exists: true"),
    "proxy.yml": ("product: exchange\n  service: httpproxy", "AuthenticatedUser|exists: true"),
    "mail.yml": (
        "product: exchange\n  service: message_tracking",
        "recipient-address|exists: true",
    ),
    "logon.yml": ("product: windows\n  service: security", "TargetUserName|exists: true"),
    "cmdlet.yml": ("product: exchange\n  service: rps_cmdlet", "AuthenticatedUser|exists: true"),
}
SAMPLES = ("compromised", "quiet", "damaged")


@pytest.fixture(scope="module", params=SAMPLES)
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Result, Result, Key]:
    """The sample's name, its result with leads that cite people at work, and both of `redact`."""
    name = str(request.param)
    folder = tmp_path_factory.mktemp(name)
    source = samples.build(name, folder)
    names = NameCollector()
    options = Options(sigma=(rules_in(folder / "rules"),))
    result = hunt([source], options, SilentProgress(), names=names)
    return (name, result, *redact(result, names.taken()))


def rules_in(folder: Path) -> Path:
    folder.mkdir()
    for name, (source, selection) in RULES.items():
        (folder / name).write_text(
            f"title: {name}\nlogsource:\n  {source}\ndetection:\n  all:\n    {selection}\n"
            "  condition: all\n"
        )
    return folder


LONG_FOR_CHANCE = 6
"""Letters that packed bytes of a PDF do not show by chance; three of them they do now and then."""


def names_of(sample: str) -> set[str]:
    """Everything in the recipe that names somebody or something inside."""
    server = read_recipe(sample).server
    known = {**read_ordinary().names, **read_recipe(sample).names}
    inside = {server.name, server.fqdn, server.domain, server.netbios, server.url_host}
    inside |= {server.domain.partition(".")[0], server.address, str(known["balancer"])}
    for group in ("user", "workstation"):
        inside |= set(known[group])
    return {name.lower() for name in inside}


def test_no_report_of_a_sample_holds_any_of_its_names(
    told: tuple[str, Result, Result, Key],
) -> None:
    sample, result, redacted, _ = told
    as_it_was = all_reports()["json"].render(result).lower()
    at_least = {"compromised": 8, "quiet": 6, "damaged": 6}[sample]
    assert at_least <= sum(name.encode() in as_it_was for name in names_of(sample))
    for report in all_reports().values():
        for file, content in report.files(redacted).items():
            folded = content.lower()
            for name in names_of(sample):
                if file.endswith(".pdf") and len(name) < LONG_FOR_CHANCE:
                    continue
                whole = re.compile(rb"(?<![a-z0-9])" + re.escape(name.encode()) + rb"(?![a-z0-9])")
                for form in (folded, unquote_to_bytes(folded)):
                    assert not whole.search(form), (file, name)


def test_the_key_gives_back_the_very_bytes(told: tuple[str, Result, Result, Key]) -> None:
    _, result, redacted, key = told
    render = all_reports()["json"].render
    assert render(result) == render(restore(redacted, key))
    assert render(result) != render(redacted)


def test_the_verdict_and_every_place_that_is_cited_can_still_be_checked(
    told: tuple[str, Result, Result, Key],
) -> None:
    _, result, redacted, key = told
    (before,), (after,) = result.hosts, redacted.hosts
    assert before.verdict.level is after.verdict.level
    assert before.packs == after.packs
    hashes = {one.path: one.sha256 for one in before.manifest}
    restored = restore(redacted, key).hosts[0]
    for old, new, back in zip(before.findings, after.findings, restored.findings, strict=True):
        assert (old.id, old.title, old.grade, old.clients) == (
            new.id,
            new.title,
            new.grade,
            new.clients,
        )
        for was, now, again in zip(old.citations, new.citations, back.citations, strict=True):
            assert (was.line, was.record, was.time) == (now.line, now.record, now.time)
            assert again.artefact in hashes
            assert now.artefact.rpartition("/")[2] == was.artefact.rpartition("/")[2]


def test_the_intruders_traces_are_still_there(told: tuple[str, Result, Result, Key]) -> None:
    sample, _, redacted, _ = told
    if sample != "compromised":
        return
    content = all_reports()["json"].render(redacted).decode()
    names = read_recipe(sample).names
    for indicator in ("intruder", "scanner", "third_party", "first_shell", "second_shell", "lure"):
        assert str(names[indicator]) in content


def test_account_names_in_the_leads_were_put_by_tokens(
    told: tuple[str, Result, Result, Key],
) -> None:
    _, _, redacted, key = told
    assert redacted.hosts[0].leads
    kinds = {token.partition("-")[0] for token in key.tokens}
    assert {"user", "host", "domain", "mail", "internal", "source"} <= kinds
