"""The keys there are, without the keys: ids, which is current, and what was done with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from central.keys.actions import source
from central.keys.models import KeyStep
from infra.crypto.keys import KINDS, RECOVERY, of_kind
from infra.crypto.rings import mark_of

TITLES: Final[dict[str, Promise]] = {
    "fields": _("Data of persons and secrets"),
    "index": _("Finding by phone, e-mail and name"),
    "sealing": _("Orders on their way from shops"),
}
EXPLAINED: Final[dict[str, Promise]] = {
    "fields": _("Encrypts columns, and wraps the key of each person."),
    "index": _("Makes the marks by which equal phones, e-mails and words are found."),
    "sealing": _("Opens what shops seal before it touches their disk."),
}


@dataclass(frozen=True)
class Key:
    """`mark`: eight hex digits that tell one key from another and say nothing of it."""

    name: str
    mark: str
    is_current: bool


@dataclass(frozen=True)
class Kind:
    code: str
    title: Promise
    explained: Promise
    keys: list[Key]
    running: KeyStep | None

    @property
    def has_old(self) -> bool:
        return len(self.keys) > 1


def kinds() -> list[Kind]:
    """Raises `KeyMissing` when the place the keys come from does not answer."""
    found = source().read()
    running = {step.kind: step for step in KeyStep.objects.filter(state=KeyStep.State.RUNNING)}
    return [_kind(code, of_kind(found, code), running.get(code)) for code in KINDS]


def _kind(code: str, keys: dict[str, bytes], running: KeyStep | None) -> Kind:
    current = max(keys, key=int, default="")
    shown = [Key(name, mark_of(keys[name]).hex()[:8], name == current) for name in sorted(keys, key=int, reverse=True)]
    return Kind(code, TITLES[code], EXPLAINED[code], shown, running)


def has_recovery_here() -> bool:
    """Whether the recovery key lies on this machine: it belongs in a safe."""
    return f"sealing-{RECOVERY}" in source().read()


def steps(limit: int = 50) -> list[KeyStep]:
    return list(KeyStep.objects.order_by("-pk")[:limit])
