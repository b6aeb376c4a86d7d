"""Who may open a shop as staff, and what the shop's edge is told then."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from central.cluster.documents import site_doc
from central.cluster.keys import central_public_key
from central.cluster.models import Site
from central.ui.tests import cast
from infra.crypto.signing import unb64, verify
from node.config import config
from sync.contracts.codec import unpack
from sync.contracts.preview import PreviewToken, signed_part

pytestmark = pytest.mark.django_db(databases=["default", "customers", "orders"])


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    cast.site("tea")
    cast.site("ink")
    cast.node("a", "tea")
    cast.node("b", "ink")


def token_of(answer: Any) -> PreviewToken:
    packed, _, signature = parse_qs(urlsplit(answer["Location"]).query)["t"][0].partition(".")
    assert verify(central_public_key(), unb64(signature), signed_part(unb64(packed)))
    return unpack(unb64(packed), PreviewToken)


def test_a_click_leads_to_the_shop_with_a_fresh_signed_token() -> None:
    ada = cast.signed_in(cast.staff("ada", "admin"))

    answers = [ada.post("/sites/tea/preview") for _ in range(2)]

    assert {answer.status_code for answer in answers} == {302}
    assert answers[0]["Location"].startswith("http://tea.example/_r/preview?t=")
    assert answers[0]["Referrer-Policy"] == "no-referrer"
    first, second = map(token_of, answers)
    assert (first.v, first.site, first.language) == (1, "tea", "en")
    assert first.desk == {
        "": f"{config().base_url}/sites/tea",
        "product": f"{config().base_url}/products/{{id}}",
    }
    assert first.jti != second.jti
    assert "ada" not in str(first)


def test_the_site_s_page_may_send_its_form_to_the_shop() -> None:
    page = cast.signed_in(cast.staff("ada", "admin")).get("/sites/tea")

    assert "form-action 'self' http://tea.example" in page["Content-Security-Policy"]
    assert 'action="/sites/tea/preview"' in page.content.decode()


def test_who_does_not_see_the_site_opens_no_preview_of_it() -> None:
    far = cast.signed_in(cast.staff("far", "manager", sites=["ink"]))

    assert far.post("/sites/tea/preview").status_code == 404
    assert far.post("/sites/ink/preview").status_code == 302
    assert cast.signed_in(cast.stranger()).post("/sites/tea/preview").status_code == 403
    assert far.get("/sites/ink/preview").status_code == 405


@pytest.mark.parametrize("lacks", [{"is_active": False}, {"node": None}])
def test_a_closed_shop_or_one_without_a_node_has_none(lacks: dict[str, Any]) -> None:
    Site.objects.filter(pk="tea").update(**lacks)
    ada = cast.signed_in(cast.staff("ada", "admin"))

    assert ada.post("/sites/tea/preview").status_code == 404
    assert 'action="/sites/tea/preview"' not in ada.get("/sites/tea").content.decode()


def test_open_previews_are_ended_by_who_manages_sites() -> None:
    ada = cast.signed_in(cast.staff("ada", "admin"))
    assert site_doc(Site.objects.get(pk="tea")).previews_from == 0
    begun = token_of(ada.post("/sites/tea/preview"))
    ver = Site.objects.get(pk="tea").ver

    assert ada.post("/sites/tea/end-previews").status_code == 302

    found = Site.objects.get(pk="tea")
    assert site_doc(found).previews_from > begun.iat
    assert found.ver == ver + 1
    assert site_doc(Site.objects.get(pk="ink")).previews_from == 0
    far = cast.signed_in(cast.staff("far", "admin", sites=["ink"]))
    assert far.post("/sites/tea/end-previews").status_code in (403, 404)
