"""Every change of a watched table, written by the database itself; in each realm beside the tables it watches.

Written by a trigger, so it catches what actions do, `update()`, bulk writes and SQL by hand alike. PostgreSQL refuses
to change or delete a row of it.

What the hashes prove. `hash` covers the row and the `hash` of the change before it of the same row (`prev_hash`): a
chain per row, not per table, so that two people who change two records never wait for each other. Whoever alters,
inserts or takes out a change in the middle breaks the chain, and `rialto history check` names the place.
What they do not prove: that the newest changes of a row are there (a chain that was cut off at its end is whole), and
nothing against somebody who may switch triggers off, rewrite the table and compute the hashes anew. Keep the output of
`rialto history check --json` somewhere else: its heads show both.

What is not caught: TRUNCATE, and writes of a session that has switched triggers off (`session_replication_role`).

Personal data. An encrypted column is kept as it is stored, as ciphertext, and opened for who may see it; of a column
that holds personal data in clear only the fact of its change is kept.
"""

from __future__ import annotations

from django.db import models


class Change(models.Model):
    """One row inserted, updated or deleted. Reach it with `.using(alias)`: the table stands in each realm."""

    class Op(models.TextChoices):
        INSERT = "I"
        UPDATE = "U"
        DELETE = "D"

    id = models.BigAutoField(primary_key=True)
    #: "accounts.profile" and its key
    kind = models.CharField(max_length=100)
    key = models.CharField(max_length=200)
    #: the record on whose card it is shown: "auth.user" and its key; often the row itself
    record_kind = models.CharField(max_length=100)
    record_key = models.CharField(max_length=200)
    #: the site of the row, "" for none
    site = models.CharField(max_length=40)
    op = models.CharField(max_length=1, choices=Op.choices)
    at = models.DateTimeField()
    #: a login, "job:<handler>", "cli:<user>"; "" when nobody said it: a process of Rialto, or SQL by hand
    who = models.CharField(max_length=200)
    as_whom = models.CharField(max_length=200)
    address = models.CharField(max_length=60)
    request = models.CharField(max_length=40)
    #: changed columns only
    before = models.JSONField()
    after = models.JSONField()
    prev_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        db_table = "history_change"
        indexes = [
            models.Index(fields=["record_kind", "record_key", "-id"], name="history_of_record"),
            models.Index(fields=["kind", "key", "-id"], name="history_chain"),
            models.Index(fields=["who", "-id"], name="history_of_person"),
        ]
