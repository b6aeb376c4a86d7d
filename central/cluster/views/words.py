"""The screen of the words of shops' pages: each text beside its Russian and its translation, saved row by row."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from central.cluster import page_words
from central.cluster.errors import BadField
from central.cluster.locales import own_name
from central.cluster.models import PageWords, Site, SiteLanguage
from central.cluster.page_words import Text
from central.ui import cards
from central.ui.scope import ALL, visible_sites
from central.ui.screens import StaffRequest, may, screen
from sites.editions import is_rtl

PER_PAGE = 50
MAX_FILE = 2_000_000


def languages() -> list[tuple[str, str]]:
    """What the shops of the cluster speak, and what is shipped: the ones with the least shipped first."""
    spoken = set(SiteLanguage.objects.values_list("code", flat=True)) | set(
        Site.objects.values_list("language", flat=True)
    )
    shipped = [code for code, _name in settings.LANGUAGES]
    codes = [*sorted(spoken - set(shipped)), *shipped]
    return [(code, own_name(code)) for code in codes]


@screen("see_sites")
def words(request: StaffRequest) -> HttpResponse:
    known = languages()
    asked = request.GET.get("language") or known[0][0]
    if asked not in dict(known):
        raise Http404(asked)
    own = page_words.own_words(asked)
    texts = list(page_words.page_texts().values())
    said = sum(1 for text in texts if page_words.is_said(text, asked, own))
    query, lacks = request.GET.get("q", "").strip(), request.GET.get("lacks") == "1"
    found = [text for text in texts if _fits(text, own, query) and not (lacks and page_words.is_said(text, asked, own))]
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    record = PageWords.objects.filter(pk=asked).first() or PageWords(pk=asked)
    given = {"language": asked, **({"q": query} if query else {}), **({"lacks": "1"} if lacks else {})}
    return render(
        request,
        "cluster/words.html",
        {
            "title": _("Words of the shops"),
            "languages": known,
            "language": asked,
            "rows": [_row(request, asked, text, own.get(text.key, [])) for text in page],
            "page": page,
            "query": query,
            "lacks": lacks,
            "given": urlencode(given),
            "said": said,
            "all": len(texts),
            "may_edit": _may_edit(request),
            **cards.inside(request, record, "history"),
        },
    )


@screen("manage_sites", methods=["POST"])
def save(request: StaffRequest) -> HttpResponseBase:
    """One text; answers its row. Without JavaScript, the page it stands on."""
    language, key = request.POST.get("language", ""), request.POST.get("key", "")
    text = page_words.page_texts().get(key)
    if text is None or language not in dict(languages()) or not _may_edit(request):
        raise Http404(key)
    forms = [" ".join(one.split()) for one in request.POST.getlist("form")]
    wrong = page_words.why_not(language, key, forms)
    if not wrong:
        page_words.set_page_words(language, {key: forms}, by=request.user.username)
    if not request.headers.get("HX-Request"):
        if wrong:
            messages.error(request, wrong)
        else:
            messages.success(request, _("Saved. The shops know within seconds."))
        return redirect(f"{reverse('words')}?{request.POST.get('given') or urlencode({'language': language})}")
    row = _row(request, language, text, forms, wrong=wrong, is_saved=not wrong)
    return render(request, "cluster/parts/word_row.html", {"row": row}, status=422 if wrong else 200)


@screen("see_sites")
def export(request: StaffRequest) -> HttpResponse:
    language = request.GET.get("language", "")
    if language not in dict(languages()):
        raise Http404(language)
    answer = HttpResponse(page_words.to_po(language), content_type="text/x-gettext-translation; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="shops-{language}.po"'
    return answer


@screen("manage_sites", methods=["POST"])
def take_in(request: StaffRequest) -> HttpResponseBase:
    """A PO file: what can be kept is kept, the rest is named with its reason."""
    language, file = request.POST.get("language", ""), request.FILES.get("file")
    if language not in dict(languages()) or not _may_edit(request):
        raise Http404(language)
    back = redirect(f"{reverse('words')}?{urlencode({'language': language})}")
    if file is None or (file.size or 0) > MAX_FILE:
        messages.error(request, _("Choose a PO file of at most 2 MB."))
        return back
    try:
        words, wrong = page_words.from_po(language, file.read())
    except BadField as error:
        messages.error(request, error.fields["file"])
        return back
    changed = page_words.set_page_words(language, words, by=request.user.username)
    messages.success(
        request, ngettext("%(n)s text is taken over.", "%(n)s texts are taken over.", changed) % {"n": changed}
    )
    for text, why in list(wrong.items())[:10]:
        messages.error(request, f"{text[:80]}: {why}")
    if len(wrong) > 10:
        messages.error(request, _("and %(n)s more are not taken over") % {"n": len(wrong) - 10})
    return back


def _may_edit(request: StaffRequest) -> bool:
    """The words are those of all shops: who is limited to sites changes none."""
    return may(request.user, "manage_sites") and visible_sites(request.user) is ALL


def _fits(text: Text, own: dict[str, list[str]], query: str) -> bool:
    every = " ".join((text.key, text.plural, *text.russian, *own.get(text.key, []))).casefold()
    return all(word in every for word in query.casefold().split())


def _row(
    request: StaffRequest, language: str, text: Text, forms: list[str], *, wrong: str = "", is_saved: bool = False
) -> dict[str, Any]:
    samples = page_words.samples_of(language) if text.plural else [""]
    values = [*forms, *([""] * len(samples))][: len(samples)]
    return {
        "text": text,
        "language": language,
        "direction": "rtl" if is_rtl(language) else "ltr",
        "forms": list(zip(samples, values, strict=True)),
        "wrong": wrong,
        "is_saved": is_saved,
        "may_edit": _may_edit(request),
        "given": request.GET.urlencode() if request.method == "GET" else request.POST.get("given", ""),
    }
