"""What of the figures somebody should look at, the worst first; the same list on the screen and in `doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from central.health.figures import CdnFigures, Health, NodeFigures, RealmFigures
from central.pages.words import slowdown_in_words
from infra.caching.figures import CacheFigures

#: a node may be so long behind, or hold what central has not taken in, before it is worth a word
BEHIND_S = 60.0
#: the audit runs each minute
AUDIT_S = 300.0
#: a CDN may be away so long before it is worth a word: purges are made up for
CDN_S = 60.0
#: a changed page may wait so long; and for so long a page that was wrong is worth a word
PAGES_S = 60.0
WRONG_S = 86_400.0
#: slow-downs that are named, the worst: one cause slows many pages
MOST_SLOW = 5


class Urgency(IntEnum):
    BAD = 0
    LOOK = 1


@dataclass(frozen=True)
class Finding:
    """`code` names the kind for programs, `about` the node or realm; `url`: where it is mended, by who has `right`."""

    urgency: Urgency
    code: str
    about: str
    text: str
    url: str = ""
    right: str = ""

    @property
    def tone(self) -> str:
        return "red" if self.urgency is Urgency.BAD else "amber"


def findings_of(health: Health) -> list[Finding]:
    """In the language of who asks."""
    found = [
        *_of_realms(health.realms or []),
        *_of_books(health),
        *_of_queues(health),
        *_of_cdn(health.cdn or []),
        *_of_speed(health),
        *_of_files(health.left_files or []),
        *_of_cache("", _("Central"), health.cache),
    ]
    for node in health.nodes:
        found += _of_node(node)
        found += _of_cache(node.node, node.name, node.cache)
    return sorted(found, key=lambda one: one.urgency)


def _of_realms(realms: list[RealmFigures]) -> Iterator[Finding]:
    for one in realms:
        if not one.is_up:
            text = _("The realm %(realm)s does not answer.") % {"realm": one.realm}
            yield Finding(
                Urgency.BAD, "realm_down", one.realm, text, reverse("realms-one", args=[one.realm]), "see_realms"
            )
        elif one.set_aside:
            text = ngettext(
                "%(count)s message of a shop was set aside in %(realm)s.",
                "%(count)s messages of shops were set aside in %(realm)s.",
                one.set_aside,
            )
            named = text % {"count": one.set_aside, "realm": one.realm}
            yield Finding(Urgency.BAD, "set_aside", one.realm, named, reverse("failures"), "mend_jobs")


def _of_books(health: Health) -> Iterator[Finding]:
    books = health.books
    if books is None:
        return
    if books.breaches:
        text = ngettext(
            "%(count)s row of the stock books is wrong.", "%(count)s rows of the stock books are wrong.", books.breaches
        )
        yield Finding(Urgency.BAD, "books", "", text % {"count": books.breaches}, reverse("stock-audit"), "see_stock")
    elif books.unseen_s > AUDIT_S:
        text = _("The stock books were not audited of late.")
        yield Finding(Urgency.LOOK, "audit_late", "", text, reverse("stock-audit"), "see_stock")


def _of_queues(health: Health) -> Iterator[Finding]:
    counted: tuple[tuple[str, int | None, Any, str, str], ...] = (
        (
            "failed",
            sum(one.failed or 0 for one in health.realms or []),
            lambda n: ngettext("%(count)s job has failed.", "%(count)s jobs have failed.", n),
            reverse("failures"),
            "mend_jobs",
        ),
        (
            "duplicates",
            health.duplicates,
            lambda n: ngettext(
                "%(count)s order may be another's double.", "%(count)s orders may be another's double.", n
            ),
            reverse("orders-duplicates"),
            "decide_duplicates",
        ),
        (
            "broken_links",
            health.broken_links,
            lambda n: ngettext(
                "%(count)s link of shops' pages leads nowhere.", "%(count)s links of shops' pages lead nowhere.", n
            ),
            reverse("broken-links"),
            "see_pages",
        ),
        (
            "failed_pictures",
            health.failed_pictures,
            lambda n: ngettext("%(count)s photo could not be made.", "%(count)s photos could not be made.", n),
            f"{reverse('pictures')}?state=failed",
            "manage_pictures",
        ),
    )
    for code, count, words, url, right in counted:
        if count:
            yield Finding(Urgency.LOOK, code, "", words(count) % {"count": count}, url, right)


def _of_speed(health: Health) -> Iterator[Finding]:
    for one in (health.slow or [])[:MOST_SLOW]:
        text = slowdown_in_words(one.site, one.kind, one.measure, one.value, one.usual)
        url = f"{reverse('speed')}?site={one.site}&kind={one.kind}"
        yield Finding(Urgency.LOOK, "slow", one.site, text, url, "see_pages")


def _of_cdn(accounts: list[CdnFigures]) -> Iterator[Finding]:
    for one in accounts:
        named, url = {"account": one.account, "count": one.waiting}, reverse("cdn")
        if one.refuses:
            text = _("The CDN account %(account)s refuses our calls; %(count)s pages wait to be purged.") % named
            yield Finding(Urgency.BAD, "cdn_refuses", one.account, text, url, "see_cdn")
        elif one.failing_s is not None and one.failing_s > CDN_S:
            text = _("The CDN account %(account)s does not answer; %(count)s pages wait to be purged.") % named
            yield Finding(Urgency.BAD, "cdn_silent", one.account, text, url, "see_cdn")


def _of_files(left: list[str]) -> Iterator[Finding]:
    for name in left:
        text = _("The shops' file %(file)s cannot be minified or joined; it is served as it is.") % {"file": name}
        yield Finding(Urgency.LOOK, "file_left", name, text, reverse("sites"), "see_sites")


def _of_cache(node: str, name: str, cache: CacheFigures | None) -> Iterator[Finding]:
    if cache is not None and cache.error:
        text = _("The program cache (%(backend)s) of %(node)s does not answer; it is done without.")
        named = {"backend": cache.backend, "node": name}
        yield Finding(Urgency.LOOK, "cache_away", node, text % named, reverse("cluster-health-cache"), "see_health")


def _of_pages(node: NodeFigures) -> Iterator[Finding]:
    pages, url = node.pages, reverse("pages")
    if pages is None:
        return
    named = {"node": node.name, "count": pages.failed, "seconds": round(pages.late_s)}
    if pages.failed:
        text = ngettext(
            "%(count)s page at %(node)s cannot be made.", "%(count)s pages at %(node)s cannot be made.", pages.failed
        )
        yield Finding(Urgency.BAD, "pages_failed", node.node, text % named, f"{url}?state=failed", "see_pages")
    elif node.light == "green" and pages.late_s > PAGES_S:
        text = _("Pages at %(node)s are late: the first has waited %(seconds)s s to be made anew.") % named
        yield Finding(Urgency.LOOK, "pages_late", node.node, text, f"{url}?state=waits", "see_pages")
    if pages.wrong_s is not None and pages.wrong_s < WRONG_S:
        text = _("A page at %(node)s was not what its documents say; the audit had it made anew.") % named
        yield Finding(Urgency.LOOK, "pages_wrong", node.node, text, url, "see_pages")


def _of_node(node: NodeFigures) -> Iterator[Finding]:
    url = reverse("nodes-one", args=[node.node])
    named = {"node": node.name}
    if node.light == "amber":
        yield Finding(
            Urgency.BAD, "silent", node.node, _("%(node)s is silent. Its shops sell on.") % named, url, "see_nodes"
        )
    if node.frozen:
        text = ngettext("%(count)s unit is frozen at %(node)s.", "%(count)s units are frozen at %(node)s.", node.frozen)
        where = f"{reverse('stock-rights')}?state=frozen"
        yield Finding(Urgency.LOOK, "frozen", node.node, text % {"count": node.frozen, **named}, where, "see_stock")
    if node.parked:
        text = ngettext(
            "%(node)s could not apply %(count)s document.", "%(node)s could not apply %(count)s documents.", node.parked
        )
        yield Finding(Urgency.BAD, "parked", node.node, text % {"count": node.parked, **named}, url, "see_nodes")
    yield from _of_pages(node)
    if node.light == "green" and (node.oldest("behind_s") or 0) > BEHIND_S:
        text = _("%(node)s lags behind: the first change it has not applied is %(seconds)s s old.")
        seconds = round(node.oldest("behind_s") or 0)
        yield Finding(Urgency.LOOK, "behind", node.node, text % {"seconds": seconds, **named}, url, "see_nodes")
    if node.light == "green" and node.total("backlog") and (node.oldest("acked_s") or 0) > BEHIND_S:
        text = _("Central takes nothing in from %(node)s, which holds %(count)s messages.")
        yield Finding(
            Urgency.BAD, "stuck", node.node, text % {"count": node.total("backlog"), **named}, url, "see_nodes"
        )
