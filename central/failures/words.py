"""What a job is for and what went wrong, in plain words."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from central.failures.models import Failure
from central.ui.explain import sentence_of
from sync.intake import LOST

#: name of a handler, or kind of an op -> what it is for
_WHAT: Final[dict[str, Promise]] = {
    "orders.match_customer": gettext_lazy("Find or make the client of an order"),
    "orders.name_customer": gettext_lazy("Make an order findable by its client"),
    "orders.index_customer": gettext_lazy("Make orders findable by a changed client"),
    "orders.hand_back_orders": gettext_lazy("Give orders back to the clients a merge had joined"),
    "orders.forget_buyer": gettext_lazy("Forget who bought, in the orders of an erased client"),
    "people.forget_views_of": gettext_lazy("Delete saved views that look for an erased client"),
    "orders.reindex": gettext_lazy("Make all orders findable by their clients"),
    "orders.mail_order_accepted": gettext_lazy("Mail to a shopper: the order is accepted"),
    "orders.mail_status": gettext_lazy("Mail to a shopper: the order has another status"),
    "orders.mail_pay_link": gettext_lazy("Mail to a shopper: the link to pay"),
    "orders.make_pay_page": gettext_lazy("Make the page to pay an order"),
    "orders.charge_released": gettext_lazy("Make the page to pay an order that was taken for a duplicate"),
    "orders.mail_stock_found": gettext_lazy("Mail to a shopper: the goods he waited for are there"),
    "orders.note_payment": gettext_lazy("Write a payment into its order"),
    "orders.note_stock": gettext_lazy("Write into an order that its goods are there"),
    "stock.freeze_epoch": gettext_lazy("Freeze the rights of an edge whose disk is its own no more"),
    "shoppers.mail_code": gettext_lazy("Mail to a shopper: a code"),
    "notices.tell_readers": gettext_lazy("Find out whom to tell of an event"),
    "notices.tell_one": gettext_lazy("Mail to a member of staff"),
    "accounts.mail_password_link": gettext_lazy("Mail to a colleague: the link to a password"),
    "catalog.import_run": gettext_lazy("Import of goods"),
    "catalog.note_stock_levels": gettext_lazy("Note at products what is left of them"),
    "catalog.note_site_languages": gettext_lazy("Publish goods in the languages a shop speaks"),
    "catalog.note_regions": gettext_lazy("Note for goods and shelves how regions lie in one another"),
    "catalog.settle_reach": gettext_lazy("Show goods and shelves in their regions alone"),
    "catalog.reindex": gettext_lazy("Make all products findable"),
    "search.regions_changed": gettext_lazy("Fill the search index of a shop anew after its regions changed"),
    "search.build_index": gettext_lazy("Fill the search index of a shop at a server"),
    "search_counts": gettext_lazy("What was searched for at a shop"),
    "catalog.fetch_source": gettext_lazy("Fetch a file of goods"),
    "pictures.make": gettext_lazy("Make the pictures that wait"),
    "pictures.plan": gettext_lazy("Find out which pictures of a site have to be made"),
    "pictures.plan_placed": gettext_lazy("Have pictures made of what was uploaded"),
    "pictures.tidy": gettext_lazy("Take away pictures that no shop shows any more"),
    "cdn.look_at_origins": gettext_lazy("See whether hosts of pictures and static files answer"),
    "cdn.warm": gettext_lazy("Fetch purged pages again through the CDN"),
    "cdn.purge": gettext_lazy("Purge changed pages at the CDN"),
    "ui.bulk": gettext_lazy("Change of many rows"),
    "keys.rotate": gettext_lazy("Bring everything under a new encryption key"),
    "failures.carry_out": gettext_lazy("Try a failed job again or give it up"),
    "order": gettext_lazy("An order from a shop"),
    "cart": gettext_lazy("A change of a cart from a shop"),
    "cart_alias": gettext_lazy("Two carts of a shop that are one"),
    "grant_report": gettext_lazy("What a shop has sold of its rights"),
    "shopper_left": gettext_lazy("A shopper who signed out in a shop"),
    "redirect_hits": gettext_lazy("Visits of old addresses of a shop"),
    "seo.walk": gettext_lazy("Walk of an old site"),
    "pages_changed": gettext_lazy("Changed pages of a shop, to be purged at the CDN"),
    "lost": gettext_lazy("Messages of a shop that this database has lost"),
}

#: an error's type -> what it means for who looks at it
_ERRORS: Final[dict[str, Promise]] = {
    "lease_over": gettext_lazy("It did not end in time, or its process was stopped in the middle."),
    "UnknownHandler": gettext_lazy("This version does not know how to do it. Was an older version started again?"),
    "Unavailable": gettext_lazy("The outside service did not answer."),
    "Refused": gettext_lazy("The outside service refused it. Look at its settings and at the address."),
    "OperationalError": gettext_lazy("A database did not answer."),
    "InterfaceError": gettext_lazy("A database did not answer."),
    "ConnectionError": gettext_lazy("The other side did not answer."),
    "ConnectionRefusedError": gettext_lazy("The other side did not answer."),
    "TimeoutError": gettext_lazy("The other side took too long to answer."),
    "DoesNotExist": gettext_lazy("What it was about is not there any more."),
    "IntegrityError": gettext_lazy("The database refused what was to be written."),
    "ValidationError": gettext_lazy("What was to be written is not valid."),
    "DecodeError": gettext_lazy("The message cannot be read: was it sent by a newer version?"),
}
_OF_ANOTHER_DISK: Final = gettext_lazy(
    "Another disk of this node, a restored or a copied one, has sent it under a number that was taken. What counts of "
    "it comes again by itself; tried again by hand it could free units that were sold. It can only be given up."
)
_LOST: Final = gettext_lazy(
    "The database was put back from a backup that is older than these messages. They are not here any more, so there "
    "is nothing to try: note what you find out of them as the reason, and give it up."
)


def what(failure: Failure) -> str:
    """What was to be done."""
    known = _WHAT.get(failure.what)
    if known is not None:
        return str(known)
    is_job = failure.kind == Failure.Kind.JOB
    return failure.what if is_job else _("Message of a shop: %(kind)s") % {"kind": failure.what}


def why(failure: Failure) -> str:
    """What went wrong: by the error's code, else by its type; and why it can only be given up."""
    if not failure.may_be_tried:
        return str(_LOST if failure.what == LOST else _OF_ANOTHER_DISK)
    kind, _space, code = failure.error.partition(": ")
    known = sentence_of(code) if code else ""
    if known or kind in _ERRORS:
        return known or str(_ERRORS[kind])
    if failure.kind == Failure.Kind.OP and " " in failure.error:
        return failure.error
    return _("An error nobody thought of. The log of central tells more, under the number below.")


STATES: Final[dict[int, tuple[Promise, str]]] = {
    Failure.State.OPEN: (gettext_lazy("Waits for you"), "red"),
    Failure.State.TRYING: (gettext_lazy("Being tried again"), "blue"),
    Failure.State.GIVEN_UP: (gettext_lazy("Given up"), "grey"),
    Failure.State.DONE: (gettext_lazy("Done since"), "green"),
}


def state_title(failure: Failure) -> str:
    return str(STATES[failure.state][0])


def state_tone(failure: Failure) -> str:
    return STATES[failure.state][1]
