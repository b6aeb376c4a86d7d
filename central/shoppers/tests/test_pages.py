"""The id domain's pages, as a browser without JavaScript walks them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from central.cluster.models import Site
from central.shoppers.models import Account, Code, IdSession
from central.shoppers.tests import make
from central.shoppers.tests.conftest import last_digits
from node.config import overridden

pytestmark = pytest.mark.django_db(databases=["default", "customers", "orders"], transaction=True)

ID = "/id"
ASK = urlencode(make.query())


def post(visitor: Client, path: str, **fields: str) -> Any:
    return visitor.post(f"{ID}/{path}", fields)


def sign_in(visitor: Client, **more: str) -> Any:
    return post(visitor, "sign-in", email="anna@example.com", password=make.PASSWORD, **more)


def test_from_a_shop_to_an_account_and_back_with_a_code(visitor: Client, shop: Site) -> None:
    first = visitor.get(f"{ID}/authorize?{ASK}")
    assert (first.status_code, urlsplit(first["Location"]).path) == (303, f"{ID}/sign-in")
    page = visitor.get(first["Location"])
    assert "Tea shop" in page.content.decode() and page.headers["Content-Language"] == "ru"

    asked = post(visitor, "sign-up", name="Анна", email="anna@example.com", password=make.PASSWORD, ask=ASK)
    code = parse_qs(urlsplit(asked["Location"]).query)["c"][0]
    back = post(visitor, "code", c=code, digits=last_digits(), ask=ASK)

    address, answer = urlsplit(back["Location"]), parse_qs(urlsplit(back["Location"]).query)
    assert (back.status_code, f"{address.scheme}://{address.netloc}{address.path}") == (
        303,
        "http://tea.localhost/account/return",
    )
    assert answer["state"] == [make.STATE]
    assert make.exchange(answer["code"][0]).account == Account.objects.get()
    cookie = back.cookies["rialto-id"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert "sessionid" not in back.cookies and "rialto_desk" not in back.cookies


def test_a_foreign_address_gets_a_page_and_no_redirect(visitor: Client, shop: Site) -> None:
    make.account()
    sign_in(visitor)

    for query in ("", urlencode(make.query(redirect_uri="http://evil.example/x")), "%ff=%00", "a=" * 500):
        answer = visitor.get(f"{ID}/authorize?{query}")
        assert answer.status_code == 400 and "Location" not in answer
        answer = sign_in(visitor, ask=query or "x=y")
        assert answer.status_code == 400 and "Location" not in answer


def test_known_and_unknown_mails_get_the_same_answers(visitor: Client, shop: Site) -> None:
    make.account()

    def answers(email: str) -> list[tuple[int, str]]:
        found = []
        for path, fields in (
            ("sign-in", {"password": "not the password"}),
            ("sign-in/code", {}),
            ("reset", {}),
            ("sign-up", {"name": "A", "password": make.PASSWORD}),
        ):
            answer = post(visitor, path, email=email, **fields)
            said = re.sub(
                r'value="[^"]*"|c=[0-9a-f]{32}|nonce-[^\']+', "", answer.get("Location", "") + answer.content.decode()
            )
            found.append((answer.status_code, said))
        code = Code.objects.latest("created_at").pk.hex
        found.append((post(visitor, "code", c=code, digits="000000").status_code, ""))
        return found

    assert answers("anna@example.com") == answers("nobody@example.com")


def test_a_session_is_new_at_each_sign_in_and_the_old_one_is_dead(visitor: Client, shop: Site) -> None:
    make.account()
    sign_in(visitor)
    before = visitor.cookies["rialto-id"].value

    sign_in(visitor)

    assert visitor.cookies["rialto-id"].value != before
    visitor.cookies["rialto-id"] = before
    assert visitor.get(f"{ID}/profile").status_code == 303


def test_only_a_continue_button_comes_back_without_a_page(visitor: Client, shop: Site) -> None:
    make.account()
    sign_in(visitor)

    asked = visitor.get(f"{ID}/authorize?{ASK}")
    assert asked.status_code == 200 and "Продолжить как Анна Примерова" in asked.content.decode()
    assert "form-action 'self' http://tea.localhost" in asked["Content-Security-Policy"]
    assert visitor.get(f"{ID}/authorize?{ASK}&silent=1").status_code == 303

    IdSession.objects.update(interacted_at=timezone.now() - timedelta(days=46))
    assert visitor.get(f"{ID}/authorize?{ASK}&silent=1").status_code == 200
    assert post(visitor, "authorize", ask=f"{ASK}&silent=1").status_code == 303
    assert visitor.get(f"{ID}/authorize?{ASK}&silent=1").status_code == 303


def test_the_profile_is_changed_and_a_change_of_staff_is_not_overwritten_unseen(visitor: Client, shop: Site) -> None:
    account = make.account()
    sign_in(visitor)
    seen = str(account.customer.ver)

    saved = post(visitor, "profile", name="Анна П.", phone="8 000 000-00-01", address="Примерск, 1", seen=seen)
    late = post(visitor, "profile", name="Другая", phone="", address="", seen=seen)

    account.customer.refresh_from_db()
    assert saved.status_code == 303 and late.status_code == 409
    assert (account.customer.name, account.customer.phone) == ("Анна П.", "+70000000001")
    assert "Анна П." in late.content.decode()


def test_the_mail_changes_only_by_a_code_to_the_new_one(visitor: Client, shop: Site) -> None:
    account = make.account()
    sign_in(visitor)

    asked = post(visitor, "e-mail", email="new@example.com")
    code = parse_qs(urlsplit(asked["Location"]).query)["c"][0]
    account.customer.refresh_from_db()
    assert account.customer.email == "anna@example.com"
    post(visitor, "e-mail/code", c=code, digits=last_digits())

    account.customer.refresh_from_db()
    assert account.customer.email == "new@example.com"


def test_a_code_for_a_new_mail_is_worth_nothing_in_another_account(client: Client, shop: Site) -> None:
    make.account()
    boris = make.account("boris@example.com", "Борис")
    sign_in(client)
    asked = post(client, "e-mail", email="new@example.com")
    code, digits = parse_qs(urlsplit(asked["Location"]).query)["c"][0], last_digits()
    other = Client()
    post(other, "sign-in", email="boris@example.com", password=make.PASSWORD)

    answer = post(other, "e-mail/code", c=code, digits=digits)

    assert answer.status_code == 422
    boris.customer.refresh_from_db()
    assert boris.customer.email == "boris@example.com"


def test_sessions_are_listed_and_ended(visitor: Client, shop: Site) -> None:
    make.account()
    sign_in(visitor)
    other = Client(headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})
    sign_in(other)
    page = visitor.get(f"{ID}/sessions").content.decode()
    assert "Firefox · Windows" in page

    post(visitor, "sessions", session="all")

    assert other.get(f"{ID}/profile").status_code == visitor.get(f"{ID}/profile").status_code == 303


@pytest.mark.parametrize("path", ["sign-in", "sign-in/code", "sign-up", "reset", "code?c=" + "0" * 32])
def test_pages_before_the_sign_in_speak_both_languages(visitor: Client, shop: Site, path: str) -> None:
    for language, word in (("ru", 'lang="ru"'), ("en", 'lang="en"')):
        answer = visitor.get(f"{ID}/{path}", headers={"accept-language": language})
        assert answer.status_code == 200 and word in answer.content.decode()
        assert answer["Cache-Control"].startswith("max-age=0") and "no-store" in answer["Cache-Control"]


def test_on_a_host_of_their_own_shoppers_meet_nothing_of_the_desk(visitor: Client, shop: Site) -> None:
    make.account()
    desk = {"host": "central.localhost:8400"}
    with overridden(id_url="http://id.localhost:8400"):
        own = {"host": "id.localhost:8400"}
        assert visitor.get("/sign-in", headers=own).context["form"].fields.keys() == {"email", "password"}
        for path in ("/orders", "/profile/x", "/sites", "/_join", "/palette", "/id/sign-in", "/nodes"):
            answer = visitor.get(path, headers=own)
            assert answer.status_code == 404 and "Rialto" not in answer.content.decode(), path
        assert visitor.get("/id/sign-in", headers=desk).status_code == 404
        assert "/static/ui/" in visitor.get("/sign-in", headers=desk).content.decode()


def test_a_form_of_another_site_changes_nothing(shop: Site) -> None:
    make.account()
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post(f"{ID}/sign-in", {"email": "anna@example.com", "password": make.PASSWORD})

    assert answer.status_code == 403 and "rialto-id" not in answer.cookies
