"""What people do to their own accounts on the pages of allauth: decisions like all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.signals import password_changed, password_reset, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset

from tocsin.web.accounts.factors import remember_proof
from tocsin.web.accounts.services import end_sessions, subject_of
from tocsin.web.audit.services import record

if TYPE_CHECKING:
    from django.http import HttpRequest

    from tocsin.web.accounts.models import User


def connect() -> None:
    """Listen."""
    user_logged_in.connect(_signed_in)
    password_changed.connect(_password_changed)
    password_reset.connect(_password_set)
    authenticator_added.connect(_added)
    authenticator_removed.connect(_removed)
    authenticator_reset.connect(_codes_renewed)


def _signed_in(user: User, **_more: Any) -> None:  # noqa: ANN401 what Django sends besides
    record(user, "person.signed_in", subject_of(user))


def _password_changed(user: User, **_more: Any) -> None:  # noqa: ANN401 as above
    end_sessions(user)
    record(user, "person.password_changed", subject_of(user))


def _password_set(user: User, **_more: Any) -> None:  # noqa: ANN401 as above
    end_sessions(user)
    record(user, "person.password_set_by_link", subject_of(user))


def _added(
    request: HttpRequest,
    user: User,
    authenticator: Authenticator,
    **_more: Any,  # noqa: ANN401 as above
) -> None:
    """Other sessions end: one of them may be that of whoever stole the password."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        return
    remember_proof(request, authenticator)
    end_sessions(user, but=request.session.session_key or "")
    _changed(user, "second_factor_added", authenticator)


def _removed(user: User, authenticator: Authenticator, **_more: Any) -> None:  # noqa: ANN401 as above
    _changed(user, "second_factor_removed", authenticator)


def _codes_renewed(user: User, authenticator: Authenticator, **_more: Any) -> None:  # noqa: ANN401 as above
    _changed(user, "recovery_codes_renewed", authenticator)


def _changed(user: User, what: str, authenticator: Authenticator) -> None:
    record(
        user,
        f"person.{what}",
        subject_of(user),
        detail={"kind": str(authenticator.type)},
    )
