"""What a person keeps of lists: views with a name, and how he left each list."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from infra.crypto.fields import EncryptedTextField
from sync.contracts.ids import uuid7


def no_columns() -> list[str]:
    """As the list has them. A function: in the models below the name `list` is a field."""
    return []


class SavedView(models.Model):
    """A filter with a name. `query`: filters and sorting as in the address; `columns`: keys in order.

    A filter may be a phone or a name, and so may what it is called: both are encrypted. That a person has one view of
    a name only is seen to by `central.ui.lists.actions`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    list = models.CharField(max_length=60)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    title = EncryptedTextField(column="ui.view.title", null=True)  # type: ignore[misc] # added later
    query = EncryptedTextField(column="ui.view.query", blank=True, null=True)  # type: ignore[misc] # added later
    columns = models.JSONField(default=no_columns)
    #: everybody with the list's right sees it; only its owner changes it
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["list", "owner"], name="views_of_owner")]

    def __str__(self) -> str:
        return self.title


class ListMemory(models.Model):
    """How one person left one list. `columns`: keys in order, empty = as the list has them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    list = models.CharField(max_length=60)
    columns = models.JSONField(default=no_columns)
    default_view = models.ForeignKey(SavedView, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "list"], name="list_memory_once")]
