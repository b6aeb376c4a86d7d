"""A Django database backend: Django's own for SQLite, over apsw, on the simulator's disks."""
