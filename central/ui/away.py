"""What is answered while a realm's database is away: which realm, what goes on, when to ask again."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from node.away import realm_away
from node.errors import RialtoError

#: seconds after which it is worth asking again
AGAIN_S = 10

_words: dict[str, Promise | str] = {}


class RealmAway(RialtoError):
    """The database of `realm` does not answer."""

    code = "realm_away"
    status = 503

    def __init__(self, realm: str) -> None:
        super().__init__(
            f"the database of the realm '{realm}' does not answer; nothing is lost, try again", realm=realm
        )
        self.realm = realm


def add_words(words: Mapping[str, Promise | str]) -> None:
    """Realm -> what does not work without it. Called by the app that knows realms."""
    _words.update(words)


def words_of(realm: str) -> str:
    return str(_words.get(realm, ""))


def away_answer(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """A page, a toast or JSON when `error` means that a realm is away, else None."""
    realm = realm_away(error)
    if not realm:
        return None
    if getattr(request, "htmx", False):
        answer = HttpResponse(_drawn(request, "ui/parts/toast.html", realm))
    elif request.accepts("text/html") and not request.path_info.startswith("/api/"):
        answer = HttpResponse(_drawn(request, "ui/realm_away.html", realm))
    else:
        told = RealmAway(realm)
        answer = JsonResponse({"error": told.code, "code": told.code, "message": str(told), "realm": realm})
    answer.status_code = RealmAway.status
    answer["Retry-After"] = str(AGAIN_S)
    answer["Cache-Control"] = "no-store"
    return answer


def _drawn(request: HttpRequest, template: str, realm: str) -> str:
    # No context processors: they ask a database too.
    text = _("The database of the realm “%(realm)s” does not answer. Nothing is lost; try again in a moment.")
    return render_to_string(
        template,
        {
            "theme": getattr(request, "theme", "auto"),
            "LANGUAGE_CODE": get_language(),
            "realm": realm,
            "without": words_of(realm),
            "text": text % {"realm": realm},
            "tone": "error",
            "address": request.get_full_path() if request.method == "GET" else "",
        },
    )
