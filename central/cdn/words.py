"""Providers, plans, states and calls, as people read them."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from central.cdn import folding
from central.cdn.models import Account, Purge
from infra.cdn.protocol import Plan
from infra.cdn.registry import PLANS

PROVIDERS: Final[dict[str, Promise | str]] = {
    "cloudflare": "Cloudflare",
    "nginx_cache": gettext_lazy("An nginx of one's own"),
    "none": gettext_lazy("None: nothing is cached"),
}
KINDS: Final[dict[str, Promise]] = {
    "urls": gettext_lazy("Addresses"),
    "tags": gettext_lazy("Tags"),
    "hosts": gettext_lazy("Whole hosts"),
    "everything": gettext_lazy("Everything"),
}
OUTCOMES: Final[dict[str, tuple[Promise, str]]] = {
    Purge.Outcome.DONE: (gettext_lazy("Purged"), "green"),
    Purge.Outcome.UNAVAILABLE: (gettext_lazy("No answer: tried again"), "amber"),
    Purge.Outcome.REFUSED: (gettext_lazy("Refused"), "red"),
}
#: why an address gives nothing, beside a status
TROUBLES: Final[dict[str, Promise]] = {
    "timeout": gettext_lazy("it does not answer in time"),
    "unknown_host": gettext_lazy("its name is not found"),
    "no_lookup": gettext_lazy("its name cannot be looked up now"),
    "certificate": gettext_lazy("its certificate is not right"),
    "redirects": gettext_lazy("it redirects without end"),
    "node_away": gettext_lazy("the shop's node does not say which pages are the busiest"),
    "no_answer": gettext_lazy("it gives no answer"),
}


def plan_choices() -> list[tuple[str, str]]:
    """Provider and plan in one: there is no plan without its provider."""
    return [(f"{provider}:{name}", plan_title(provider, name)) for provider in PROVIDERS for name in PLANS[provider]]


def plan_title(provider: str, name: str) -> str:
    title = str(PROVIDERS.get(provider, provider))
    return title if name == "any" else f"{title} {PLANS[provider][name].title}"


def state_of(account: Account) -> tuple[str, str]:
    """In words, and the tone of its badge."""
    if not account.is_active:
        return _("Switched off"), "grey"
    if account.is_refused:
        return _("Refuses our key or our calls"), "red"
    if account.failures:
        return _("Does not answer"), "amber"
    return _("Works"), "green"


def limits_left(account: Account) -> tuple[str, str]:
    """Calls by tags or hosts, and URLs, that we let ourselves make now: of how many."""
    limits: Plan = PLANS[account.provider][account.plan]
    now = timezone.now().timestamp()
    left = folding.full(limits, now)
    if account.counted_at is not None and account.calls_left is not None and account.urls_left is not None:
        counted = folding.Budget(account.calls_left, account.urls_left, account.counted_at.timestamp())
        left = counted.refilled(limits, now)
    most = folding.full(limits, now)
    return f"{max(0, int(left.calls))} / {int(most.calls)}", f"{max(0, int(left.urls))} / {int(most.urls)}"


def trouble_in_words(error: str) -> str:
    """Why an address gives nothing: a status, or what `infra.http.outgoing.trouble_of` says."""
    if error.isdecimal():
        return _("it answers %(status)s") % {"status": error}
    return str(TROUBLES.get(error, TROUBLES["no_answer"]))
