"""Sending a notice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.notices.rendering import render_notice
from infra.mail import Mail, gateway

#: in whose name staff are written to
DESK_NAME = "Rialto"


def send_notice(
    template: str,
    *,
    key: str,
    to: str,
    language: str,
    site_name: str,
    context: Mapping[str, Any],
    to_name: str = "",
    reply_to: str = "",
) -> str:
    """Render a notice in the reader's language and send it in the name of a site; returns its Message-ID.

    One `key`, one Message-ID. Raises `infra.mail.errors.Refused` or `Unavailable`, `UnknownNotice`.
    """
    notice = render_notice(template, language=language, site_name=site_name, context={**context, "name": to_name})
    mail = Mail(
        key=key,
        to=to,
        subject=notice.subject,
        text=notice.text,
        html=notice.html,
        to_name=to_name,
        sender_name=site_name,
        reply_to=reply_to,
    )
    return gateway().send(mail)


def send_letter(template: str, *, key: str, to: str, to_name: str, language: str, context: Mapping[str, Any]) -> str:
    """A notice in the desk's own name, to staff and operators; see `central.ui.letters`."""
    return send_notice(
        template, key=key, to=to, to_name=to_name, language=language, site_name=DESK_NAME, context=context
    )
