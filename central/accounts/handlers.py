"""What follows from what happens to staff."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from central.accounts.events import PasswordLinkWanted
from central.accounts.models import Profile
from central.accounts.passwords import link_of
from central.ui.letters import write_letter
from node.config import config
from sync.events import JobRun, handles


@handles(PasswordLinkWanted)
def mail_password_link(event: PasswordLinkWanted, job: JobRun) -> dict[str, Any]:
    """Write to the person. The link is made only now: no row and no log holds it."""
    user = User.objects.filter(pk=event.user, is_active=True).first()
    if user is None or not user.email:
        return {"skipped": "nobody_to_write_to"}
    language = Profile.objects.filter(user=user).values_list("language", flat=True).first() or ""
    template = "staff_invited" if event.is_invite else "staff_password"
    context = {"url": link_of(user), "login": user.get_username(), "desk": config().base_url}
    message = write_letter(
        template, key=job.key, to=user.email, to_name=user.get_full_name(), language=language, context=context
    )
    return {"message_id": message}
