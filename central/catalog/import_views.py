"""Screens of imports: sources, the way of one file from its mapping to its counts, and what was refused."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from central.catalog.errors import ImportRefused
from central.catalog.import_forms import FileForm, SourceForm
from central.catalog.importing import look, runs, sources
from central.catalog.importing.columns import FIELDS, REGIONAL, WORDS
from central.catalog.importing.models import ImportRun
from central.catalog.importing.reasons import in_words
from central.catalog.importing.words import (
    FIELD_TITLES,
    MONEY,
    OUTCOME_TONES,
    OUTCOMES,
    PRICE_TITLES,
    STATES,
    TONES,
)
from central.cluster.locales import own_name
from central.cluster.models import Site
from central.cluster.queries import languages_of, regions_at
from central.ui import texts
from central.ui.explain import explain
from central.ui.screens import StaffRequest, screen
from central.ui.view_scope import choices
from node.errors import RialtoError, WrongUse

RIGHT = "import_goods"
PAGE = 50


def _sites(request: StaffRequest) -> list[tuple[str, str]]:
    return [(look.id, look.label) for look in choices(request)]


# --- sources ------------------------------------------------------------------------------------------------------


@screen(RIGHT)
def source_list(request: StaffRequest) -> HttpResponse:
    rows = sources.sources_visible_to(request.user)
    return render(request, "catalog/imports/sources.html", {"sources": rows})


@screen(RIGHT, methods=["GET", "HEAD", "POST"])
def edit_source(request: StaffRequest, source_id: UUID) -> HttpResponseBase:
    source = sources.visible_source(request.user, source_id)
    plain = ("title", "sites", "language", "makes_new", "is_master", "url", "every_minutes")
    initial = {name: getattr(source, name) for name in plain}
    initial |= {"only": source.fields, "login": source.login or "", "password": ""}
    form = SourceForm(request, initial=initial, ver=source.ver, sites=_sites(request))
    if form.is_saveable():
        with form.refusals():
            changes = {("fields" if name == "only" else name): value for name, value in form.changes.items()}
            sources.edit_source(source.pk, changes)
            return form.saved(_("The source is saved."), "imports-sources")
    note = _("A file of it is read as its last import was mapped.") if source.mapping else ""
    return form.page(source.title, back=("imports-sources", _("Sources")), note=note)


# --- a new file ---------------------------------------------------------------------------------------------------


@screen(RIGHT, methods=["GET", "HEAD", "POST"])
def new_import(request: StaffRequest) -> HttpResponseBase:
    known = list(sources.sources_visible_to(request.user))
    chosen = request.GET.get("source", "")
    initial = {"source": chosen if chosen in {str(one.pk) for one in known} else (str(known[0].pk) if known else "")}
    is_sent = request.method == "POST"
    form = FileForm(
        request.POST if is_sent else None,
        request.FILES if is_sent else None,
        initial=initial,
        sources=known,
        sites=_sites(request),
    )
    if is_sent and form.is_valid():
        try:
            return _take(request, form.cleaned_data)
        except (ImportRefused, WrongUse) as error:
            form.add_error("file", in_words(explain(error)))
    return render(request, "catalog/imports/new.html", {"form": form}, status=422 if is_sent else 200)


def _take(request: StaffRequest, data: dict[str, Any]) -> HttpResponseBase:
    file: Any = data["file"]
    if file.size is not None and file.size > runs.MAX_UPLOAD:
        raise runs.too_large()
    if data["source"]:
        source = sources.visible_source(request.user, UUID(data["source"]))
    else:
        source = sources.make_source(data["title"], data["sites"], by=request.user.username)
    run = runs.take_file(source, file.name or "file", file.chunks(), by=request.user.username)
    return redirect("imports-one", run.pk)


# --- one import ---------------------------------------------------------------------------------------------------


@screen(RIGHT)
def one_import(request: StaffRequest, run_id: UUID) -> HttpResponse:
    run = sources.visible_run(request.user, run_id)
    context = _context(request, run)
    if run.state == ImportRun.State.DRAFT and not run.files_gone:
        try:
            context["look"] = _words_of_look(look.look(run), run)
        except (ImportRefused, WrongUse) as error:
            context["cannot_read"] = _why(run, error)
    return render(request, "catalog/imports/one.html", context)


@screen(RIGHT)
def progress(request: StaffRequest, run_id: UUID) -> HttpResponse:
    """The part of the page that changes while an import is at work; asked each second, and no more when it is still."""
    run = sources.visible_run(request.user, run_id)
    if not run.is_at_work and request.htmx:
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
        return answer
    return render(request, "catalog/imports/parts/progress.html", _context(request, run))


@screen(RIGHT, methods=["POST"])
def map_import(request: StaffRequest, run_id: UUID) -> HttpResponseBase:
    """Keep what was said of the columns with the source, and find out the changes."""
    run = sources.visible_run(request.user, run_id)
    if run.state != ImportRun.State.DRAFT:
        return redirect("imports-one", run.pk)
    answers = {name: value for name, value in request.POST.items() if isinstance(value, str)}
    try:
        said = look.mapping_said(look.look(run), answers, run.source.mapping)
        sources.edit_source(run.source_id, {"mapping": said})
    except (ImportRefused, WrongUse) as error:
        messages.error(request, _why(run, error))
        return redirect("imports-one", run.pk)
    look.forget_look(run)
    runs.find_changes(run.pk)
    return redirect("imports-one", run.pk)


@screen(RIGHT, methods=["POST"])
def act(request: StaffRequest, run_id: UUID) -> HttpResponseBase:
    """`do`: map, check, write or stop."""
    run = sources.visible_run(request.user, run_id)
    able = {"map": runs.map_again, "check": runs.find_changes, "write": runs.write_changes, "stop": runs.stop}
    do = able.get(request.POST.get("do", ""))
    if do is None:
        raise Http404
    do(run.pk)
    return redirect("imports-one", run.pk)


@screen(RIGHT)
def refused(request: StaffRequest, run_id: UUID) -> HttpResponseBase:
    """The refused rows as they were, with their line and reason before them: mend them and import the file again."""
    run = sources.visible_run(request.user, run_id)
    name = quote(f"{run.file_name.rpartition('.')[0] or run.file_name}-refused.csv")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return StreamingHttpResponse(_refused_rows(run), content_type="text/csv; charset=utf-8", headers=headers)


class _Echo:
    """What the writer of CSV writes into: gives it back."""

    def write(self, text: str) -> str:
        return text


def _refused_rows(run: ImportRun) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # Excel takes a file without it for one in a code page of its own
    yield writer.writerow(["line", "reason", *run.header])
    for line in runs.refused_lines(run, is_dry=_is_preview(run)):
        yield writer.writerow([line["line"], line["why"], *line.get("cells", [])])


# --- what the pages show ------------------------------------------------------------------------------------------


def _why(run: ImportRun, error: RialtoError) -> str:
    return in_words(explain(error).replace(runs.file_of(run).name, run.file_name))


def _is_preview(run: ImportRun) -> bool:
    return run.started_at is None


def _context(request: StaffRequest, run: ImportRun) -> dict[str, Any]:
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in OUTCOMES else ""
    after = request.GET.get("after", "")
    start = int(after) if after.isascii() and after.isdecimal() and len(after) < 13 else 0
    found, following = runs.lines_of(
        runs.report_of(run, is_dry=_is_preview(run)), after=start, limit=PAGE, outcome=outcome
    )
    done = run.counts.get("read", 0)
    fields = {**FIELD_TITLES, **_edition_fields(run)}
    return {
        "run": run,
        "state": STATES[run.state],
        "error": in_words(run.error),
        "tone": TONES[run.state],
        "is_preview": _is_preview(run),
        "counts": [(name, title, OUTCOME_TONES[name], run.counts.get(name, 0)) for name, title in OUTCOMES.items()],
        "done": done,
        "percent": min(100, done * 100 // run.total) if run.total else 0,
        "lines": [_line(one, fields) for one in found],
        "next": following,
        "after": start,
        "outcome": outcome,
        "news": run.counts.get("created", 0) + run.counts.get("updated", 0),
    }


def _edition_fields(run: ImportRun) -> dict[str, str]:
    """Fields of the languages and regions of its sites, and what they are called: "title:en" -> "Title, English"."""
    several = run.sites if len(run.sites) > 1 else []
    own = Site.objects.filter(pk__in=several).values_list("language", flat=True)
    languages = dict.fromkeys((*own, *(code for site in run.sites for code in languages_of(site))))
    regions = {pk: region.title for site in run.sites for pk, region in regions_at(site).items()}
    places = {f"{name}:{code}": own_name(code) for code in languages for name in WORDS}
    places |= {f"{REGIONAL}:{code}": title for code, title in regions.items()}
    return {field: f"{FIELD_TITLES[field.partition(':')[0]]}, {place}" for field, place in places.items()}


def _line(line: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    currency = line.get("currency", "")
    return {
        "number": line.get("line", 0),
        "key": line.get("key") or (line.get("cells") or ["?"])[0],
        "title": line.get("title", ""),
        "outcome": OUTCOMES[line["outcome"]],
        "tone": OUTCOME_TONES[line["outcome"]],
        "why": in_words(line.get("why", "")),
        "changes": [
            (fields.get(name, name), *(_value(name, side, currency) for side in pair))
            for name, pair in line.get("changes", {}).items()
            if name != "is_active" or line["outcome"] != "created"
        ],
    }


def _value(name: str, value: Any, currency: str) -> str:
    if value is None or value in ("", []):
        return "—"
    if name.partition(":")[0] in MONEY and isinstance(value, int):
        return texts.money(value, currency or "RUB", get_language() or "en")
    if name in ("picture", "pictures"):
        return str(len(value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "; ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _words_of_look(found: dict[str, Any], run: ImportRun) -> dict[str, Any]:
    if found["kind"] == "table":
        choose = [(name, FIELD_TITLES.get(name, name)) for name in FIELDS]
        found["choices"] = [
            ("", _("Not taken")),
            *choose,
            *_edition_fields(run).items(),
            ("option", _("An option, named as the column")),
            ("attribute", _("A property, named as the column")),
        ]
    else:
        found["kinds"] = list(PRICE_TITLES.items())
    return found
