"""What headers and pages of a server tell of its build, as several feeds bring them along.

Source: the project's domain notes, section 5.5: ``X-OWA-Version`` has four parts; a path of
Outlook on the web has three from Exchange 2013 on, and four before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tocsin.campaign.observation import MAX_LIST, MAX_TEXT, Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tocsin.campaign.observation import SeenBuild

MAX_PAGE = 2**18
"""Characters of a page or banner that are looked at."""

_BUILD = r"\d{1,5}(?:\.\d{1,5}){2,3}"
_LINES = re.IGNORECASE | re.MULTILINE
_HEADER = re.compile(rf"^[ \t]*x-owa-version:[ \t]*({_BUILD})[ \t]*\r?$", _LINES)
_SERVER = re.compile(r"^[ \t]*x-feserver:[ \t]*([\w.-]{1,100})[ \t]*\r?$", _LINES)
_PATH = re.compile(rf"/owa/(?:auth/)?({_BUILD})/", re.IGNORECASE)
_CPE = re.compile(rf"cpe:(?:/a|2\.3:a):microsoft:exchange_server:({_BUILD})(?::|$)", re.IGNORECASE)


def in_headers(text: str) -> list[SeenBuild]:
    """Builds in the raw text of response headers."""
    return [(one, Method.OWA_HEADER) for one in _HEADER.findall(text[:MAX_PAGE])[:MAX_LIST]]


def in_page(text: str) -> list[SeenBuild]:
    """Builds in the paths that a page or a redirect names."""
    return [(one, Method.OWA_PATH) for one in _PATH.findall(text[:MAX_PAGE])[:MAX_LIST]]


def in_cpes(names: Iterable[str]) -> list[SeenBuild]:
    """Builds in CPE names of Exchange Server."""
    return [(one, Method.CPE) for name in names for one in _CPE.findall(name)]


def has_header(text: str) -> bool:
    """Whether raw text holds one of the headers that Exchange Server alone sends."""
    small = text.lower()
    return "x-owa-version:" in small or "x-feserver:" in small


def server_name(text: str) -> str | None:
    """What ``X-FEServer`` says in the raw text of response headers."""
    found = _SERVER.search(text[:MAX_PAGE])
    return found[1] if found else None


def as_headers(pairs: Iterable[tuple[str, object]]) -> str:
    """Headers that a feed has as an object, as their raw text.

    Names may have underscores (``X_Owa_Version``); values may be a text, a list, or an object that
    holds one.
    """
    return "\n".join(
        f"{str(name)[:100].replace('_', '-')}: {value}"
        for name, values in pairs
        for value in _values(values)
    )


def _values(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value[:MAX_TEXT].replace("\n", " ")
    elif isinstance(value, list):
        for one in value[:MAX_LIST]:
            if isinstance(one, str):
                yield one[:MAX_TEXT].replace("\n", " ")
    elif isinstance(value, dict):
        for one in value.values():
            if not isinstance(one, dict):
                yield from _values(one)
