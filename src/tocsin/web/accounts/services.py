"""Changes people, their roles and their means to sign in. Each change is a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.db import transaction

from tocsin.errors import UsageError
from tocsin.web.accounts.links import path_of
from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.accounts.names import check_shown_name, check_user_name
from tocsin.web.audit.services import one_after_the_other, record

if TYPE_CHECKING:
    from tocsin.web.campaigns.models import Campaign


@transaction.atomic
def create_person(
    username: str,
    *,
    by: User | None,
    is_administrator: bool = False,
    name: tuple[str, str] = ("", ""),
    role: tuple[Campaign, Role] | None = None,
) -> tuple[User, str]:
    """An account without a password, and the path of the link by which its person sets one.

    `by` is None for the command line. Raises `UsageError` for a name that is taken or is none.
    """
    user = User(
        username=username, first_name=name[0], last_name=name[1], is_administrator=is_administrator
    )
    user.set_unusable_password()
    one_after_the_other()
    if User.objects.filter(username__iexact=username).exists():
        raise UsageError("somebody has this user name already", where=username)
    check_user_name(username)
    check_shown_name(*name, username)
    try:
        user.full_clean()
    except ValidationError as wrong:
        raise UsageError(" ".join(wrong.messages), where=username or "user name") from None
    user.save()
    record(
        by,
        "person.created",
        subject_of(user),
        detail={"administrator_of_the_desk": is_administrator},
    )
    if role is not None:
        give_role(user, *role, by=by)
    return user, new_link(user, by=by)


@transaction.atomic
def new_link(user: User, *, by: User | None) -> str:
    """The path of a one-time link. The password, earlier links and sessions end at once."""
    if not user.is_active:
        raise UsageError("this account is not active", where=user.username)
    user.refresh_from_db(fields=["last_login"])  # the key in the link is made of it
    user.set_unusable_password()
    user.save(update_fields=["password"])
    end_sessions(user)
    record(by, "person.link_made", subject_of(user))
    return path_of(user)


@transaction.atomic
def give_role(user: User, campaign: Campaign, role: Role | None, *, by: User | None) -> bool:
    """Give them a role in a campaign, or take theirs (None); whether that changed anything."""
    held = (
        Membership.objects.select_for_update(no_key=True)
        .filter(user=user, campaign=campaign)
        .first()
    )
    before = held.role if held else ""
    if before == (role or ""):
        return False
    if role is None:
        Membership.objects.filter(user=user, campaign=campaign).delete()
    else:
        Membership.objects.update_or_create(user=user, campaign=campaign, defaults={"role": role})
    record(
        by,
        "person.role_given" if role else "person.role_taken",
        subject_of(user),
        campaign=campaign,
        detail={"before": before, "after": str(role or "")},
    )
    return True


@transaction.atomic
def set_administrator(user: User, *, to: bool, by: User | None) -> bool:
    """Make them an administrator of the desk, or no longer; whether that changed anything.

    Raises `UsageError` where nobody would be left who can manage people.
    """
    if user.is_administrator == to:
        return False
    if not to:
        _another_administrator(user)
    user.is_administrator = to
    user.save(update_fields=["is_administrator"])
    what = "made_administrator" if to else "no_longer_administrator"
    record(by, f"person.{what}", subject_of(user))
    return True


@transaction.atomic
def set_active(user: User, *, to: bool, by: User | None) -> bool:
    """Let them sign in again, or no longer; their sessions end at once.

    Raises `UsageError` where nobody would be left who can manage people.
    """
    if user.is_active == to:
        return False
    if not to:
        _another_administrator(user)
    user.is_active = to
    user.save(update_fields=["is_active"])
    if not to:
        end_sessions(user)
    record(by, "person.activated" if to else "person.deactivated", subject_of(user))
    return True


@transaction.atomic
def reset_factors(user: User, *, by: User | None) -> int:
    """Take away their second factors and recovery codes, and end their sessions; how many went.

    They sign in with their password and set up a new one.
    """
    gone = Authenticator.objects.filter(user=user)
    kinds = sorted(gone.values_list("type", flat=True))
    gone.delete()
    end_sessions(user)
    record(by, "person.second_factor_reset", subject_of(user), detail={"were": kinds})
    return len(kinds)


@transaction.atomic
def rename(user: User, first_name: str, last_name: str, *, by: User) -> None:
    """Change how they are called. Raises `UsageError` where somebody else is called so."""
    check_shown_name(first_name, last_name, user.username)
    before = str(user)
    user.first_name, user.last_name = first_name, last_name
    user.save(update_fields=["first_name", "last_name"])
    if str(user) != before:
        detail = {"before": before, "after": str(user)}
        record(by, "person.renamed", subject_of(user), detail=detail)


def end_sessions(user: User, *, but: str = "") -> int:
    """Sign them out everywhere, except of the session with the key `but`; of how many."""
    ended = 0
    for session in UserSession.objects.filter(user=user).exclude(session_key=but):
        session.end()
        ended += 1
    return ended


def subject_of(user: User) -> str:
    """How decisions name a person."""
    return f"person {user.username}"


def _another_administrator(user: User) -> None:
    """Raise unless somebody else manages people, too."""
    others = User.objects.select_for_update(no_key=True).filter(
        is_administrator=True, is_active=True
    )
    if user.is_administrator and not others.exclude(pk=user.pk).exists():
        raise UsageError(
            "nobody else is an administrator of the desk: make somebody one first",
            where=user.username,
        )
