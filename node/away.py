"""Whether an error means that a realm's database is away, and which realm: what a screen, an API, a log can say."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

#: the server could not be reached, ends, starts, or lets nobody in; a lock or a statement's time is none of these
_CLASSES = ("08",)
_CODES = ("57P01", "57P02", "57P03", "57P05", "53300", "55000", "3D000", "28P01", "28000")


def realm_away(error: BaseException | None) -> str:
    """The realm whose database is away, as an error or one of its causes tells; "" when it tells of none."""
    for _ in range(8):
        if error is None:
            return ""
        if isinstance(error, OperationalError | InterfaceError) and (realm := getattr(error, "realm", "")):
            return str(realm) if _is_of_the_server(error) else ""
        error = error.__cause__ or error.__context__
    return ""


def _is_of_the_server(error: BaseException) -> bool:
    code = getattr(error.__cause__, "sqlstate", None)
    # No code: it came from the client's side, nobody answered.
    return code is None or code.startswith(_CLASSES) or code in _CODES
