"""What an indicator is, and what a list of them is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What an indicator names; the value is how a person calls it."""

    SHA256 = "SHA-256"
    SHA1 = "SHA-1"
    MD5 = "MD5"
    ADDRESS = "address"
    NETWORK = "network"
    DOMAIN = "domain"
    URL = "URL"
    PATH = "path"
    FILE_NAME = "file name"
    USER_AGENT = "user agent"
    PATTERN = "path pattern"


HASHES = {Kind.SHA256: "sha256", Kind.SHA1: "sha1", Kind.MD5: "md5"}
"""The kinds that are hashes, by the name of the algorithm."""


class Part(NamedTuple):
    """One thing to be found; `key` is its text in the one spelling in which it is compared.

    A hash: hex. An address: canonical. A network: canonical with its prefix. A domain: without
    dots at its ends. A URL: host, port unless it is the usual one, path and query, without scheme.
    A path: without drive and outer slashes. A pattern: as written, for RE2.
    """

    kind: Kind
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One entry of a list: found where `part` is, and each of `more` in the same row or file.

    `value` is what the list says, spelled out where it was defanged. `source` counts the lists
    of a set. `line` is where it stands in its file, from 1; None in a JSON document. `unless` is
    a pattern of paths that are not meant (in lists of patterns).
    """

    part: Part
    value: str
    comment: str
    source: int
    line: int | None
    more: tuple[Part, ...] = ()
    unless: str = ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """All that has to be there."""
        return (self.part, *self.more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of indicators; `slug` is unique in a run, `first` the place of its first one."""

    file: str
    name: str
    slug: str
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One indicator found in one row or file; `rule` is its id in the result."""

    rule: str
    indicator: Indicator
