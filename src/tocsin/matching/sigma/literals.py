r"""What must stand in the bytes of a row before a rule can match it.

A rule becomes a *clause*: patterns of which at least one is found in every row that the rule
matches. Looking for the patterns of all rules at once costs little more than reading the bytes;
only rows in which one is found are read and judged. A clause may let too much pass, never too
little: what cannot be promised gives no pattern, and a rule without a clause must be judged on
every row, or on the columns it looks at.

The promise holds for rows that are plain: ASCII, and carrying each value as `Carrier` says. For
ASCII, case-folding is lower-casing, so a caseless search finds what a folded comparison finds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Pattern: TypeAlias = bytes
"""A regular expression over bytes, to be searched for without case."""
Clause: TypeAlias = frozenset[Pattern]

LONGEST = 64
"""Characters of a literal that are searched for: a part of what must be there must be there."""
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)
"""What no client needs to encode in a URI. Source: RFC 3986, section 2.3."""
_ASCII_RUN = re.compile(r"[\x20-\x7e]+")
DISGUISED: Pattern = rb"%(?:[46][1-9a-f]|[57][0-9a]|3[0-9]|2[de]|5f|7e|[89a-f])"
"""A percent-encoded character that `UNRESERVED` has, or one beyond ASCII that may fold to one.

A row with it may match a decoded view though no literal is seen: it is judged by every rule that
has such a view."""
_EDGES = re.compile(rb"\(\?:[^()]*\)|\[[^\]]*\]")
_LETTER = re.compile(rb"\\x[0-9a-f]{2}|[a-z0-9]")


class Reach(Enum):
    """How the text of a field stands in the row."""

    WHOLE = auto()
    """As it is, with an edge on both sides."""
    INSIDE = auto()
    """As it is, somewhere."""
    VIEWED = auto()
    """Perhaps percent-encoded, or with something between its parts; see `DISGUISED`."""
    HIDDEN = auto()
    """Not as it is: nothing can be promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """How a row carries values.

    `edge` is the inside of a character class: what stands before and after a whole value, the
    beginning of the data apart; empty where nothing can be said. With `closed` the edge stands
    there too, so that a pattern is a mere text, which is found sooner. At the end of the data it
    must stand in any case, and a LF must be part of it. `runs` gives the pieces of a text that
    stand in the row byte by byte. `reach` says it of a field by its name. A keyword may also stand
    in a field that the row does not hold byte by byte: `unsure` says of a piece whether it could
    be there.
    """

    edge: bytes
    runs: Callable[[str], Sequence[str]]
    reach: Callable[[str], Reach]
    unsure: Callable[[str], bool]
    closed: bool = False


def ascii_runs(text: str) -> Sequence[str]:
    """The pieces for a log that carries its values verbatim."""
    return _ASCII_RUN.findall(text)


def letters(pattern: Pattern) -> int:
    """How many letters long the text in a pattern is; of a number, its digits."""
    return len(_LETTER.findall(_EDGES.sub(b"", pattern)))


def literal(run: str) -> Pattern:
    """The pattern of an ASCII text, or of its first `LONGEST` letters."""
    return b"".join(b"%c" % one if chr(one).isalnum() else b"\\x%02x" % one for one in word(run))


def word(run: str) -> bytes:
    """The same in plain bytes, in lower case."""
    return run[:LONGEST].lower().encode("ascii")
