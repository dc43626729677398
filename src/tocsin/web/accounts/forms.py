"""Forms of signing in, and of managing people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account import forms as allauth_forms
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model

from tocsin.errors import UsageError
from tocsin.web.accounts.models import Role, User
from tocsin.web.accounts.names import check_shown_name, check_user_name
from tocsin.web.accounts.permissions import campaign_model

if TYPE_CHECKING:
    from django.forms import ModelForm

    _OfUser = ModelForm[User]
else:
    _OfUser = forms.ModelForm  # of no kind at run time


class LoginForm(allauth_forms.LoginForm):  # type: ignore[misc]  # allauth brings no types
    """Name and password. Nothing here tells whether a name exists."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 allauth's signature
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "User name"
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""


class ReauthenticateForm(allauth_forms.ReauthenticateForm):  # type: ignore[misc]  # as above
    """The password once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 allauth's signature
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""


class UserTokenForm(allauth_forms.UserTokenForm):  # type: ignore[misc]  # allauth brings no types
    """A one-time link, which is of no use to somebody whose account was deactivated."""

    def clean(self) -> dict[str, Any]:
        """Check it."""
        cleaned: dict[str, Any] = super().clean()
        if self.reset_user is not None and not self.reset_user.is_active:
            raise ValidationError("This link is no longer of use.")
        return cleaned


def _checked_name(cleaned: dict[str, Any] | None, user_name: str) -> dict[str, Any]:
    given = cleaned or {}
    try:
        check_shown_name(given.get("first_name", ""), given.get("last_name", ""), user_name)
    except UsageError as refused:
        raise ValidationError(f"{refused}.") from None
    return given


class PersonForm(_OfUser):
    """A new person."""

    class Meta:
        """Names alone: the desk sends no mail, so it needs no addresses."""

        model = User
        fields = ("username", "first_name", "last_name", "is_administrator")
        labels = {"username": "User name"}
        help_texts = {"username": "Letters, digits and @ . + - _; it cannot be changed later."}

    def clean_username(self) -> str:
        """Names that differ in case alone would be taken for each other."""
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise ValidationError("Somebody has this user name already.")
        try:
            check_user_name(name)
        except UsageError as refused:
            raise ValidationError(f"{refused}.") from None
        return name

    def clean(self) -> dict[str, Any]:
        """Nobody gets somebody else's name."""
        return _checked_name(super().clean(), self.cleaned_data.get("username", ""))


class NameForm(_OfUser):
    """How somebody is called."""

    def clean(self) -> dict[str, Any]:
        """Nobody takes somebody else's name."""
        return _checked_name(super().clean(), self.instance.username)

    class Meta:
        """What can be changed."""

        model = User
        fields = ("first_name", "last_name")


class RoleForm(forms.Form):
    """A role in a campaign; none takes it away."""

    campaign: forms.ModelChoiceField[Model] = forms.ModelChoiceField(queryset=None)
    role = forms.ChoiceField(choices=[("", "No role"), *Role.choices], required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 Django's signature
        super().__init__(*args, **kwargs)
        field = self.fields["campaign"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = campaign_model().objects.order_by("name")
