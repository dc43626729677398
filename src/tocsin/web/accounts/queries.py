"""Reads people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.db.models import Q

from tocsin.web.accounts.models import User

if TYPE_CHECKING:
    from tocsin.web.accounts.models import Membership

_KINDS = {
    str(Authenticator.Type.TOTP): "authenticator app",
    str(Authenticator.Type.WEBAUTHN): "passkey",
    str(Authenticator.Type.RECOVERY_CODES): "recovery codes",
}


@dataclass(slots=True, kw_only=True)
class Person:
    """A person as the list shows them."""

    user: User
    roles: list[Membership]
    factors: list[str] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        """Whether they have not set a password yet."""
        return not self.user.has_usable_password()


def people(search: str = "", *, state: str = "") -> list[Person]:
    """All who match, by name. Three queries."""
    found = User.objects.all()
    if state in {"active", "inactive"}:
        found = found.filter(is_active=state == "active")
    # PostgreSQL takes no NUL, and no name has one.
    for word in search.replace("\0", "").split()[:8]:
        found = found.filter(
            Q(username__icontains=word)
            | Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
        )
    return _with_factors(
        found.order_by("-is_active", "username").prefetch_related("memberships__campaign")
    )


def person(user: User) -> Person:
    """One of them."""
    (one,) = _with_factors(
        User.objects.filter(pk=user.pk).prefetch_related("memberships__campaign")
    )
    return one


def _with_factors(found: Iterable[User]) -> list[Person]:
    all_of = {
        user.pk: Person(
            user=user,
            roles=sorted(user.memberships.all(), key=lambda held: held.campaign.name.casefold()),
        )
        for user in found
    }
    kinds = Authenticator.objects.filter(user__in=list(all_of)).values_list("user", "type")
    for pk, kind in kinds.order_by("-type", "pk"):
        all_of[pk].factors.append(_KINDS.get(kind, kind))
    return list(all_of.values())
