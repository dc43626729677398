"""Names that are hidden in base64: attackers' parameters and commands carry their names too."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tocsin.report.redacting import Tokens

_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_URL_SAFE = str.maketrans("-_", "+/")
_SHORTEST = 4
"""Shorter names turn up by chance in what is no base64 at all."""
_TELLING = r"s-1-5-21-\d|[\w.+'-]{2,64}@[\w-]{2,63}\.[\w-]{2,63}"
"""Security identifiers and mail addresses, known or not; the text is folded to lower case."""


class Encoded:
    """Replaces a run of base64 that holds a name by one token, so that it can be undone exactly.

    A run may begin anywhere in a word, so all four ways to cut it are tried, as bytes of one
    character each and as UTF-16, which is what PowerShell takes.
    """

    def __init__(self, names: Iterable[str], tokens: Tokens) -> None:
        """`names` are all names that are known, in any case."""
        long_enough = sorted({one.casefold() for one in names if len(one) >= _SHORTEST})
        self._names = re.compile("|".join((*map(re.escape, long_enough), _TELLING)))
        self._tokens = tokens

    def replaced(self, text: str) -> str:
        """`text` with a token for every run that holds a name."""
        return _RUN.sub(self._replacement, text)

    def _replacement(self, match: re.Match[str]) -> str:
        run = match[0]
        if any(self._names.search(plain) for plain in _decoded(run)):
            return self._tokens.of("encoded", run, run)
        return run


def _decoded(run: str) -> Iterator[str]:
    """What `run` says, in every way that it can be read, folded to lower case."""
    plain = run.rstrip("=").translate(_URL_SAFE)
    for start in range(4):
        # A last character alone holds less than a byte.
        part = plain[start : len(plain) - ((len(plain) - start) % 4 == 1)]
        data = b64decode(part + "=" * (-len(part) % 4))
        yield data.decode("latin-1").casefold()
        yield data.decode("utf-16-le", "ignore").casefold()
        yield data[1:].decode("utf-16-le", "ignore").casefold()
