"""Single values as feeds write them: text, ports, times, CVEs, signs of a web shell, versions.

A value that is missing is None; a value that cannot be what it should be raises `FieldError`,
which makes the row a problem. Nothing here trusts its input, and what is kept of it is bounded.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tocsin.campaign.observation import (
    MAX_EXTRA,
    MAX_LIST,
    MAX_TEXT,
    WEB_SHELL,
    normal_address,
)
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_REMEMBERED = 2**16
_CVE = re.compile(r"\bcve[-_](\d{4})[-_](\d{4,7})\b", re.IGNORECASE)
_WEB_SHELL = re.compile(r"web[ _-]?shell", re.IGNORECASE)
_WEB_SHELL_BYTES = re.compile(rb"web[ _-]?shell", re.IGNORECASE)
_EXCHANGE = re.compile(
    r"microsoft[ _-]?exchange|exchange[ _-]?server|outlook[ _-]web|x-owa-version|/owa/|/ecp/"
    r"|msexch|\bowa\b",
    re.IGNORECASE,
)
_EXCHANGE_TAG = re.compile(r"(?<![a-z])(?:exchange|owa)(?![a-z])", re.IGNORECASE)
_EPOCH = re.compile(r"\d{9,11}(\.\d{1,9})?")
_FLATTENED_DEPTH = 3
_LONGEST_WORD = len(b"web shell") - 1
"""Bytes of a word that may lie before the end of a piece."""
_YEARS = range(1990, 2200)


class FieldError(ValueError):
    """A value is there and is not what it should be; the row becomes a problem of this code."""

    def __init__(self, code: ProblemCode, detail: str) -> None:
        """Keep both for the problem."""
        super().__init__(detail)
        self.code = code
        self.detail = detail


def text(value: object) -> str | None:
    """A scalar as text without space around it, cut to `MAX_TEXT`; None where nothing is said."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    stripped = (value if isinstance(value, str) else str(value)).strip()[:MAX_TEXT]
    return stripped or None


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list, or a lone text; each once, at most `MAX_LIST`."""
    items = value if isinstance(value, list) else [value]
    found = (text(item) for item in items[: 10 * MAX_LIST])
    return tuple(dict.fromkeys(one for one in found if one))[:MAX_LIST]


def mapping(value: object) -> Mapping[str, Any]:
    """An object of JSON; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """An array of JSON; an empty one for anything else."""
    return value if isinstance(value, list) else []


def within(value: object, *path: str) -> Any:  # noqa: ANN401 any JSON value
    """What lies at a path of keys, or None."""
    for key in path:
        value = mapping(value).get(key)
    return value


@lru_cache(maxsize=_REMEMBERED)
def moment(written: str) -> datetime:
    """A time in UTC; one without a zone is UTC, a number counts seconds since 1970.

    Raises `FieldError` for other text.
    """
    try:
        if _EPOCH.fullmatch(written):
            return datetime.fromtimestamp(float(written), UTC)
        found = datetime.fromisoformat(written.strip().removesuffix(" UTC"))
    except (ValueError, OverflowError, OSError) as error:
        raise FieldError(ProblemCode.BAD_TIME, f"{written[:60]!r} is no time") from error
    if found.year not in _YEARS:
        raise FieldError(ProblemCode.BAD_TIME, f"{written[:60]!r} is no time of our days")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def time_of(value: object) -> datetime | None:
    """A time in UTC, or None where none is given. Raises `FieldError`."""
    written = text(value)
    return moment(written) if written else None


def address(value: object) -> str | None:
    """A normalised address, or None where none is given. Raises `FieldError`."""
    found = normal_address(value) if isinstance(value, str) else None
    if found is not None:
        return found
    written = text(value)
    if written is None:
        return None
    found = normal_address(written)
    if found is None:
        raise FieldError(ProblemCode.BAD_VALUE, f"{written[:60]!r} is no IP address")
    return found


@lru_cache(maxsize=_REMEMBERED)
def _number(written: str, most: int, what: str) -> int | None:
    digits = written.removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10) or int(digits) > most:
        raise FieldError(ProblemCode.BAD_VALUE, f"{written[:60]!r} is no {what}")
    return int(digits) or None


def port(value: object) -> int | None:
    """A TCP port; None where none is given, which feeds also write as 0. Raises `FieldError`."""
    written = text(value)
    return _number(written, 65_535, "port") if written else None


def asn(value: object) -> int | None:
    """A number of an autonomous system, with or without ``AS``; None where missing or 0."""
    written = text(value)
    if written is None:
        return None
    return _number(written.upper().removeprefix("AS"), 2**32 - 1, "autonomous system")


def country(value: object) -> str | None:
    """An ISO code of two letters in capitals; other text and ``ZZ`` say nothing."""
    written = text(value)
    if written is None or len(written) != 2 or not written.isalpha():
        return None
    return None if written.upper() == "ZZ" else written.upper()


def others(names: Iterable[str], hostname: str | None) -> tuple[str, ...]:
    """Names beside the one that the host is known by; each once, at most `MAX_LIST`."""
    return tuple(name for name in dict.fromkeys(names) if name != hostname)[:MAX_LIST]


def tagged(cell: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The tags of a text such as ``exchange;webshell``, the evidence and the CVEs in them."""
    tags = tuple(tag.strip()[:MAX_TEXT] for tag in cell.split(";") if tag.strip())[:MAX_LIST]
    return tags, web_shell_said([cell]), cves([cell])


def cves(values: Iterable[str]) -> tuple[str, ...]:
    """The CVEs that are named anywhere in these texts, as ``CVE-2021-26855``, sorted."""
    found = {
        f"CVE-{one[1]}-{one[2]}" for value in values for one in _CVE.finditer(value[:MAX_TEXT])
    }
    return tuple(sorted(found)[:MAX_LIST])


def web_shell_said(values: Iterable[str]) -> tuple[str, ...]:
    """The evidence where any of these texts speaks of a web shell."""
    return (WEB_SHELL,) if any(_WEB_SHELL.search(value) for value in values) else ()


def web_shell_in(raw: bytes) -> tuple[str, ...]:
    """The evidence in a row that could not be read: its web shell is not lost."""
    return (WEB_SHELL,) if _WEB_SHELL_BYTES.search(raw) else ()


class Skimmed:
    """The evidence in bytes that are skipped, piece by piece: a word may lie across two."""

    def __init__(self) -> None:
        self._evidence: tuple[str, ...] = ()
        self._tail = b""

    def take(self, piece: bytes) -> None:
        """Look through the next piece."""
        self._evidence = self._evidence or web_shell_in(self._tail + piece)
        self._tail = (self._tail + piece[-_LONGEST_WORD:])[-_LONGEST_WORD:]

    def taken(self) -> tuple[str, ...]:
        """What was found in all pieces; then begin anew."""
        found = self._evidence
        self._evidence, self._tail = (), b""
        return found


def says_exchange(values: Iterable[str]) -> bool:
    """Whether any of these texts speaks of Exchange Server: a stock exchange has pages, too."""
    return any(_EXCHANGE.search(value) for value in values)


def tagged_exchange(tags: Iterable[str]) -> bool:
    """Whether any of these tags or identifiers is for Exchange Server: one word says it there."""
    return any(_EXCHANGE_TAG.search(tag) for tag in tags)


def further(record: Mapping[str, Any], known: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Everything of a JSON object but the `known` keys, as names with dots, bounded."""
    pairs = []
    for pair in _flat(record, known, ""):
        pairs.append(pair)
        if len(pairs) >= MAX_EXTRA:
            break
    return tuple(pairs)


def _flat(
    record: Mapping[str, Any], known: frozenset[str], prefix: str
) -> Iterator[tuple[str, str]]:
    """`known` names are whole: ``http.html`` is one below ``http``."""
    for key, value in record.items():
        name = f"{prefix}{key}"[:MAX_TEXT]
        if name in known:
            continue
        if isinstance(value, dict):
            if prefix.count(".") < _FLATTENED_DEPTH:
                yield from _flat(value, known, f"{name}.")
        elif isinstance(value, list):
            if joined := ";".join(texts(value)):
                yield name, joined[:MAX_TEXT]
        elif isinstance(value, bool):
            yield name, str(value).lower()
        elif (found := text(value)) is not None:
            yield name, found
