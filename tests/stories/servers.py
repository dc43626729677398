"""The result of hunting through one server, and what it says of one pack."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tocsin.hunt import Options, hunt
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tocsin.model.result import Finding, HostResult, PackVerdict

    Attacked: TypeAlias = Callable[[str, str], HostResult]
    """A chain and its outcome in; see the fixture `attacked`."""


def host_of(source: Path, options: Options | None = None) -> HostResult:
    """The one server that `source` holds."""
    (host,) = hunt([source], options or Options(), SilentProgress()).hosts
    return host


def pack_of(host: HostResult, slug: str) -> PackVerdict:
    """What the pack of this name says."""
    (pack,) = (pack for pack in host.packs if pack.pack == slug)
    return pack


def run_of(host: HostResult, chain: str) -> Finding:
    """The finding that is the chain's first run."""
    (run,) = (finding for finding in host.findings if finding.id == chain)
    return run
