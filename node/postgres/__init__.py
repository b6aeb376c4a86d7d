"""Django's PostgreSQL, and three things beside it that a house of several databases needs; see `base`."""
