"""Values that look random and are the same on every build."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Dice:
    """A stream of values that depends on nothing but its seed.

    Made of hashes, not of `random`: that module does not promise the same stream in every
    version of Python, and two builds of a sample must agree to the byte.
    """

    def __init__(self, seed: str) -> None:
        # Hashed first, since a key is at most 64 bytes long and longer ones would be cut alike.
        self._key = hashlib.blake2b(seed.encode()).digest()
        self._thrown = 0

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int.from_bytes(self._bytes(8), "big") % (high - low + 1)

    def pick(self, choices: Sequence[T]) -> T:
        """One of `choices`."""
        return choices[self.number(0, len(choices) - 1)]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """`count` different ones of `choices`, in their order."""
        left = list(range(len(choices)))
        taken = [left.pop(self.number(0, len(left) - 1)) for _ in range(min(count, len(left)))]
        return [choices[index] for index in sorted(taken)]

    def guid(self) -> str:
        """A GUID in lower case, as request ids are written."""
        return str(uuid.UUID(bytes=self._bytes(16), version=4))

    def hexadecimal(self, digits: int) -> str:
        """A hexadecimal text of up to 64 digits, in lower case."""
        return self._bytes(32).hex()[:digits]

    def _bytes(self, count: int) -> bytes:
        self._thrown += 1
        throw = self._thrown.to_bytes(8, "big")
        return hashlib.blake2b(throw, key=self._key, digest_size=count).digest()
