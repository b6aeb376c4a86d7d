"""The CDN's screens: what a person sets up, asks for and sees, within his sites and rights."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from central.cdn.models import Account, StalePage, Zone
from central.cdn.tests.world import Watch, account
from central.health.findings import findings_of
from central.health.gathering import whole_health
from central.ui.tests import cast
from infra.cdn.tests import pretend
from infra.cdn.tests.pretend import PretendCloudflare

REALMS = ["default", "customers", "catalog", "orders", "work", "stats"]
pytestmark = pytest.mark.django_db(databases=REALMS)


@pytest.fixture
def admin(shops: Zone) -> Any:
    return cast.signed_in(cast.staff("boss", "admin"))


def test_an_account_is_added_checked_and_its_key_never_shown(admin: Any, cloudflare: PretendCloudflare) -> None:
    said = {
        "title": "Second",
        "plan": "cloudflare:pro",
        "secret": pretend.KEY,
        "base_url": cloudflare.base_url,
        "is_active": "on",
    }
    answer = admin.post(reverse("cdn-account-new"), said, follow=True)
    made = Account.objects.get(title="Second")

    assert (made.provider, made.plan, made.secret) == ("cloudflare", "pro", pretend.KEY)
    assert "Cloudflare Pro" in answer.content.decode()
    for page in (reverse("cdn-account", args=[made.pk]), reverse("cdn-account-edit", args=[made.pk])):
        assert pretend.KEY not in admin.get(page).content.decode()
    assert (
        "It works. Its zones: example"
        in admin.post(reverse("cdn-account-check", args=[made.pk]), follow=True).content.decode()
    )


def test_a_check_says_what_is_wrong(admin: Any, cloudflare: PretendCloudflare) -> None:
    Account.objects.update(secret="wrong")

    answer = admin.post(reverse("cdn-account-check", args=[account().pk]), follow=True)

    assert "Authentication error" in answer.content.decode()


def test_pages_and_sites_are_purged_by_hand(admin: Any) -> None:
    admin.post(reverse("cdn-purge-now"), {"site": "tea", "addresses": "https://tea.example/p/a\n/p/b"})
    admin.post(reverse("cdn-purge-now"), {"site": "mate", "whole": "on"})
    refused = admin.post(reverse("cdn-purge-now"), {"site": "tea", "addresses": "https://elsewhere.example/"})

    assert set(StalePage.objects.values_list("site", "path")) == {("tea", "/p/a"), ("tea", "/p/b"), ("mate", "")}
    assert "elsewhere.example" in refused.content.decode()
    queue = admin.get(reverse("cdn-queue")).content.decode()
    assert "/p/a" in queue
    assert "the whole site" in queue


def test_the_log_says_what_was_purged_and_what_is_left(admin: Any, cloudflare: PretendCloudflare, clock: Watch) -> None:
    admin.post(reverse("cdn-purge-now"), {"site": "mate", "whole": "on"})
    StalePage.objects.update(due_at=clock.moment)
    clock.purge_until(clock.at + 20)

    assert "mate.example" in admin.get(reverse("cdn-purges")).content.decode()
    assert "/ 20" in admin.get(reverse("cdn")).content.decode()


def test_dns_records_are_shown_and_made(admin: Any, shops: Zone, cloudflare: PretendCloudflare) -> None:
    page = reverse("cdn-zone-dns", args=[shops.pk])
    record = {"type": "A", "name": "www.tea.example", "content": "192.0.2.7", "is_proxied": "on"}

    answer = admin.post(page, record, follow=True)

    assert "192.0.2.7" in answer.content.decode()
    cloudflare.fail_with = 503
    assert "503" in admin.get(page).content.decode()


def test_who_sees_one_site_sees_its_queue_and_no_account(shops: Zone) -> None:
    StalePage.objects.create(
        site="mate", zone=shops, path="/p/secret", noticed_at=shops.created_at, due_at=shops.created_at
    )
    manager = cast.signed_in(cast.staff("tea-manager", "manager", sites=["tea"]))

    assert "/p/secret" not in manager.get(reverse("cdn-queue")).content.decode()
    assert "Ours" not in manager.get(reverse("cdn")).content.decode()
    assert manager.get(reverse("cdn-account", args=[account().pk])).status_code == 404
    assert manager.get(reverse("cdn-zone", args=[shops.pk])).status_code == 404  # it carries another site too
    assert manager.get(reverse("cdn-purge-now")).status_code == 403


def test_health_says_that_a_cdn_fails_and_when_it_refuses(
    shops: Zone, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    from central.cdn import queue
    from sync.contracts.pages import PageChange

    cloudflare.fail_with = 503
    queue.put("tea", [PageChange(path="/p/a")], clock.moment)
    clock.purge_until(clock.at + 200, step=5)

    assert "cdn_silent" in {one.code for one in findings_of(whole_health(clock.moment))}
    cloudflare.fail_with = 403
    clock.purge_until(clock.at + 200, step=5)
    assert "cdn_refuses" in {one.code for one in findings_of(whole_health(clock.moment))}
