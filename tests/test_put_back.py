"""What a test that commits leaves is gone before the next one, and what it has taken away is there again."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection, connections

from central.accounts.roles import ROLES
from central.cluster.models import Site
from central.ui.tests import cast
from edge.cart.models import StoredCart
from node.testing import flushing, pace

BOTH = SimpleNamespace(_databases_names=lambda **kwargs: ["default", "edge"])


@pytest.mark.django_db(transaction=True, databases=["default", "edge"])
def test_a_database_is_as_it_was_made() -> None:
    cast.site("tea")
    Group.objects.get(name="viewer").delete()
    Group.objects.get(name="operator").permissions.clear()
    with connections["edge"].cursor() as cursor:
        table = StoredCart._meta.db_table
        names = [column.name for column in connections["edge"].introspection.get_table_description(cursor, table)]
        cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('1' for _ in names)})")

    flushing._empty_all(BOTH)

    assert not Site.objects.exists() and not StoredCart.objects.using("edge").exists()
    assert {one.name for one in Group.objects.all()} == {*ROLES}
    rights = Permission.objects.filter(group__name="operator").values_list("codename", flat=True)
    assert {*rights} == {*ROLES["operator"]}


@pytest.mark.django_db
def test_constraints_are_checked_where_a_test_has_spoken_to_the_database_only() -> None:
    assert pace._is_untouched(connection)

    Site.objects.exists()

    assert not pace._is_untouched(connection)
