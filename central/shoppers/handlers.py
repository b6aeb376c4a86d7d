"""What follows from what happens to accounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from central.notices.actions import send_notice
from central.shoppers import codes
from central.shoppers.events import CodeAsked
from central.shoppers.models import Code
from central.shoppers.queries import account_by_email, site_look
from sync.events import JobRun, handles


@handles(CodeAsked)
def mail_code(event: CodeAsked, job: JobRun) -> dict[str, Any]:
    """Send the digits. Known and unknown mails are told apart here only, and nobody's page waits for it."""
    code = Code.objects.filter(pk=UUID(event.code)).first()
    if code is None or code.used_at:
        return {"skipped": "gone"}
    account = account_by_email(code.email)
    if account is None and code.purpose in (Code.Purpose.SIGN_IN, Code.Purpose.RESET):
        return {"skipped": "no_account"}
    site = site_look(code.site)
    message_id = send_notice(
        "shopper_code",
        key=job.key,
        to=code.email,
        to_name=account.customer.name if account else "",  # of a stranger's choice until the mail is proven
        language=code.language,
        site_name=site.name,
        reply_to=site.email,
        context={
            "digits": codes.digits_of(code.pk),
            "purpose": str(code.purpose),
            "is_known": account is not None,
            "minutes": int(codes.LIFE.total_seconds() // 60),
            "phone": "",
            "colour": site.colour,
        },
    )
    return {"message_id": message_id}
