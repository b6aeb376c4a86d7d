"""The card of a link that leads nowhere."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from central.pages import links
from central.pages.lists import MANAGE, SEE, holders
from central.pages.models import BrokenLink
from central.pages.words import link_in_words
from central.ui import cards
from central.ui.cards import Action, Badge, Card, Fact
from central.ui.lists import cells
from central.ui.scope import may_see
from central.ui.screens import StaffRequest, screen

OUT: Final = '<a href="{0}" rel="noopener noreferrer" target="_blank">{0}</a>'


@screen(SEE)
def link(request: StaffRequest, link_id: int) -> HttpResponse:
    found = links.visible_link(link_id, request.user)
    badges = [Badge(link_in_words(found.status), "red")]
    if found.is_ignored:
        badges.append(Badge(_("Ignored")))
    return cards.show(
        request,
        Card(
            record=found,
            title=found.url,
            back=("ignored-links", _("Ignored links")) if found.is_ignored else ("broken-links", _("Broken links")),
            site=found.site,
            badges=badges,
            actions=_actions(request, found),
            facts=[
                Fact(
                    _("Broken link"),
                    format_html('<a href="{0}" rel="noopener noreferrer" target="_blank">{0}</a>', found.url),
                ),
                Fact(_("What is wrong"), link_in_words(found.status)),
                Fact(_("On pages"), holders(found)),
                Fact(_("First seen"), cells.ago(found.since)),
                Fact(_("Last seen"), cells.ago(found.seen_at)),
                Fact(_("Node"), found.node),
                *([Fact(_("Ignored by"), found.ignored_by)] if found.is_ignored else []),
            ],
            help=_(
                "It is looked at again by itself: links of our shops every half hour, others once a day. It disappears "
                "when it leads somewhere, or when no page holds it any more."
            ),
        ),
    )


def _actions(request: StaffRequest, found: BrokenLink) -> list[Action]:
    at = [found.pk]
    actions = []
    if found.is_ignored:
        actions.append(
            Action(_("Notice again"), reverse("broken-links-notice", args=at), "check", MANAGE, is_post=True)
        )
    else:
        actions.append(Action(_("Ignore"), reverse("broken-links-ignore", args=at), "eye-off", MANAGE, is_post=True))
    if found.source and may_see(request.user, found.of_site):
        address = f"{reverse('redirects-new')}?{urlencode({'site': found.of_site, 'source': found.source})}"
        actions.append(Action(_("Make a redirect"), address, "arrow-right", "manage_seo", css="btn-primary"))
    return actions


@screen(MANAGE, methods=["POST"])
def ignore(request: StaffRequest, link_id: int) -> HttpResponseBase:
    found = links.visible_link(link_id, request.user)
    links.ignore(found.pk, by=request.user.username)
    messages.success(request, _("The link is ignored."))
    return redirect("broken-links")


@screen(MANAGE, methods=["POST"])
def notice(request: StaffRequest, link_id: int) -> HttpResponseBase:
    found = links.visible_link(link_id, request.user)
    links.notice(found.pk)
    messages.success(request, _("The link is noticed again."))
    return redirect("broken-links-one", found.pk)
