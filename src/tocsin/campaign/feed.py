"""What a scan feed is: the contract that every file in `tocsin.campaign.feeds` fulfils."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from tocsin import plugins
from tocsin.campaign import feeds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tocsin.campaign.observation import FeedRow

HEAD_BYTES = 2**16
"""What `Feed.recognise` is shown of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedContext:
    """What a feed must know about the file besides its content.

    `file` is its name as handed over (``reports.zip/2021-05-14-scan_exchange.csv``), `sha256` that
    of its unpacked content. `mapping` says which column of a free CSV file holds what, by our
    names (``ip``, ``time``); empty for every other feed. `host` is the address or name that an
    owner's result is about: it does not tell that itself.
    """

    file: str
    sha256: str
    mapping: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One kind of scan feed.

    `name` equals the module's name and is what `tocsin observe` takes. `unit` says what one row
    is. `recognise` takes the first `HEAD_BYTES` of a file and its name, and tells whether it is
    this feed; it never raises. `read` takes a binary stream at its start and yields an observation
    or a problem for each row, numbered from 1 without gaps and in file order; a problem without a
    row speaks of the whole file. It never raises on content, keeps a bounded number of rows in
    memory, and opens no connection. `sample` is a short, well-formed file written by us, with
    `sample_rows` rows and under `sample_name`, and `sample_mapping` where the feed needs one: the
    fuzz test starts from it. `reference` says where the facts come from. A feed that
    `needs_mapping` cannot be read without one, and is only taken where no other feed recognises
    the file.
    """

    name: str
    title: str
    unit: str
    recognise: Callable[[bytes, str], bool]
    read: Callable[[BinaryIO, FeedContext], Iterator[FeedRow]]
    sample: bytes
    sample_name: str
    sample_rows: int
    reference: str
    sample_mapping: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    needs_mapping: bool = False


@cache
def all_feeds() -> dict[str, Feed]:
    """Every feed, by module name, which equals `Feed.name`."""
    return plugins.load(feeds, "FEED", Feed)
