"""Starts purging, in the sequencer's process."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone

from central.cdn import media, warming
from central.cdn.models import MediaOrigin, Purge
from central.cdn.purging import JOB, due_accounts
from node.realms import CLUSTER, atomic
from sync.events import schedule_job
from sync.periodic import every

KEEP_LOG: Final = timedelta(days=14)


@every(0.5)
def start_purges() -> None:
    """A job for each account with something due: the job goes on by itself while there is more."""
    now = timezone.now()
    for account in due_accounts(now):
        # One job in two seconds at most, however late the workers are.
        key = f"{JOB}:{account}:{int(now.timestamp()) // 2}"
        schedule_job(JOB, str(account).encode(), realm=CLUSTER, key=key)


@every(86_400)
def forget_old_purges() -> None:
    with atomic(CLUSTER):
        Purge.objects.filter(at__lt=timezone.now() - KEEP_LOG).delete()


@every(30)
def look_at_origins() -> None:
    if MediaOrigin.objects.exists():
        key = f"{media.JOB}:{int(timezone.now().timestamp()) // 30}"
        schedule_job(media.JOB, b"", realm=CLUSTER, key=key)


@every(2)
def start_warming() -> None:
    now = timezone.now()
    for site in warming.due_sites(now):
        schedule_job(warming.JOB, site.encode(), realm=CLUSTER, key=f"{warming.JOB}:{site}:{int(now.timestamp()) // 2}")
