"""The pages of the id domain. They work without JavaScript, and say the same to known and unknown e-mails."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from central.people.actions import change_customer
from central.people.errors import StaleCustomer
from central.shoppers import actions, forms
from central.shoppers.demo import demo_shoppers
from central.shoppers.errors import ShopperError, WeakPassword
from central.shoppers.host import is_own_id_host
from central.shoppers.models import Account, Code, IdSession
from central.shoppers.pages import Page, ask_of, code_id, id_page, refused, sentence
from central.shoppers.queries import Ask, may_be_silent, open_grants, open_sessions, shops_by_id
from central.ui.actors import shopper
from central.ui.away import away_answer
from central.ui.screens import open_to_all
from central.ui.views import csrf_failure as desk_csrf_failure

BOTH = ("GET", "HEAD", "POST")
Purpose = Code.Purpose


@id_page()
def start(page: Page) -> HttpResponse:
    return page.go("id-profile" if page.session else "id-sign-in")


@id_page(methods=BOTH)
def authorize(page: Page) -> HttpResponse:
    """A shop asks who is here. Known and lately here, by a "continue" button there: straight back with a code.

    Everything else gets a page: a click here is what makes it an honest sign-in to the browser as well.
    """
    query = page.query or page.request.META.get("QUERY_STRING", "")
    try:
        page.ask = ask_of(query)
    except ShopperError as error:
        return refused(page.request, error)
    page.query, page.shop = query, page.ask.site
    if page.session is None:
        return page.go("id-sign-in")
    is_silent = page.request.GET.get("silent") == "1" and may_be_silent(page.session)
    if page.request.method == "POST":
        actions.touch(page.session)
    elif not is_silent:
        return page.show("continue")
    return _back_to_shop(page, page.session, page.ask)


@id_page(methods=BOTH)
def sign_in(page: Page) -> HttpResponse:
    form = forms.SignInForm(page.request.POST or None)
    if page.request.method != "POST" or not form.is_valid():
        return page.show("sign_in", form=form, demo_shoppers=demo_shoppers(), status=_status(form))
    try:
        account = actions.sign_in(form.cleaned_data["email"], form.cleaned_data["password"], address=page.address)
    except ShopperError as error:
        return page.show("sign_in", form=form, wrong=sentence(error), status=error.status)
    return _in(page, account)


@id_page(methods=BOTH)
def sign_in_by_code(page: Page) -> HttpResponse:
    return _ask_for_code(page, Purpose.SIGN_IN, "sign_in_code", "id-code")


@id_page(methods=BOTH)
def sign_up(page: Page) -> HttpResponse:
    form = forms.SignUpForm(page.request.POST or None)
    if page.request.method != "POST" or not form.is_valid():
        return page.show("sign_up", form=form, status=_status(form))
    said = form.cleaned_data
    try:
        code = _code(page, Purpose.SIGN_UP, said["email"], name=said["name"], password=said["password"])
    except WeakPassword as error:
        for message in error.messages or [sentence(error)]:
            form.add_error("password", message)
        return page.show("sign_up", form=form, status=error.status)
    except ShopperError as error:
        return page.show("sign_up", form=form, wrong=sentence(error), status=error.status)
    return page.go("id-code", c=code.pk.hex)


@id_page(methods=BOTH)
def enter_code(page: Page) -> HttpResponse:
    form, code = forms.CodeForm(page.request.POST or None), code_id(page)
    if code is None:
        return page.go("id-sign-in")
    if page.request.method != "POST" or not form.is_valid():
        return page.show("code", form=form, code=code.hex, status=_status(form))
    try:
        account = actions.sign_up_or_in(code, form.cleaned_data["digits"], address=page.address)
    except ShopperError as error:
        return page.show("code", form=form, code=code.hex, wrong=sentence(error), status=error.status)
    return _in(page, account)


@id_page(methods=BOTH)
def reset(page: Page) -> HttpResponse:
    return _ask_for_code(page, Purpose.RESET, "reset", "id-reset-new")


@id_page(methods=BOTH)
def reset_new(page: Page) -> HttpResponse:
    form, code = forms.ResetForm(page.request.POST or None), code_id(page)
    if code is None:
        return page.go("id-reset")
    if page.request.method != "POST" or not form.is_valid():
        return page.show("reset_new", form=form, code=code.hex, status=_status(form))
    said = form.cleaned_data
    try:
        account = actions.reset_password(code, said["digits"], said["password"], address=page.address)
    except WeakPassword as error:
        for message in error.messages or [sentence(error)]:
            form.add_error("password", message)
        return page.show("reset_new", form=form, code=code.hex, status=error.status)
    except ShopperError as error:
        return page.show("reset_new", form=form, code=code.hex, wrong=sentence(error), status=error.status)
    return _in(page, account)


@id_page(methods=BOTH, signed_in=True)
def profile(page: Page) -> HttpResponse:
    customer = page.account.customer
    if page.request.method != "POST":
        return page.show("profile", form=forms.ProfileForm.of(customer), is_saved="saved" in page.request.GET)
    form = forms.ProfileForm(page.request.POST, region="RU" if page.language == "ru" else "")
    if not form.is_valid():
        return page.show("profile", form=form, status=422)
    said = {name: form.cleaned_data[name] for name in ("name", "phone", "address")}
    try:
        change_customer(customer.pk, said, by=shopper(customer.pk), seen_ver=form.cleaned_data["seen"])
    except StaleCustomer:
        customer.refresh_from_db()
        form.data = {**form.data.dict(), "seen": str(customer.ver)}  # type: ignore[attr-defined]
        theirs = [
            (form.fields[name].label, getattr(customer, name))
            for name in said
            if (getattr(customer, name) or "") != said[name]
        ]
        return page.show("profile", form=form, theirs=theirs, status=409)
    return page.go("id-profile", saved="1")


@id_page(methods=BOTH, signed_in=True)
def new_email(page: Page) -> HttpResponse:
    return _ask_for_code(page, Purpose.NEW_EMAIL, "email", "id-email-code", account=page.account)


@id_page(methods=BOTH, signed_in=True)
def new_email_code(page: Page) -> HttpResponse:
    form, code = forms.CodeForm(page.request.POST or None), code_id(page)
    if code is None:
        return page.go("id-email")
    if page.request.method != "POST" or not form.is_valid():
        return page.show("email_code", form=form, code=code.hex, status=_status(form))
    try:
        actions.change_email(code, form.cleaned_data["digits"], address=page.address, account=page.account)
    except ShopperError as error:
        return page.show("email_code", form=form, code=code.hex, wrong=sentence(error), status=error.status)
    return page.go("id-profile", saved="1")


@id_page(methods=BOTH, signed_in=True)
def password(page: Page) -> HttpResponse:
    form = forms.PasswordForm(page.request.POST or None)
    if page.request.method != "POST" or not form.is_valid():
        return page.show("password", form=form, status=_status(form))
    assert page.session is not None  # noqa: S101
    said = form.cleaned_data
    try:
        actions.change_password(page.account, said["old"], said["new"], address=page.address, keep=page.session)
    except WeakPassword as error:
        for message in error.messages or [sentence(error)]:
            form.add_error("new", message)
        return page.show("password", form=form, status=error.status)
    except ShopperError as error:
        return page.show("password", form=form, wrong=sentence(error), status=error.status)
    return page.go("id-profile", saved="1")


@id_page(methods=BOTH, signed_in=True)
def sessions(page: Page) -> HttpResponse:
    """Where the account is signed in; each can be ended, and all at once."""
    assert page.session is not None  # noqa: S101
    if page.request.method != "POST":
        grants = open_grants(page.account)
        shops = shops_by_id({grant.site for grant in grants})
        rows = [
            {
                "session": each,
                "is_here": each.pk == page.session.pk,
                "shops": sorted({shops[g.site].name for g in grants if g.session_id == each.pk and g.site in shops}),
            }
            for each in open_sessions(page.account)
        ]
        return page.show("sessions", rows=rows)
    wanted = page.request.POST.get("session", "")
    if wanted == "all":
        actions.end_everything(page.account)
        page.sign_out()
        return page.go("id-sign-in")
    try:
        actions.end_session(page.account, UUID(hex=wanted))
    except ValueError:
        return page.show("refused", status=400)
    return page.go("id-sessions")


@id_page(methods=("POST",))
def sign_out(page: Page) -> HttpResponse:
    if page.session is not None:
        actions.end_session(page.session.account, page.session.pk)
    page.sign_out()
    return page.go("id-sign-in")


def _in(page: Page, account: Account) -> HttpResponse:
    """A new session, whatever this browser held: what is known of it before a sign-in is worth nothing after it."""
    if page.session is not None:
        actions.end_session(page.session.account, page.session.pk)
    token, session = actions.open_session(account, device=page.device)
    page.sign_in(token)
    return _back_to_shop(page, session, page.ask) if page.ask else page.go("id-profile")


def _back_to_shop(page: Page, session: IdSession, ask: Ask) -> HttpResponse:
    code = actions.issue_code(session, ask)
    answer = urlencode({"code": code, "state": ask.state})
    return page.dressed(HttpResponseRedirect(f"{ask.redirect_uri}?{answer}", status=303))


def _ask_for_code(
    page: Page, purpose: Purpose, template: str, then: str, *, account: Account | None = None
) -> HttpResponse:
    form = forms.EmailForm(page.request.POST or None)
    if page.request.method != "POST" or not form.is_valid():
        return page.show(template, form=form, status=_status(form))
    try:
        code = _code(page, purpose, form.cleaned_data["email"], account=account)
    except ShopperError as error:
        return page.show(template, form=form, wrong=sentence(error), status=error.status)
    return page.go(then, c=code.pk.hex)


def _code(page: Page, purpose: Purpose, email: str, **more: Any) -> Code:
    return actions.ask_code(purpose, email, address=page.address, language=page.language, site=page.site_id, **more)


def _status(form: django_forms.Form) -> int:
    return 422 if form.is_bound else 200


@open_to_all
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "shoppers/not_found.html", status=404)


@open_to_all
def stale(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "shoppers/stale.html", status=403)


@open_to_all
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A stale form: of the id pages, or of the desk."""
    if (request.resolver_match and str(request.resolver_match.url_name).startswith("id-")) or is_own_id_host(request):
        return stale(request)
    return desk_csrf_failure(request, reason)


@open_to_all
def broken(request: HttpRequest) -> HttpResponse:
    if (away := away_answer(request, sys.exc_info()[1])) is not None:
        return away
    return HttpResponse("Something went wrong. / Что-то пошло не так.\n", status=500, content_type="text/plain")
