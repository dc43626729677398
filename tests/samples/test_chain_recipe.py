"""Recipes of chains: one server, several outcomes."""

from __future__ import annotations

import hashlib
import re
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tocsin import samples
from tocsin.errors import KnowledgeError
from tocsin.samples.recipe import chain_names, read_chain

if TYPE_CHECKING:
    from pathlib import Path

every_server = pytest.mark.parametrize(("chain", "outcome"), chain_names())


def test_outcomes_share_the_server_and_differ_in_what_happened() -> None:
    succeeded, failed = read_chain("proxyshell", "succeeded"), read_chain("proxyshell", "failed")
    assert succeeded.server.name == failed.server.name
    assert succeeded.use == failed.use
    assert succeeded.scenes != failed.scenes


def test_an_outcome_may_have_builds_of_its_own() -> None:
    patched = datetime(2021, 8, 16, tzinfo=UTC)
    builds = [
        read_chain("proxyshell", outcome).server.build_at(patched)
        for outcome in ("succeeded", "failed")
    ]
    assert ["15.1.2242.4", "15.1.2242.10"] == builds


def test_an_unknown_outcome_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(KnowledgeError, match="proxyshell succeeded, proxyshell failed"):
        read_chain("proxyshell", "half")


@every_server
def test_a_chains_server_is_harmless_small_and_the_same_on_every_build(
    chain: str, outcome: str, tmp_path: Path
) -> None:
    first = samples.build_chain(chain, outcome, tmp_path / "one")
    again = samples.build_chain(chain, outcome, tmp_path / "two")
    one, two = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (first, again))
    assert one == two
    assert first.stat().st_size < 4_000_000
    with zipfile.ZipFile(first) as archive:
        for info in archive.infolist():
            content = archive.read(info)
            for text in (content, content.replace(b"\0", b"")):
                assert not re.search(rb"(?i)eval\s*\(|request\s*[\[(]|<%@", text), info.filename
