"""Clients as the desk shows them: whom a member of staff may see, and the card's form."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from central.accounts.scope import ALL, visible_sites
from central.people.models import Customer, OrderContact
from central.ui.forms import LongTextField, RecordForm, Section
from infra.crypto.errors import NotAnEmail, NotAPhone
from infra.crypto.normalise import email_key, phone_e164


def clients_visible_to(user: Any) -> QuerySet[Customer]:
    """Customers who came from a site of the person's, or ordered at one; none for a stranger."""
    clients = Customer.objects.select_related("account").filter(merged_into=None)
    seen = visible_sites(user)
    if seen is ALL:
        return clients
    return clients.filter(of_sites(sorted(seen))) if seen else clients.none()


def of_sites(sites: Any) -> Q:
    """Who came from these sites, or ordered at one of them."""
    ordered = OrderContact.objects.filter(customer=OuterRef("pk"), site__in=list(sites))
    return Q(source_site__in=list(sites)) | Q(Exists(ordered))


def client_of(user: Any, client_id: UUID) -> Customer | None:
    """One of them, account included."""
    return clients_visible_to(user).filter(pk=client_id).first()


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
    name = forms.CharField(label=_("Name"), max_length=100, required=False)
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
