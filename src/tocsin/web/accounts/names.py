"""Which names people may have: none that somebody else has, or that the desk signs with."""

from __future__ import annotations

import unicodedata

from tocsin.errors import UsageError
from tocsin.web.accounts.models import User

_RESERVED = frozenset({"desk", "thedesk", "tocsin", "thetocsin", "system", "thesystem"})
_ROLES = frozenset(
    {"administrator", "admin", "approver", "analyst", "viewer", "administratorofthedesk", "nobody"}
)
"""As names that are shown; as user names they say what an account is for."""
_BESIDE_LETTERS = frozenset(" .,'’-·")
_LOOK_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "CHEROKEE", "ARMENIAN", "COPTIC"})


def check_user_name(name: str) -> None:
    """Raise `UsageError` for a user name that stands for somebody else."""
    if not name.isascii():
        raise UsageError("a user name has letters from a to z: others look like them", where=name)
    form = _form(name)
    if form in _RESERVED:
        raise UsageError("this is what the desk itself is called; choose another", where=name)
    _check_free(form, name, but=None)


def check_shown_name(first: str, last: str, user_name: str) -> None:
    """Raise `UsageError` for a name that would be taken for somebody else, or hides what it is."""
    name = f"{first} {last}".strip()
    if not name:
        return
    if not all(one in _BESIDE_LETTERS or unicodedata.category(one)[0] in "LMN" for one in name):
        raise UsageError(
            "a name has letters, digits, blanks, and . , ' - and nothing else", where=name
        )
    if any(len(_scripts(word)) > 1 for word in name.split()):
        raise UsageError(
            "a word of it mixes letters of several scripts, which look like each other", where=name
        )
    form = _form(name)
    if not form:
        raise UsageError("a name has a letter or a digit", where=name)
    if form in _RESERVED | _ROLES:
        raise UsageError("the desk itself or a role is called so; choose another", where=name)
    _check_free(form, name, but=user_name)


def _check_free(form: str, name: str, *, but: str | None) -> None:
    for one in User.objects.only("username", "first_name", "last_name"):
        if one.username != but and form in {_form(one.username), _form(one.get_full_name())}:
            raise UsageError("somebody else is called so; choose another", where=name)


def _form(name: str) -> str:
    """What two names have in common that are read as the same: letters and digits, in one case."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(one for one in folded if unicodedata.category(one)[0] in "LMN")


def _scripts(word: str) -> set[str]:
    """Of which scripts whose letters look like each other a word has letters."""
    return {unicodedata.name(one, "").partition(" ")[0] for one in word} & _LOOK_ALIKE
