"""Why a move did not begin, in words of the reader's language. The English sentence stands in logs and commands."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MOVE_REASONS: list[tuple[str, Promise | str]] = [
    (r"the new database cannot hold the realm:\n(?P<told>.*)", _("The new database cannot hold the realm:\n%(told)s")),
    (r"the realm has left (?P<where>.*): correct .*", _("The realm has left %(where)s: correct rialto.toml.")),
    (r"the old database does not answer: (?P<why>.*)", _("The old database does not answer: %(why)s")),
    (r"the new database does not answer: (?P<why>.*)", _("The new database does not answer: %(why)s")),
    (r"the realm is in that database already.*", _("The realm is in that database already: name another one.")),
    (
        r"this user may not make a schema in the (?P<which>\w+) database.*",
        _("This user may not make a schema there: GRANT CREATE ON DATABASE (%(which)s)."),
    ),
    (r"the new database is not empty.*", _("The new database is not empty: make an empty one for the realm.")),
    (
        r"that database was left by a move.*",
        _("That database was left by a move and refuses to be written: make an empty one."),
    ),
    (
        r"(not the same (tables|sequences)|tables of another shape|the tables could not be made).*",
        _("The databases have not this version's schema: run `rialto migrate`, then move."),
    ),
    (r"the realm '(?P<realm>.*)' is being moved already", _("The realm %(realm)s is being moved already.")),
    (r"the move did not begin; (?P<log>.*) says why", _("The move did not begin; %(log)s says why.")),
]
