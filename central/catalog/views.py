from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from infra.storage.media import CONTENT_TYPES, media_store


@require_safe
def media(request: HttpRequest, name: str) -> HttpResponse:
    """A picture by its content's hash: public, and the same for ever."""
    store = media_store()
    if not store.has(name):
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
    return HttpResponse(store.read(name), content_type=CONTENT_TYPES[name.rpartition(".")[2]], headers=headers)
