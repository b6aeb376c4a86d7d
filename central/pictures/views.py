"""Screens of pictures: how each site's are made, and how far they have come. And the files edges fetch."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from central.catalog.actions import keep_picture
from central.catalog.models import Media
from central.cluster.models import Site
from central.pictures import actions, making, queries
from central.pictures.errors import BadProfile
from central.pictures.forms import ProfileForm
from central.pictures.models import Output, SiteProfile
from central.pictures.profiles import Profile, wanted_of
from central.ui import cards
from central.ui.explain import explain
from central.ui.screens import StaffRequest, open_to_all, screen
from infra.images.errors import UnfitPicture
from infra.images.workshop import Limits
from infra.storage.inspect import BadPicture
from infra.storage.media import CONTENT_TYPES, media_store

RIGHT = "manage_pictures"
FORM = ("GET", "HEAD", "POST")
#: a person waits for it
_PREVIEW = Limits(seconds=15)


@open_to_all
@require_safe
def media(request: HttpRequest, name: str) -> HttpResponse:
    """A picture by its content's hash: public, and the same for ever."""
    store, folder = media_store(), ""
    if not store.has(name):
        folder = queries.folder_of(name)
        if not folder or not store.has(name, folder=folder):
            raise Http404(name)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{name[:64]}"',
        "X-Content-Type-Options": "nosniff",
        # An SVG opened by itself is a document: it gets no script, no network and no origin of ours.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "Access-Control-Allow-Origin": "*",
    }
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(
        store.read(name, folder=folder), content_type=CONTENT_TYPES[name.rpartition(".")[2]], headers=headers
    )


# --- how a site's pictures are made ---------------------------------------------------------------------------------


@screen(RIGHT, methods=FORM)
def profile(request: StaffRequest, site: str) -> HttpResponseBase:
    row = _site(request, site)
    own = SiteProfile.objects.filter(pk=row.pk).first()
    standing = queries.standing_of(row.pk)
    form = _form(request, own, standing)
    if form.is_saveable():
        with form.refusals():
            _save(request, row.pk, form, standing.profile, own.ver if own else None)
            return form.saved(
                _("Saved. Pictures that differ are made anew; shops show the old ones until then."), "pictures"
            )
    back = ("pictures", _("Pictures"))
    context: dict[str, Any] = {"site": row, **(cards.inside(request, own, "history") if own else {})}
    return form.page(
        _("Pictures of %(site)s") % {"site": row.name}, back=back, template="pictures/profile.html", **context
    )


def _form(request: StaffRequest, own: SiteProfile | None, standing: queries.Standing) -> ProfileForm:
    inherits = own is None or own.inherits
    return ProfileForm(request, initial=ProfileForm.initial_of(standing.profile, inherits), ver=own.ver if own else 1)


def _save(request: StaffRequest, site: str, form: ProfileForm, was: Profile, seen_ver: int | None) -> None:
    by = request.user.username
    if form.cleaned_data["inherits"]:
        actions.inherit_profile(site, by=by, seen_ver=seen_ver)
        return
    picture = was.mark_picture
    if file := form.cleaned_data["mark_picture"]:
        picture = _kept(file.read())
    actions.set_profile(site, form.profile(picture), by=by, seen_ver=seen_ver)


def _kept(data: bytes) -> str:
    """Raises `BadProfile`: a drawing cannot be laid over a photo, and no picture at all neither."""
    try:
        sha = keep_picture(data)
    except BadPicture as error:
        raise BadProfile(str(error), fields={"mark_picture": explain(error)}) from error
    if Media.objects.filter(pk=sha, ext="svg").exists():
        why = _("An SVG cannot be laid over photos: choose a PNG with a see-through ground.")
        raise BadProfile("an SVG is no watermark", fields={"mark_picture": why})
    return sha


@dataclass(frozen=True)
class Preview:
    """One file of the picture that a profile is tried on."""

    title: str
    output: Output
    percent: int  # of the original's bytes

    @property
    def share(self) -> str:
        return f"{self.percent}\N{NO-BREAK SPACE}%"

    @property
    def url(self) -> str:
        return f"/_media/{self.output.name}"


@screen(RIGHT, methods=["POST"])
def preview(request: StaffRequest, site: str) -> HttpResponse:
    """What the form as it stands makes of one picture of the shop. Nothing is saved but the files."""
    row = _site(request, site)
    original = queries.one_to_show(row.pk)
    context: dict[str, Any] = {"original": original}
    form = _form(request, None, queries.standing_of(row.pk))
    try:
        if original is None:
            context["why"] = _("The shop has no photos yet: drawings (SVG) pass as they are.")
        elif not form.is_valid():
            context["why"] = _("Correct the form, and the preview is drawn.")
        else:
            profile = form.profile(queries.standing_of(row.pk).profile.mark_picture)
            actions.check_profile(profile)
            began = time.monotonic()
            context |= {"files": _previewed(row.pk, original, profile)}
            context["ms"] = round(1_000 * (time.monotonic() - began))
    except (BadProfile, UnfitPicture, FileNotFoundError) as error:
        context["why"] = explain(error) if isinstance(error, BadProfile | UnfitPicture) else _("Its file is lost.")
    return render(request, "pictures/parts/preview.html", context)


def _previewed(site: str, original: Media, profile: Profile) -> list[Preview]:
    """At the widest width of a plain screen, in each format, and the small one."""
    wide = min(max(profile.widths), original.width)
    wanted = [
        one
        for one in wanted_of(profile, original.width, queries.mark_of(profile))
        if one.role == "thumb" or one.spec.width == wide
    ]
    folder = "/".join([site, "previews"]) if profile.by_category else ""
    made = making.outputs_of(original, wanted, folder=folder, limits=_PREVIEW) or {}
    found = []
    for one in wanted:
        output = made[one.spec.key]
        title = _("In carts") if one.role == "thumb" else output.ext.upper()
        found.append(Preview(title, output, round(100 * output.size / original.size)))
    return found


# --- what people do about the work ----------------------------------------------------------------------------------


@screen(RIGHT, methods=["POST"])
def act(request: StaffRequest, site: str) -> HttpResponseBase:
    """`do`: "pause", "resume", "redo" or "retry" (those that failed)."""
    row, by = _site(request, site), request.user.username
    deed = request.POST.get("do", "")
    if deed == "pause":
        actions.pause(row.pk, by=by)
    elif deed == "resume":
        actions.resume(row.pk, by=by)
    elif deed in ("redo", "retry"):
        count = actions.redo_site(row.pk, by=by) if deed == "redo" else actions.retry_failed(row.pk, by=by)
        text = ngettext("%(count)s picture waits to be made.", "%(count)s pictures wait to be made.", count)
        messages.success(request, text % {"count": count})
    else:
        raise Http404(deed)
    return redirect("pictures")


def _site(request: StaffRequest, site: str) -> Site:
    found = queries.visible_site(request.user, site)
    if found is None:
        raise Http404(site)
    return found
