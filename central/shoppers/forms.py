"""What shoppers type at the id domain."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from central.people.models import Customer
from infra.crypto.errors import NotAnEmail, NotAPhone
from infra.crypto.normalise import email_key, phone_e164


class _Form(forms.Form):
    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, label_suffix="", **more)
        for name, field in self.fields.items():
            if self.is_bound and name in self.errors:
                field.widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"id_{name}_error"}


def _email_field() -> forms.CharField:
    widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
    return forms.CharField(label=_("E-mail"), max_length=254, widget=widget)


def _password_field(label: Any, autocomplete: str) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=128, strip=False, widget=widget)


class _WithEmail(_Form):
    email = _email_field()

    def clean_email(self) -> str:
        try:
            return email_key(self.cleaned_data["email"])
        except NotAnEmail:
            raise forms.ValidationError(_("This does not look like an e-mail address.")) from None


class EmailForm(_WithEmail):
    """An e-mail alone: for a code, a reset, a change."""


class SignInForm(_WithEmail):
    password = _password_field(_("Password"), "current-password")


class SignUpForm(_WithEmail):
    name = forms.CharField(label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = _password_field(_("Password"), "new-password")

    field_order = ["name", "email", "password"]


class CodeForm(_Form):
    digits = forms.CharField(
        label=_("Code from the e-mail"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "pattern": "[0-9 ]*"}),
    )

    def clean_digits(self) -> str:
        return "".join(str(self.cleaned_data["digits"]).split())


class ResetForm(CodeForm):
    password = _password_field(_("New password"), "new-password")


class PasswordForm(_Form):
    old = _password_field(_("Old password"), "current-password")
    new = _password_field(_("New password"), "new-password")


class ProfileForm(_Form):
    name = forms.CharField(
        label=_("Full name"), max_length=100, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False, widget=forms.TextInput(attrs={"autocomplete": "tel"})
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"autocomplete": "street-address", "rows": "2"}),
    )
    #: version of the record on the page: staff may have changed it since
    seen = forms.IntegerField(widget=forms.HiddenInput())

    @classmethod
    def of(cls, customer: Customer) -> ProfileForm:
        return cls(
            initial={
                "name": customer.name, "phone": customer.phone, "address": customer.address or "", "seen": customer.ver
            }
        )  # fmt: skip

    def __init__(self, data: Any = None, *, region: str = "RU", **more: Any) -> None:
        self.region = region
        super().__init__(data, **more)

    def clean_phone(self) -> str:
        typed = str(self.cleaned_data["phone"]).strip()
        if not typed:
            return ""
        try:
            return phone_e164(typed, self.region)
        except NotAPhone:
            raise forms.ValidationError(_("This does not look like a phone number.")) from None
