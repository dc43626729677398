"""The form that sets up a passkey."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn import forms as allauth_forms


class AddPasskeyForm(allauth_forms.AddWebAuthnForm):  # type: ignore[misc]  # allauth brings no types
    """A passkey that stands for both steps, unless somebody unticks that."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 allauth's signature
        kwargs.setdefault("initial", {}).update(name="", passwordless=True)
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = "Sign in with it alone"
        self.fields["passwordless"].help_text = (
            "It then stands for your password and second factor. Untick it for a key that has no "
            "room for that: it is the second step after your password."
        )
