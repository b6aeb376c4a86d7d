"""Forms of a member of staff, and of a role, as an administrator fills them in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from central.accounts import limits
from central.accounts.limits import Access, access_of
from central.accounts.models import Profile
from central.accounts.queries import all_roles, rights_in
from central.accounts.rights import GROUPS, TITLES
from central.accounts.roles import title_of
from central.ui import sites
from central.ui.forms import RecordForm, Section, TickField
from central.ui.scope import ALL, visible_sites

_BOXES = {"class": "form-check-input"}


class StaffForm(RecordForm):
    """What is said of a person and what he may do. It offers only what the one who fills it in holds himself.

    What the person has beyond that is neither shown nor taken away by saving: the action would refuse it anyway.
    """

    sections = (
        Section(_("Person"), ("first_name", "last_name"), ("login", "email"), "language"),
        Section(_("Roles"), "roles", help=_("What the roles allow adds up.")),
        Section(
            _("Sites"),
            "sees_all",
            "groups",
            "sites",
            help=_("A group stands for the sites that are in it at any time; single sites are added to them."),
        ),
    )

    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    login = forms.RegexField(
        r"^[\w.+-]{2,150}$",
        label=_("Login"),
        help_text=_("Letters, digits and . + - _"),
        error_messages={"invalid": _("Two or more letters, digits and . + - _")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    email = forms.EmailField(label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("As the browser asks")), *settings.LANGUAGES], required=False
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"), required=False, widget=forms.CheckboxSelectMultiple(attrs=_BOXES)
    )
    sees_all = TickField(label=_("Sees all sites, also those still to come"))
    groups = forms.MultipleChoiceField(
        label=_("Groups of sites"), required=False, widget=forms.CheckboxSelectMultiple(attrs=_BOXES)
    )
    sites = forms.MultipleChoiceField(
        label=_("Single sites"), required=False, widget=forms.CheckboxSelectMultiple(attrs=_BOXES)
    )

    def __init__(self, request: Any, *, target: User | None = None, **kwargs: Any) -> None:
        super().__init__(request, **kwargs)
        self.by: User = request.user
        for name, choices in self._offered.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        if not self._own.sees_all:
            self.fields["sees_all"].disabled = True
        if target is not None and target.pk == self.by.pk:
            for name in ("roles", "sees_all", "groups", "sites"):
                self.fields[name].disabled = True
            self.fields["roles"].help_text = _("Nobody changes his own roles and sites: ask another administrator.")

    @cached_property
    def _own(self) -> Access:
        return access_of(self.by)

    @cached_property
    def _offered(self) -> dict[str, list[tuple[str, str]]]:
        seen = visible_sites(self.by)
        roles = [role for role in all_roles() if rights_in(role) <= self._own.rights]
        groups = sites.groups(self.request).values()
        looks = sites.looks(self.request).values()
        return {
            "roles": [(role.name, title_of(role.name)) for role in roles],
            "groups": [(one.id, one.title) for one in groups if self._own.sees_all or one.id in self._own.groups],
            "sites": [(one.id, one.label) for one in looks if seen is ALL or one.id in seen],
        }

    @staticmethod
    def initial_of(user: User) -> dict[str, Any]:
        """The form as the person stands."""
        access = access_of(user)
        return {
            "first_name": user.first_name,
            "last_name": user.last_name,
            "login": user.get_username(),
            "email": user.email,
            "language": Profile.objects.filter(user=user).values_list("language", flat=True).first() or "",
            "roles": sorted(access.roles),
            "sees_all": access.sees_all,
            "groups": sorted(access.groups),
            "sites": sorted(access.sites),
        }


class InviteStaffForm(StaffForm):
    """A new person: the link to set the password goes to the e-mail."""

    verb = _("Add and send the link")

    def __init__(self, request: Any, **kwargs: Any) -> None:
        super().__init__(request, **kwargs)
        self.fields["email"].required = True
        self.fields["email"].help_text = _("A link to set the password is sent here. It works once, for three days.")

    def clean_roles(self) -> list[str]:
        roles: list[str] = self.cleaned_data["roles"]
        if not roles:
            raise forms.ValidationError(_("Without a role the person sees no screen: choose one."))
        return roles


class RoleForm(RecordForm):
    """A role's name and what it allows, in words. Rights that the one who fills it in does not hold are locked."""

    sections = (Section(_("Role"), "name"), Section(_("What it allows"), "rights"))

    name = forms.CharField(
        label=_("Name of the role"), max_length=60, help_text=_("What people call it, in your own words.")
    )
    rights = forms.MultipleChoiceField(
        label=_("Rights"),
        choices=[(group.title, list(group.rights.items())) for group in GROUPS],
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs=_BOXES),
    )

    def __init__(self, request: Any, **kwargs: Any) -> None:
        super().__init__(request, **kwargs)
        held = limits.rights_of(request.user) if self.may_edit else frozenset(TITLES)
        self.fields["rights"].choices = [  # type: ignore[attr-defined]
            (group.title, [(code, title) for code, title in group.rights.items() if code in held]) for group in GROUPS
        ]

    @staticmethod
    def initial_of(role: Group) -> dict[str, Any]:
        return {"name": title_of(role.name), "rights": sorted(rights_in(role))}
