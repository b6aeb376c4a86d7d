"""Forms of groups and invites. What they refuse is refused by the actions too; here it is said beside the field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from central.cluster.fields import ID, ID_HELP
from central.ui.forms import NumberField, RecordForm
from node.reachable import HIDDEN, without_password
from node.realms import CENTRAL_REALMS

Choices = list[tuple[str, str]]


class InviteForm(RecordForm):
    """What `invite_node` takes."""

    verb = _("Make a token")

    id = forms.RegexField(ID, label=_("Id"), help_text=ID_HELP, error_messages={"invalid": ID_HELP})
    name = forms.CharField(label=_("Node name"), max_length=80, help_text=_("Where it stands or what it is for."))
    sites = forms.MultipleChoiceField(
        label=_("Sites it will serve"), required=False, widget=forms.CheckboxSelectMultiple
    )
    operator_email = forms.EmailField(
        label=_("E-mail of its operator"), required=False, help_text=_("Told when the node falls silent.")
    )
    operator_language = forms.ChoiceField(label=_("Its operator reads"), choices=settings.LANGUAGES, required=False)
    minutes = NumberField(label=_("Valid for, minutes"), min_value=1, max_value=1440, initial=60)

    def __init__(self, request: HttpRequest, *, sites: Choices, **kwargs: Any) -> None:
        super().__init__(request, **kwargs)
        self.fields["sites"].choices = sites  # type: ignore[attr-defined]


class RealmTestForm(RecordForm):
    """A database to look at. Its password goes one way only: `hide_password` before the page is drawn."""

    verb = _("Test")

    realm = forms.ChoiceField(label=_("Realm"), choices=[(realm, realm) for realm in CENTRAL_REALMS])
    url = forms.CharField(
        label=_("Address of the database"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("postgresql://user:password@host:port/database. It is not kept anywhere."),
    )

    @property
    def has_unsaved(self) -> bool:
        return False

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        if HIDDEN in url:
            raise forms.ValidationError(_("Write the password again: it was not kept."))
        return url

    def hide_password(self) -> str:
        """The address that was sent, without its password; the form shows it so from now on."""
        hidden = without_password(str(self.data.get("url", "")))
        if self.is_bound:
            self.data["url"] = hidden  # type: ignore[index]
        return hidden


class RealmMoveForm(RealmTestForm):
    """Where a realm is to move to. The address goes to the process that moves, and into `rialto.toml` at the switch."""

    verb = _("Move the realm")
    is_dangerous = True

    url = forms.CharField(
        label=_("Address of the new, empty database"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("postgresql://user:password@host:port/database. Test it first: the test changes nothing."),
    )

    def __init__(self, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(request, **kwargs)
        del self.fields["realm"]


class WatchForm(RecordForm):
    """What `set_watch` takes."""

    silent_after_minutes = NumberField(
        label=_("Told after, minutes without a heartbeat"),
        min_value=1,
        max_value=1440,
        help_text=_("The node's operator and staff who see nodes get one mail per silence, and one when it is back."),
    )


class GroupForm(RecordForm):
    """What `edit_group` takes; with an id for a new one."""

    title = forms.CharField(label=_("Title"), max_length=80)
    parent = forms.ChoiceField(label=_("Stands in"), required=False, help_text=_("A group may hold groups."))
    sites = forms.MultipleChoiceField(
        label=_("Sites"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A site stands in one group: ticked here it leaves the group it was in."),
    )

    def __init__(self, request: HttpRequest, *, groups: Choices, sites: Choices, **kwargs: Any) -> None:
        super().__init__(request, **kwargs)
        self.fields["parent"].choices = [("", _("no other group")), *groups]  # type: ignore[attr-defined]
        self.fields["sites"].choices = sites  # type: ignore[attr-defined]
        if not self.ver:
            self.fields["id"] = forms.RegexField(
                ID, label=_("Id"), help_text=ID_HELP, error_messages={"invalid": ID_HELP}
            )
            self.order_fields(["id"])
