"""The queue and the calls: limits kept, nothing lost, nothing stale; against the pretended Cloudflare."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from central.cdn import accounts, queue
from central.cdn.errors import BadCdn
from central.cdn.folding import FILL_S
from central.cdn.models import Account, Purge, StalePage, Zone, ZoneSite
from central.cdn.purging import drive, due_accounts
from central.cdn.tests.world import START, Watch, account
from infra.cdn.tests.pretend import PretendCloudflare
from sync.contracts.pages import PageChange

pytestmark = pytest.mark.django_db(databases=["default"], transaction=False)


def change(*paths: str, site: str = "tea", at: Watch, is_urgent: bool = False) -> int:
    return queue.put(site, [PageChange(path=path, is_urgent=is_urgent) for path in paths], at.moment)


def test_a_change_is_purged_by_its_address_and_again_after_the_fill(
    shops: Zone, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    change("/p/a", at=clock)

    clock.purge_until(START + 20)

    assert [call.items for call in cloudflare.calls] == [("https://tea.example/p/a",)] * 2
    assert cloudflare.calls[1].at - cloudflare.calls[0].at >= FILL_S
    assert not StalePage.objects.exists()
    assert [log.outcome for log in Purge.objects.all()] == ["done", "done"]


def test_pages_of_a_site_without_a_cdn_wait_for_nobody(shops: Zone, clock: Watch) -> None:
    assert change("/p/a", site="toys", at=clock) == 0
    assert not StalePage.objects.exists()


def test_a_page_that_changes_while_it_is_purged_is_purged_once_more(
    shops: Zone, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    change("/p/a", at=clock)
    row = StalePage.objects.get()
    change("/p/a", at=clock)

    queue.purged([(row.pk, row.ver, False)], clock.moment)  # the purge of the first change ends now

    assert not StalePage.objects.get().is_again


@pytest.mark.slow
def test_ten_thousand_changes_in_a_minute_cost_thirty_calls_and_no_page_stays_stale(
    shops: Zone, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    changed: dict[str, float] = {}
    for step in range(120):
        at = START + step / 2
        clock.purge_until(at)
        paths = [f"/p/{n}" for n in range(step * 84, step * 84 + 84)][: 10_000 - step * 84]
        change(*paths, at=clock)
        changed |= dict.fromkeys(paths, clock.at)
    clock.purge_until(clock.at + 60)

    assert len(changed) == 10_000
    assert cloudflare.tried == len(cloudflare.calls) <= 30
    assert not StalePage.objects.exists()
    for path, at in changed.items():
        after = [call.at for call in cloudflare.calls if call.at >= at and covers(call, path)]
        assert after
        assert after[0] - at <= 60
        assert after[-1] - after[0] >= FILL_S


def covers(call: Any, path: str) -> bool:
    return f"https://tea.example{path}" in call.items or "tea.example" in call.items


@pytest.mark.slow
@pytest.mark.parametrize("failure", [429, 503, "mess"])
def test_an_hour_of_failures_loses_nothing(
    shops: Zone, cloudflare: PretendCloudflare, clock: Watch, failure: Any
) -> None:
    cloudflare.fail_with = failure
    change("/p/a", "/p/b", at=clock)
    clock.purge_until(START + 3600, step=10)

    assert not cloudflare.calls
    assert 50 <= cloudflare.tried <= 70  # it rests for a minute between two tries
    assert StalePage.objects.filter(is_again=False).count() == 2
    assert account().failing_since is not None

    cloudflare.fail_with = None
    clock.purge_until(clock.at + 90)
    assert len(cloudflare.calls) == 2
    assert not StalePage.objects.exists()
    assert (account().failures, account().failing_since, account().error) == (0, None, "")


def test_a_call_without_an_answer_is_made_again(shops: Zone, cloudflare: PretendCloudflare, clock: Watch) -> None:
    cloudflare.fail_with = "silence"
    change("/p/a", at=clock)
    clock.purge_until(START + 5)
    assert StalePage.objects.filter(is_again=False).count() == 1

    cloudflare.fail_with = None
    clock.purge_until(clock.at + 90)
    assert len(cloudflare.calls) == 2


def test_the_provider_says_how_long_to_rest(shops: Zone, cloudflare: PretendCloudflare, clock: Watch) -> None:
    cloudflare.fail_with, cloudflare.retry_after = 429, "300"
    change("/p/a", at=clock)

    clock.purge_until(START + 290)

    assert cloudflare.tried == 1


def test_a_wrong_key_is_told_and_keeps_the_queue_until_a_person_mends_it(
    shops: Zone, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    cloudflare.may_purge = False
    change("/p/a", at=clock)
    clock.purge_until(START + 60)
    assert account().is_refused
    assert "Authentication" in account().error
    assert cloudflare.tried == 1
    assert due_accounts(clock.moment) == []

    cloudflare.may_purge = True
    accounts.edit_account(account().pk, seen_ver=account().ver, by="tests", title="Ours again")
    clock.purge_until(clock.at + 20)
    assert len(cloudflare.calls) == 2


def test_addresses_the_provider_does_not_take_are_purged_with_their_site(
    shops: Zone, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    cloudflare.fail_with = "soft"
    change("/p/a", at=clock)
    drive(account().pk, Watch(START + 1).clock, seconds=0)
    assert StalePage.objects.get().must_fold

    cloudflare.fail_with = None
    clock.at += 2
    clock.purge_until(clock.at + 30)
    assert cloudflare.calls[0].items == ("tea.example",)
    assert not StalePage.objects.exists()


def test_two_processes_never_purge_for_one_account_at_once(
    shops: Zone, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    change("/p/a", at=clock)
    clock.at += 1
    Account.objects.update(busy_until=clock.moment + timedelta(seconds=60))

    assert due_accounts(clock.moment) == []
    assert drive(account().pk, clock.clock) == 0
    clock.at += 61  # its process was killed
    assert drive(account().pk, clock.clock) == 1


def test_more_pages_than_a_queue_should_hold_are_their_whole_site(
    shops: Zone, clock: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_ROWS", 10)

    change(*(f"/p/{n}" for n in range(11)), at=clock)

    assert [row.path for row in StalePage.objects.all()] == [""]


def test_a_site_that_joins_a_zone_is_purged_whole(shops: Zone, cloudflare: PretendCloudflare, clock: Watch) -> None:
    accounts.edit_zone(shops.pk, seen_ver=shops.ver, sites=["tea", "toys"], by="tests")

    assert [(row.site, row.path) for row in StalePage.objects.all()] == [("toys", "")]
    assert set(ZoneSite.objects.values_list("pk", flat=True)) == {"tea", "toys"}


def test_a_person_purges_addresses_and_whole_sites(shops: Zone, clock: Watch) -> None:
    assert accounts.purge_addresses("tea", ["https://tea.example/p/a", "/p/b", "", "https://tea.example"]) == 3
    accounts.purge_site("mate")
    assert set(StalePage.objects.values_list("site", "path")) == {
        ("tea", "/p/a"), ("tea", "/p/b"), ("tea", "/"), ("mate", ""),
    }  # fmt: skip
    for wrong in ("https://elsewhere.example/p/a", "//elsewhere.example", "p/a", "https://tea.example.evil/"):
        with pytest.raises(BadCdn):
            accounts.purge_addresses("tea", [wrong])
    for wrong_site in ("toys",):
        with pytest.raises(BadCdn):
            accounts.purge_site(wrong_site)


@pytest.mark.parametrize(
    "fields",
    [
        {"provider": "cloudflare", "plan": "gold", "secret": "x"},
        {"provider": "akamai", "plan": "free", "secret": "x"},
        {"provider": "cloudflare", "plan": "free", "secret": ""},
        {"provider": "nginx_cache", "plan": "any", "secret": "x"},
        {"provider": "none", "plan": "any", "base_url": "ftp://x"},
        {"title": "Ours", "provider": "none", "plan": "any"},
    ],
)
def test_an_account_that_cannot_be_is_refused(shops: Zone, fields: dict[str, str]) -> None:
    with pytest.raises(BadCdn):
        accounts.add_account(by="tests", **{"title": "Other", **fields})


def test_a_changed_account_keeps_its_key_when_none_is_typed(shops: Zone) -> None:
    secret = account().secret
    accounts.edit_account(account().pk, seen_ver=account().ver, by="tests", title="Renamed", secret="")
    assert account().secret == secret != ""
    with pytest.raises(BadCdn):
        accounts.edit_account(account().pk, seen_ver=1, by="tests", title="Late")
