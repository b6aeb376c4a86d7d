"""Clients as the desk shows them: whom a member of staff may see, and the card's form."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from central.accounts.scope import ALL, visible_sites
from central.people.actions import FIELDS
from central.people.merging import mail_is_settled
from central.people.models import Customer
from central.people.queries import customers_visible_to, doubts, sites_of
from central.ui.forms import LongTextField, RecordForm, Section
from central.ui.screens import may
from infra.crypto.errors import NotAnEmail, NotAPhone
from infra.crypto.normalise import email_key, phone_e164


def clients_visible_to(user: Any) -> QuerySet[Customer]:
    """Customers who came from a site of the person's, or ordered at one; none for a stranger."""
    return customers_visible_to(user).select_related("account")


def client_of(user: Any, client_id: UUID) -> Customer | None:
    """One of them, account included."""
    return clients_visible_to(user).filter(pk=client_id).first()


def record_of(user: Any, client_id: UUID) -> Customer | None:
    """A record the person may see, or one that was merged into a client he may see."""
    found = Customer.objects.select_related("account").filter(pk=client_id).first()
    if found is None or client_of(user, found.merged_into_id or found.pk) is None:
        return None
    return found


def sees_all_of(user: Any, client: Customer) -> bool:
    """Whether every site he came from or ordered at is the person's: what is done here reaches all of them."""
    seen = visible_sites(user)
    return seen is ALL or sites_of(client) <= seen


def doubts_visible_to(user: Any) -> QuerySet[Any]:
    """Doubts both of whose sides the person may see, decided ones too; `one` and `two` are whom they are by now."""
    found = doubts().select_related("customer", "other")
    if not may(user, "see_customers"):
        return found.none()
    if visible_sites(user) is ALL:
        return found
    clients = clients_visible_to(user).order_by().values("pk")
    return found.filter(one__in=clients, two__in=clients)


def title_of(client: Customer) -> str:
    """What to call a client: by his name, else by what he is reached by."""
    if client.erased_at:
        return _now("Erased client")
    return client.name or client.phone or client.email or "…"


class MergeForm(RecordForm):
    """Which of two values stays, field by field, where both records have one."""

    verb = _("Merge the two")
    sections = (Section(_("What stays"), *FIELDS, help=_("The other value is kept too: the client is found by both.")),)

    def __init__(self, request: HttpRequest, kept: Customer, gone: Customer) -> None:
        super().__init__(request)
        settled = mail_is_settled(gone, kept)
        for name in FIELDS:
            mine, theirs = getattr(kept, name) or "", getattr(gone, name) or ""
            if mine and theirs and mine != theirs and not (name == "email" and settled):
                self.fields[name] = forms.ChoiceField(
                    label=ClientForm.base_fields[name].label,
                    choices=[("kept", mine), ("gone", theirs)],
                    widget=forms.RadioSelect,
                    initial="kept",
                )
        self.pair = (kept, gone)

    @property
    def hidden_values(self) -> list[tuple[str, str]]:
        """With the versions that are shown: what is merged is what was compared."""
        return [*super().hidden_values, *((f"seen-{one.pk.hex}", str(one.ver)) for one in self.pair)]

    @property
    def seen(self) -> dict[UUID, int]:
        sent = {one.pk: str(self.data.get(f"seen-{one.pk.hex}", "")) for one in self.pair}
        return {pk: int(ver) if ver.isdecimal() else 0 for pk, ver in sent.items()}

    @property
    def take(self) -> list[str]:
        """The fields whose value comes from the record that goes. Read after `is_saveable()`."""
        return [name for name in FIELDS if self.cleaned_data.get(name) == "gone"]


class EraseForm(RecordForm):
    """Typing the client's name is the confirmation."""

    verb = _("Erase for ever")
    is_dangerous = True
    word = forms.CharField(max_length=300, required=False)

    def __init__(self, request: HttpRequest, client: Customer) -> None:
        super().__init__(request)
        self.expected = " ".join(title_of(client).split())
        self.fields["word"].label = _("Type %(name)s to confirm") % {"name": self.expected}
        self.fields["word"].widget.attrs["autocomplete"] = "off"

    def clean_word(self) -> str:
        typed = " ".join(str(self.cleaned_data["word"]).split())
        if typed.casefold() != self.expected.casefold():
            raise forms.ValidationError(_("This is not the name above. Nothing was erased."))
        return typed


class ClientForm(RecordForm):
    """The record of a customer, which is his account's profile too."""

    sections = (
        Section(
            _("Contacts"),
            "name",
            ("phone", "email"),
            "address",
            help=_("The client sees the same in his account. A changed e-mail has to be proven by a code."),
        ),
    )
    name = forms.CharField(label=_("Full name"), max_length=100, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    email = forms.CharField(label=_("E-mail"), max_length=254, required=False)
    address = LongTextField(label=_("Address"), max_length=300, required=False)

    @staticmethod
    def initial_of(customer: Customer) -> dict[str, str]:
        return {
            "name": customer.name, "phone": customer.phone, "email": customer.email, "address": customer.address or "",
        }  # fmt: skip

    def clean_phone(self) -> str:
        typed = str(self.cleaned_data["phone"]).strip()
        if not typed:
            return ""
        try:
            return phone_e164(typed, "RU")
        except NotAPhone:
            raise forms.ValidationError(_("This does not look like a phone number.")) from None

    def clean_email(self) -> str:
        typed = str(self.cleaned_data["email"]).strip()
        if not typed:
            return ""
        try:
            return email_key(typed)
        except NotAnEmail:
            raise forms.ValidationError(_("This does not look like an e-mail address.")) from None
