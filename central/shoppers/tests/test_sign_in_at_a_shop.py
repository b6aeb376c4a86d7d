"""The code that goes through the browser: for one shop, one edge, one address, one use, one minute."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from central.cluster.models import Site
from central.shoppers import actions
from central.shoppers.errors import BadAsk, BadGrant
from central.shoppers.models import Grant
from central.shoppers.pages import ask_of
from central.shoppers.queries import ended_grants, good_grant
from central.shoppers.tests import make

pytestmark = pytest.mark.django_db(databases=["default", "customers"], transaction=True)


def refusal(code: str, **changes: object) -> str:
    with pytest.raises(BadGrant) as refused:
        make.exchange(code, **changes)  # type: ignore[arg-type]
    return refused.value.code


def test_a_code_and_its_verifier_are_a_sign_in(shop: Site) -> None:
    account = make.account()

    done = make.exchange(make.code_for(account))

    assert done.account == account
    assert good_grant(done.grant.pk.hex, "a").account == account
    assert refused_at(done.grant.pk.hex, "b") == "ended"


def refused_at(grant: str, node: str) -> str:
    with pytest.raises(BadGrant) as refused:
        good_grant(grant, node)
    return refused.value.code


def test_a_code_that_comes_again_takes_back_what_the_first_gave(shop: Site) -> None:
    code = make.code_for(make.account())
    grant = make.exchange(code).grant

    assert refusal(code) == "used"

    assert ended_grants([grant.pk.hex], "a") == [grant.pk.hex]


def test_a_code_without_its_verifier_is_worth_nothing_and_is_spent(shop: Site) -> None:
    code = make.code_for(make.account())

    assert refusal(code, verifier="w" * 64) == "wrong_verifier"
    assert refusal(code) == "used"


def test_a_code_is_good_for_its_shop_edge_and_address_only(shop: Site) -> None:
    code = make.code_for(make.account())

    assert refusal(code, node="b") == "foreign"
    assert refusal(code, site="clay") == "foreign"
    assert refusal(code, sites=frozenset({"clay"})) == "foreign"
    assert refusal(code, redirect_uri="http://evil.example/account/return") == "foreign_address"
    assert refusal("nobody gave this out") == "unknown_code"


def test_a_code_is_good_for_a_minute(shop: Site) -> None:
    code = make.code_for(make.account())
    Grant.objects.update(created_at=timezone.now() - timedelta(seconds=61))

    assert refusal(code) == "expired"


def test_signing_out_at_a_shop_ends_that_sign_in_and_the_browsers_at_the_id_domain(shop: Site) -> None:
    account = make.account()
    here, elsewhere = make.exchange(make.code_for(account)).grant, make.exchange(make.code_for(account)).grant

    actions.leave(here.pk, "b", everywhere=True)  # another edge may not
    assert ended_grants([here.pk.hex, elsewhere.pk.hex], "a") == []
    actions.leave(here.pk, "a", everywhere=False)
    actions.leave(here.pk, "a", everywhere=False)

    assert ended_grants([here.pk.hex, elsewhere.pk.hex], "a") == [here.pk.hex]
    here.session.refresh_from_db()
    assert here.session.ended_at is not None


def test_signing_out_everywhere_ends_all_of_it(shop: Site) -> None:
    account = make.account()
    grants = [make.exchange(make.code_for(account)).grant for _ in range(3)]

    actions.leave(grants[0].pk, "a", everywhere=True)

    assert len(ended_grants([grant.pk.hex for grant in grants], "a")) == 3
    assert not account.sessions.filter(ended_at=None).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://evil.example/account/return"},
        {"redirect_uri": "http://tea.localhost/account/return/"},
        {"redirect_uri": "http://tea.localhost.evil.example/account/return"},
        {"redirect_uri": "http://tea.localhost/account/return?next=//evil.example"},
        {"redirect_uri": ""},
        {"client": "nobody"},
        {"state": "short"},
        {"state": "s" * 24 + "\r\nX: y"},
        {"code_challenge": "c" * 42},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_request_that_no_shop_of_ours_made_is_refused(shop: Site, changes: dict[str, str]) -> None:
    from urllib.parse import urlencode

    assert ask_of(urlencode(make.query())).site.id == "tea"
    with pytest.raises(BadAsk):
        ask_of(urlencode(make.query(**changes)))
