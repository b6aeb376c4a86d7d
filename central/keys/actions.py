"""Adding a key, bringing everything under it, retiring the old one. The key itself goes where keys come from."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from central.keys.models import KeyStep
from infra.crypto import rotation
from infra.crypto.checks import retire_mark
from infra.crypto.errors import KeyInUse
from infra.crypto.keys import KINDS, add_key, ensure_central_keys, keys_dir, new_key, next_id, of_kind, set_aside
from infra.crypto.sources import Source, source_of, spelled
from node.config import config
from node.realms import CENTRAL_REALMS, CLUSTER, atomic
from sync.events import schedule_job

#: the job that brings everything over
JOB = "keys.rotate"

What, State = KeyStep.What, KeyStep.State


@dataclass(frozen=True, repr=False)
class Added:
    """`line`: what the operator has to put where keys come from; "" when Rialto has written the file itself."""

    name: str
    line: str = ""


def source() -> Source:
    """Where keys come from; those of a new node are made now. One that was lost is never replaced here."""
    found = source_of(config().home)
    if found.can_make and not found.read():
        ensure_central_keys(config().home)
    return found


def add(kind: str, *, by: str) -> Added:
    """Make the next key of a kind: what is written from now on is under it.

    Where keys come from the environment or a command nothing is changed: the new key is returned, to be put there.
    """
    found = source()
    if not found.can_make:
        name = next_id(found.read(), _kind(kind))
        return Added(name, spelled(f"{kind}-{name}", new_key(kind)))
    name = add_key(keys_dir(found.home), _kind(kind))
    note_new(by=by)
    return Added(name)


def note_new(*, by: str) -> None:
    """Write down keys that have come, and tell those who need to know. Again it changes nothing."""
    found = source().read()
    for kind in KINDS:
        for name in of_kind(found, kind):
            with atomic(CLUSTER):
                if KeyStep.objects.filter(kind=kind, name=name, what=What.ADDED).exists():
                    continue
                KeyStep.objects.create(kind=kind, name=name, what=What.ADDED, by=by, finished_at=timezone.now())
                rotation.tell_added(kind, name)


def begin(kind: str, *, by: str) -> KeyStep:
    """Bring everything under the current key, in a job. While one of the kind runs, that one is returned."""
    note_new(by=by)
    name = current_of(_kind(kind))
    try:
        with atomic(CLUSTER):
            step = KeyStep.objects.create(kind=kind, name=name, what=What.ROTATED, state=State.RUNNING, by=by)
            schedule_job(JOB, str(step.pk).encode(), realm=CLUSTER, key=f"{JOB}:{step.pk}")
    except IntegrityError:
        return KeyStep.objects.get(kind=kind, state=State.RUNNING)
    return step


def progress(step_id: int, **changes: int | str) -> None:
    with atomic(CLUSTER):
        KeyStep.objects.filter(pk=step_id).update(**changes)


def finish(step_id: int, *, left: int) -> None:
    with atomic(CLUSTER):
        KeyStep.objects.filter(pk=step_id).update(state=State.DONE, finished_at=timezone.now(), left=left, place="")


def current_of(kind: str) -> str:
    return max(of_kind(source().read(), kind), key=int)


def retire(kind: str, name: str, *, by: str) -> None:
    """Take an old key away: nothing needs it any more. Raises `KeyInUse` with every reason why it cannot go yet.

    A key file is set aside in `keys/retired`, which Rialto does not read: backups from before may need it.
    """
    found = of_kind(source().read(), _kind(kind))
    if name not in found:
        raise KeyInUse(_("There is no such key."), key=name)
    if reasons := why_not(kind, name):
        raise KeyInUse(" ".join(reasons), key=name)
    for realm in CENTRAL_REALMS:
        retire_mark(realm, kind, name)
    if source().can_make:
        set_aside(keys_dir(config().home), kind, name)
    with atomic(CLUSTER):
        KeyStep.objects.create(kind=kind, name=name, what=What.RETIRED, by=by, finished_at=timezone.now())


def why_not(kind: str, name: str) -> list[str]:
    """Why a key cannot be retired; every table is looked through. Empty: it can."""
    found = of_kind(source().read(), kind)
    current = max(found, key=int)
    if name == current:
        return [_("It is the current key: make a new one first.")]
    if KeyStep.objects.filter(kind=kind, state=State.RUNNING).exists():
        return [_("Values are being brought under the new key; wait until that is done.")]
    reasons = [
        _("%(count)s values of %(place)s still need it: bring everything under the new key.")
        % {"count": count, "place": f"{stage.realm} {stage.name}"}
        for stage in rotation.stages_of(kind)
        if (count := stage.left())
    ]
    added = KeyStep.objects.filter(kind=kind, name=current, what=What.ADDED).first()
    return reasons + rotation.reasons_against(kind, added.at if added else timezone.now())


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise KeyInUse(f"keys are of the kinds {', '.join(KINDS)}")
    return kind
