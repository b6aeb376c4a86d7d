"""A shop, a browser at the id domain, and what its mails said."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from central.cluster.models import Node, Site
from central.shoppers import codes
from central.shoppers.models import Code
from central.ui.tests import cast


@pytest.fixture(autouse=True)
def nobody_has_tried() -> None:
    codes.forget_counts()


@pytest.fixture
def shop(node_home: Any, transactional_db: Any) -> Site:
    cast.site("tea", origin="http://tea.localhost", name="Tea shop")
    cast.node("a", "tea")
    Node.objects.filter(pk="a").update(state=Node.State.JOINED)
    return Site.objects.get(pk="tea")


@pytest.fixture
def visitor(client: Client) -> Client:
    return client


def last_digits() -> str:
    """What the newest mail would say: the digits are made from the code's id."""
    return codes.digits_of(Code.objects.latest("created_at").pk)
