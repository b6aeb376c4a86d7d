"""The list of failed jobs."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from central.failures import actions
from central.failures.forms import BulkGiveUpForm
from central.failures.models import Failure
from central.failures.queries import failures_visible_to
from central.failures.words import STATES, state_title, state_tone, what, why
from central.ui import live
from central.ui.lists import (
    BulkAction,
    Choices,
    Column,
    Empty,
    List,
    Option,
    Search,
    cells,
    moment_column,
    number_column,
)
from node.realms import CENTRAL_REALMS

RIGHT = "mend_jobs"


def _again(failure: Failure, user: Any, filled: dict[str, Any]) -> None:
    actions.try_again(failure.pk, by=user.get_username())


def _give_up(failure: Failure, user: Any, filled: dict[str, Any]) -> None:
    actions.give_up(failure.pk, reason=filled["reason"], by=user.get_username())


FAILURES = List(
    name="failures",
    path="failed-jobs",
    title=_("Failed jobs"),
    right=RIGHT,
    rows=failures_visible_to,
    site_field="",
    columns=[
        Column("what", _("What"), lambda one, shown: what(one), sort="what", export=what, css="grow"),
        Column(
            "state",
            _("State"),
            lambda one, shown: cells.badge(state_title(one), state_tone(one)),
            sort="state",
            export=state_title,
        ),
        Column("why", _("Why"), lambda one, shown: why(one), export=why, css="full"),
        Column("realm", _("Realm"), lambda one, shown: one.realm, sort="realm", export=lambda one: one.realm),
        number_column("attempts", _("Attempts"), "attempts"),
        moment_column("failed", _("Failed"), "failed_at", css="end"),
    ],
    default_sort="state",
    filters=[
        Choices("state", _("State"), [Option(str(state), title, tone) for state, (title, tone) in STATES.items()]),
        Choices("realm", _("Realm"), [Option(realm, realm) for realm in CENTRAL_REALMS]),
        Choices("kind", _("Kind"), [Option("job", _("Job of central")), Option("op", _("Message of a shop"))]),
    ],
    search=Search(_("Job, error or node"), ("what", "error", "edge", "ref")),
    row_url=lambda one: reverse("failures-one", args=[one.pk]),
    topic=live.JOBS,
    arrives="noticed_at",
    bulk=[
        BulkAction("again", _("Try again"), RIGHT, _again, icon="refresh", asks=_("Each is done once more.")),
        BulkAction("give-up", _("Give up"), RIGHT, _give_up, form=BulkGiveUpForm, icon="ban", is_dangerous=True),
    ],
    help=_(
        "Work that central tried many times and gave up on, such as a mail that cannot be sent, and messages of shops "
        "it could not take in. Mend the cause, then try again. What is given up is never done; the reason is kept."
    ),
    empty=Empty(_("Nothing has failed"), _("Work that cannot be done appears here by itself."), "circle-check"),
)
