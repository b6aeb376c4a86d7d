"""Why a move does not begin, or ends before the switch.

MoveRefused        nothing was begun
MoveStopped        it was begun, and is rolled back
└── Doubt          the two databases are not the same
MoveUndecided      the old database does not answer, so nobody can tell which side the switch fell on
"""

from __future__ import annotations

from node.errors import Refused


class MoveRefused(Refused):
    code = "realm_move_refused"


class MoveStopped(Refused):
    code = "move_stopped"


class Doubt(MoveStopped):
    code = "move_doubt"


class MoveUndecided(Refused):
    code = "move_undecided"
    status = 503
