"""What happens to staff that others act on."""

from __future__ import annotations

from sync.events import Event


class PasswordLinkWanted(Event, frozen=True, kw_only=True):
    """A member of staff is to get a mail with a link to set his password. `is_invite`: he was just added."""

    user: int
    is_invite: bool = False
