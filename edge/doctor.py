"""What `rialto doctor` says of an edge beside the node itself; read from its disk, so also while it is down."""

from __future__ import annotations

import time
from typing import Any

from django.db import connections
from django.db.models import Count, Min, Sum

from edge.rights.models import Right
from infra.geo import check_file
from node.config import config
from node.realms import EDGE
from sites import assets
from sync.join import joined_settings
from sync.store.edge.models import Cursor, Outgoing, Parked

#: seconds an op may wait for central before it is worth a word
WAITS_S = 60.0


def examine() -> tuple[list[str], dict[str, Any]]:
    """(what somebody should look at, the figures)."""
    figures: dict[str, Any] = {
        "has_joined": joined_settings() is not None,
        "backlog": _backlog(),
        "cursors": {row.realm: row.seq for row in Cursor.objects.exclude(epoch="")},
        "parked": Parked.objects.count(),
        "rights": Right.objects.filter(is_closed=False).aggregate(units=Sum("units"))["units"] or 0,
        "disk": _check_disk(),
        "places": check_file(file) if (file := config().places_file) else "",
    }
    return list(_problems(figures)), figures


def _backlog() -> dict[str, dict[str, float]]:
    """Realm -> ops that central has not taken in, and the age of the oldest in seconds."""
    now = time.time()
    rows = Outgoing.objects.values("realm").annotate(ops=Count("pk"), oldest=Min("created"))
    return {row["realm"]: {"ops": row["ops"], "oldest_s": round(now - row["oldest"] / 1000, 1)} for row in rows}


def _check_disk() -> str:
    with connections[EDGE].cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        return str(cursor.fetchone()[0])


def _problems(figures: dict[str, Any]) -> list[str]:
    found = []
    if not figures["has_joined"]:
        found.append("this edge has joined no cluster: run `rialto join TOKEN`")
    if figures["disk"] != "ok":
        found.append(f"the database is damaged ({figures['disk']}): join the node again with a new invite")
    for realm, held in figures["backlog"].items():
        if held["oldest_s"] > WAITS_S:
            found.append(
                f"{held['ops']:.0f} messages for '{realm}' wait for central, the oldest for {held['oldest_s']:.0f} s: "
                "look at the link"
            )
    if figures["places"]:
        found.append(f"{figures['places']}: visitors are not offered their region; mend `places_file` or leave it out")
    for name, why in assets.manifest().left.items():
        found.append(f"the static file {name} is served as it is: {why}")
    if figures["parked"]:
        found.append(f"{figures['parked']} documents of central could not be applied: upgrade this edge")
    return found
