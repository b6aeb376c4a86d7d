"""Tells people what other apps found worth telling: a job per reader, so that one bad address delays no other."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from central.notices.actions import send_notice
from central.ui.notices import NoticeDue, letter
from node.realms import CLUSTER
from sync.contracts.codec import pack, unpack
from sync.events import JobRun, handles, job, schedule_job

TELL_ONE = "notices.tell_one"
SENDER = "Rialto"


class Telling(Struct, frozen=True, kw_only=True):
    notice: str
    about: str
    reader: str


@handles(NoticeDue)
def tell_readers(event: NoticeDue, run: JobRun) -> dict[str, Any]:
    found = letter(event.notice, event.about)
    readers = sorted(found.readers) if found else []
    for reader in readers:
        payload = pack(Telling(notice=event.notice, about=event.about, reader=reader))
        schedule_job(TELL_ONE, payload, realm=CLUSTER, key=f"{event.id}:{reader}")
    return {"readers": len(readers)}


@job(TELL_ONE)
def tell_one(payload: bytes, run: JobRun) -> dict[str, Any]:
    """One mail to one reader, under the job's key: tried again it is the same mail."""
    told = unpack(payload, Telling)
    found = letter(told.notice, told.about)
    reader = found.readers.get(told.reader) if found else None
    if found is None or reader is None:
        return {"skipped": "nobody_to_tell"}
    message_id = send_notice(
        told.notice,
        key=run.key,
        to=reader.email,
        to_name=reader.name,
        language=reader.language,
        site_name=SENDER,
        context=found.words(reader.language),
    )
    return {"message_id": message_id}
