"""What allauth asks us about staff."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Staff are made by an administrator or by `rialto staff add`, never by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: "signed in as ..." tells nobody anything new."""

    def get_client_ip(self, request: HttpRequest) -> str:
        # A server behind a unix socket has no peer address; its attempts share one count.
        return str(request.META.get("REMOTE_ADDR") or "local")
