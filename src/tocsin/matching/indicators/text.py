"""How a text is looked at: one spelling for many, and the names in it.

The same function is used for what a list says and for what a row says, so that both are compared
in one spelling. It never makes a name out of what was none: every name of the result stands letter
for letter (but for ASCII case) in the text that it came from, which is what a prefilter over
bytes rests on.
"""

from __future__ import annotations

import re

NAME = r"0-9a-z_~$.\-\u0080-\U0010ffff"
"""What a name is made of, for use inside a character class. A blank ends a name."""
_NAMES = re.compile(f"[{NAME}]+")
_ESCAPE = re.compile(r"%(?:25)*([0-7][0-9a-f])")
_PLAIN_LETTERS = re.compile(r"[0-9a-z_~$.\-]")
# Other letters keep their case: lower-casing a Kelvin sign gives a "k" that no byte of it holds.
_ASCII_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def plain(text: str) -> str:
    r"""`text` in the spelling in which everything is compared.

    ASCII letters in lower case, ``\`` as ``/``, ``+`` as a blank (IIS writes it so), and percent
    escapes read, once or more than once escaped, unless they stand for a letter, a digit or
    another character of names: nobody but an evader writes those, and a prefilter over bytes
    could not see them.
    """
    text = text.lower() if text.isascii() else text.translate(_ASCII_LOWER)
    text = text.replace("\\", "/").replace("+", " ")
    return _ESCAPE.sub(_unescaped, text) if "%" in text else text


def names_in(plain_text: str) -> list[str]:
    """Every name of a `plain` text, as far as it goes: ``a/b.c d`` gives ``a``, ``b.c``, ``d``."""
    return _NAMES.findall(plain_text)


def longest_name(plain_text: str) -> str:
    """The longest name, the first of several; empty where there is none."""
    return max(names_in(plain_text), key=len, default="")


def _unescaped(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    if character == "\\":
        return "/"
    if _PLAIN_LETTERS.fullmatch(character.lower()):
        return escape[0]
    return character if character.isprintable() else " "
