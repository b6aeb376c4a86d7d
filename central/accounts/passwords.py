"""One-time links by which staff set their own password, and passwords that are shown once."""

from __future__ import annotations

import secrets
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from central.accounts.forms import NewPasswordForm
from node.acting import Actor, acting
from node.config import config
from node.realms import CLUSTER, atomic

#: how long a link lives (Django's PASSWORD_RESET_TIMEOUT)
LINK_DAYS: Final = 3


def link_of(user: User) -> str:
    """Works once: it is made of the password there is, and of the last sign-in."""
    path = reverse(
        "set-password",
        kwargs={
            "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
            "token": default_token_generator.make_token(user),
        },
    )
    return config().base_url.rstrip("/") + path


def made_password() -> str:
    return secrets.token_urlsafe(12)


class SetPassword(PasswordResetConfirmView):
    """The page behind the link. Django keeps the token in the session and takes it out of the address."""

    template_name = "account/set_password.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("account_login")

    def get_user(self, uidb64: str) -> Any:
        user = super().get_user(uidb64)
        return user if user is not None and user.is_active else None

    def form_valid(self, form: Any) -> HttpResponse:
        # Nobody is signed in here: the person is who holds the link.
        login = self.user.get_username() if self.user else ""
        with acting(Actor(login)), atomic(CLUSTER):
            answer = super().form_valid(form)
        messages.success(self.request, _("The password is set. Sign in with it."))
        return answer

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        form = context.get("form")
        status = 410 if not context.get("validlink") else 422 if form is not None and form.errors else 200
        return super().render_to_response(context, status=status, **kwargs)
