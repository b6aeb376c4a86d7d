"""Where in the world an address is, by a database file that the operator gives: MaxMind DB format, of any maker.

Rialto ships none and asks nobody: the address of a visitor leaves this machine for nobody.
"""

from infra.geo.database import PlaceDatabase, check_file

__all__ = ["PlaceDatabase", "check_file"]
