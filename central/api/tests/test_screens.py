"""The screens of keys: made and shown once, listed by their beginning, revoked; what the API can, for people."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from central.api.models import ApiKey
from central.api.reference import TITLES, groups_of_calls
from central.api.root import document
from central.api.tests.caller import Caller
from central.ui.tests import cast

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders", "customers"])
FORM = {"name": "Warehouse", "lives": "30", "rights": ["see_orders"], "sites": ["tea"], "addresses": ""}


@pytest.fixture
def ada(admin: Any) -> Any:
    return cast.signed_in(admin)


def test_a_key_is_shown_once_and_works(shops, ada) -> None:
    made = ada.post(reverse("keys-new"), FORM)

    key = ApiKey.objects.get()
    text = re.search(r'<code id="key">(rlt_[^<]+)</code>', made.content.decode())
    assert text is not None
    assert Caller(key, text[1]).get("orders").status_code == 200
    assert (key.rights, key.sites, key.made_by) == (["see_orders"], ["tea"], "ada")
    for page in (reverse("keys"), reverse("keys-one", args=[key.pk])):
        shown = ada.get(page).content.decode()
        assert f"rlt_{key.prefix}…" in shown
        assert text[1] not in shown


def test_a_form_offers_nobody_what_he_does_not_hold(shops) -> None:
    boss = cast.signed_in(cast.staff("bob", "admin", sites=["tea"]))

    page = boss.get(reverse("keys-new")).content.decode()
    asked = boss.post(reverse("keys-new"), {**FORM, "sites": ["hush"], "all_sites": "on"})

    assert 'value="tea"' in page
    assert 'value="hush"' not in page
    assert "all_sites" not in page
    assert asked.status_code == 422
    assert ApiKey.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "field"), [({"addresses": "here"}, "addresses"), ({"sites": []}, "sites"), ({"rights": []}, "rights")]
)
def test_what_is_wrong_is_said_beside_its_field(shops, ada, changes: dict[str, Any], field: str) -> None:
    answer = ada.post(reverse("keys-new"), {**FORM, **changes})

    assert answer.status_code == 422
    assert f'id="id_{field}-errors"' in answer.content.decode()


def test_a_key_is_revoked_on_its_screen(caller, ada) -> None:
    made = caller()

    answer = ada.post(reverse("keys-revoke", args=[made.key.pk]), follow=True)

    assert "Revoked" in answer.content.decode()
    assert made.get("key").status_code == 401


def test_the_reference_names_every_call(ada, shops) -> None:
    calls = [call.id for _, calls in groups_of_calls() for call in calls]

    assert sorted(calls) == sorted(TITLES)
    assert len(calls) == sum(len(path) for path in document()["paths"].values())
    page = ada.get(reverse("api-reference")).content.decode()
    assert all(f'id="{call}"' in page for call in calls)
