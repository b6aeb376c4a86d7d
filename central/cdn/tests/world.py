"""Two shops behind one zone of a pretended Cloudflare, on a clock that only exists here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from central.cdn import accounts
from central.cdn.models import Account, Zone
from central.cdn.purging import Clock, drive, due_accounts
from central.ui.tests import cast
from infra.cdn.tests import pretend
from infra.cdn.tests.pretend import PretendCloudflare

START = 1_800_000_000.0


@dataclass
class Watch:
    """A clock that goes when somebody waits."""

    at: float = START

    def now(self) -> float:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += seconds

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def clock(self) -> Clock:
        return Clock(self.now, self.wait)

    def purge_until(self, until: float, step: float = 0.5) -> int:
        """What the periodic job and the workers do until then, looking every `step` seconds. Returns the calls made."""
        made = 0
        while self.at < until:
            for account in due_accounts(self.moment):
                made += drive(account, self.clock, seconds=min(20, until - self.at))
            self.at += step
        return made


@pytest.fixture
def clock() -> Watch:
    return Watch()


@pytest.fixture
def cloudflare(clock: Watch) -> Iterator[PretendCloudflare]:
    with PretendCloudflare(clock=clock.now, zones={"zone1": "example"}).serving() as service:
        yield service


@pytest.fixture
def shops(node_home: Any, cloudflare: PretendCloudflare) -> Zone:
    """Sites `tea` and `mate` go through the zone; `toys` through none."""
    for site in ("tea", "mate", "toys"):
        cast.site(site, origin=f"https://{site}.example")
    account = accounts.add_account(
        title="Ours",
        provider="cloudflare",
        plan="free",
        secret=pretend.KEY,
        base_url=cloudflare.base_url,
        by="tests",
    )
    zone = accounts.add_zone(account.pk, key="zone1", name="example", by="tests")
    accounts.edit_zone(zone.pk, seen_ver=zone.ver, sites=["tea", "mate"], by="tests")
    Zone.objects.get(pk=zone.pk).stale.all().delete()  # what joining a zone had put there
    return Zone.objects.get(pk=zone.pk)


def account() -> Account:
    return Account.objects.get()
