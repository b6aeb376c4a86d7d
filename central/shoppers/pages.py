"""What every page of the id domain has in common: who is here, which shop sent him, in which language we speak."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final
from urllib.parse import parse_qs, urlencode
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from central.shoppers.errors import BadAsk
from central.shoppers.host import cookie_name
from central.shoppers.models import Account, IdSession
from central.shoppers.queries import SESSION_LIFE, Ask, SiteLook, checked_ask, session_by, site_look
from central.ui.actors import shopper
from central.ui.screens import open_to_all
from node.acting import Actor, acting
from node.config import config
from node.errors import RialtoError

_BROWSERS: Final = (("YaBrowser", "Yandex"), ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"),
                    ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS: Final = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
                   ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip
_LINKS: Final = {
    "code": "id-sign-in-code", "email": "id-email", "password": "id-password", "profile": "id-profile",
    "reset": "id-reset", "sessions": "id-sessions", "sign_in": "id-sign-in", "sign_up": "id-sign-up",
}  # fmt: skip


@dataclass
class Page:
    """A request to the id domain. `query`: the shop's request as it came, carried from page to page."""

    request: HttpRequest
    query: str
    ask: Ask | None
    shop: SiteLook | None
    session: IdSession | None
    cookies: list[str] = field(default_factory=list)

    @property
    def account(self) -> Account:
        assert self.session is not None  # noqa: S101 - pages that use it ask for a session
        return self.session.account

    @property
    def address(self) -> str:
        """Of the browser's network, for counting tries."""
        return str(self.request.META.get("REMOTE_ADDR", ""))

    @property
    def language(self) -> str:
        return (translation.get_language() or "en")[:2]

    @property
    def site_id(self) -> str:
        return self.shop.id if self.shop else ""

    def url(self, name: str, **more: str) -> str:
        """Another page of ours, with the shop's request and shop along."""
        carried = {"ask": self.query} if self.query else {"shop": self.site_id} if self.site_id else {}
        query = urlencode({**more, **carried})
        return reverse(name) + (f"?{query}" if query else "")

    def go(self, name: str, **more: str) -> HttpResponse:
        return self.dressed(HttpResponseRedirect(self.url(name, **more), status=303))

    def show(self, template: str, status: int = 200, **context: Any) -> HttpResponse:
        values = {"page": self, "shop": self.shop, "account": self.session.account if self.session else None, **context}
        values["to"] = {name: self.url(target) for name, target in _LINKS.items()}
        return self.dressed(render(self.request, f"shoppers/{template}.html", values, status=status))

    def sign_in(self, token: str) -> None:
        secure = "; Secure" if config().id_origin.startswith("https://") else ""
        life = int(SESSION_LIFE.total_seconds())
        self.cookies.append(f"{cookie_name()}={token}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{secure}")

    def sign_out(self) -> None:
        secure = "; Secure" if config().id_origin.startswith("https://") else ""
        self.cookies.append(f"{cookie_name()}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}")

    def dressed(self, answer: HttpResponse) -> HttpResponse:
        answer["Content-Language"] = self.language
        for text in self.cookies:
            name, _equals, rest = text.partition("=")
            answer.cookies.load(f"{name}={rest}")
        if self.ask is not None:
            # A form here ends in a redirect to the shop that asked; a browser allows that only where it is told so.
            answer._csp_update = {"form-action": [self.ask.origin]}  # type: ignore[attr-defined]
        return answer

    @property
    def device(self) -> str:
        """The browser in two words, for the list of sessions."""
        agent = self.request.headers.get("User-Agent", "")
        found = [next((name for mark, name in marks if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS)]
        return " · ".join(name for name in found if name)


View = Callable[[Page], HttpResponse]


def id_page(
    *, methods: Sequence[str] = ("GET", "HEAD"), signed_in: bool = False
) -> Callable[[View], Callable[..., Any]]:
    """Make a page of the id domain; `signed_in`: everybody else is sent to sign in first."""

    def decorate(view: View) -> Callable[..., Any]:
        @wraps(view)
        def seen(request: HttpRequest) -> HttpResponseBase:
            session = session_by(request.COOKIES.get(cookie_name(), ""))
            given = request.POST if request.method == "POST" else request.GET
            query = given.get("ask", "") or request.GET.get("ask", "")
            try:
                ask = ask_of(query) if query else None
            except BadAsk as error:
                return refused(request, error)
            shop = ask.site if ask else _shop(given.get("shop", "") or request.GET.get("shop", ""))
            page = Page(request, query, ask, shop, session)
            with translation.override(_language(page)):
                if signed_in and session is None:
                    return page.go("id-sign-in")
                with acting(_actor(session)):
                    return view(page)

        return open_to_all(never_cache(require_http_methods(list(methods))(seen)))

    return decorate


def _actor(session: IdSession | None) -> Actor | None:
    """The person himself. Without his address: it is his own, and the history keeps what it has."""
    return Actor(shopper(session.account.customer_id), request=uuid4().hex) if session else None


def ask_of(query: str) -> Ask:
    """A shop's request as the query of `authorize`. Raises `BadAsk`."""
    try:
        parts = {name: values[-1] for name, values in parse_qs(query[:2000], max_num_fields=20).items()}
    except ValueError:
        raise BadAsk("this is no request of a shop") from None
    names = ("client", "redirect_uri", "state", "code_challenge", "code_challenge_method")
    return checked_ask(*(parts.get(name, "") for name in names))


def refused(request: HttpRequest, error: RialtoError) -> HttpResponse:
    """A page of ours, never a redirect: the address that was asked for is nobody's we know."""
    page = Page(request, "", None, None, None)
    return page.show("refused", status=error.status)


def code_id(page: Page) -> UUID | None:
    """The code a page is about."""
    given = page.request.POST.get("c", "") or page.request.GET.get("c", "")
    return UUID(hex=given) if re.fullmatch(r"[0-9a-f]{32}", given) else None


def sentence(error: RialtoError) -> str:
    """What went wrong, for a shopper; the same for known and unknown e-mails."""
    left = error.data.get("left")
    if error.code == "wrong_code" and isinstance(left, int) and left > 0:
        return _("This is not the code we sent. Tries left: %(left)d.") % {"left": left}
    sentences = {
        "wrong_sign_in": _("This e-mail and password do not belong together. Try again, or let us send you a code."),
        "wrong_code": _("This is not the code we sent, and there are no more tries. Ask for a new code."),
        "code_spent": _("This code is not good any more: it was used, it is older than ten minutes, or it was mistyped too often. Ask for a new one."),  # noqa: E501
        "too_many_tries": _("Too many tries. Please wait a while, an hour at most, and try again."),
        "email_taken": _("Another account signs in with this e-mail. Sign in to that one, or choose another e-mail."),
        "weak_password": _("Choose a stronger password: ten characters or more, and not a common one."),
    }  # fmt: skip
    return sentences.get(error.code, _("That did not work. Please try again."))


def _shop(site_id: str) -> SiteLook | None:
    found = site_look(site_id[:20]) if site_id else None
    return found if found and found.id else None


def _language(page: Page) -> str:
    """The shop's, else the account's, else what the browser asks for."""
    known = page.shop.language if page.shop else page.session.account.language if page.session else ""
    return known if known in ("en", "ru") else (translation.get_language() or "en")[:2]
