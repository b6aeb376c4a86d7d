"""Opening a shop as staff: a one-time token that makes the shop show its pages live to this browser.

The token is for who may see the site at the desk; it lets him see nothing that visitors may not, only sooner.
"""

from __future__ import annotations

import secrets
import time
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from central.cluster.keys import sign_as_central
from central.cluster.models import Site
from central.cluster.queries import sites_visible_to
from infra.crypto.signing import b64
from node.config import config
from sync.contracts.codec import pack
from sync.contracts.preview import PreviewToken, signed_part

#: stands in an address where the edge puts the id of its product
_ANY: Final = UUID(int=0)


def find_site(user: Any, site_id: str) -> Site | None:
    """A site whose shop this person may open as staff: one he sees, that is open and has a node."""
    return sites_visible_to(user).filter(pk=site_id, is_active=True, node__isnull=False).first()


def address(site: Site, *, language: str) -> str:
    """Where to send the browser. Good once, for a minute."""
    token = PreviewToken(
        v=1,
        jti=secrets.token_hex(16),
        site=site.pk,
        iat=int(time.time()),
        language=language,
        desk={
            "": _at_desk("sites-one", site.pk),
            "product": _at_desk("products-card", _ANY).replace(str(_ANY), "{id}"),
        },
    )
    body = pack(token)
    text = f"{b64(body)}.{b64(sign_as_central(signed_part(body)))}"
    return f"{site.origin}/_r/preview?{urlencode({'t': text})}"


def _at_desk(name: str, *arguments: object) -> str:
    return config().base_url + reverse(name, args=arguments)
