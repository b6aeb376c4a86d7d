"""Files of outputs that no shop shows any more leave the media store."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import connections
from django.utils import timezone

from central.pictures.models import Output
from infra.storage.media import media_store
from node.realms import CATALOG, alias_of, atomic

JOB: Final = "pictures.tidy"
#: an edge that was away fetches what documents named then; a preview that is saved finds its file made
KEEP: Final = timedelta(days=3)
_BATCH: Final = 500

_UNNAMED = """
    SELECT made.id FROM pictures_output AS made
    WHERE made.used_at < %s AND made.id > %s AND NOT EXISTS (
        SELECT FROM catalog_shownpicture AS shown
        WHERE shown.media_id = made.original_id AND shown.body::text LIKE '%%' || made.sha256 || '%%')
    ORDER BY made.id LIMIT %s
"""


def tidy() -> int:
    """Returns how many outputs went. Killed half way it has lost nothing: a row goes before its file."""
    count, last = 0, 0
    while ids := _unnamed(last):
        rows = list(Output.objects.filter(pk__in=ids))
        with atomic(CATALOG):
            Output.objects.filter(pk__in=ids).delete()
        others = set(Output.objects.filter(sha256__in=[row.sha256 for row in rows]).values_list("sha256", "folder"))
        for row in rows:
            if (row.sha256, row.folder) not in others:
                media_store().remove(row.name, folder=row.folder)
        count, last = count + len(rows), ids[-1]
    return count


def _unnamed(after: int) -> list[int]:
    with connections[alias_of(CATALOG)].cursor() as cursor:
        cursor.execute(_UNNAMED, [timezone.now() - KEEP, after, _BATCH])
        return [row[0] for row in cursor.fetchall()]
