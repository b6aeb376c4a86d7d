"""What was left after each movement so far; and from now on PostgreSQL refuses to change or delete one, whoever asks."""

from django.db import migrations

#: both databases know UPDATE FROM and sums over windows
FILL = """
    UPDATE stock_movement SET "left" = counted.unsold, left_here = counted.unsold FROM (
        SELECT id, SUM(units * (
            CASE WHEN target = 'pool' OR target LIKE 'edge:%' THEN 1 ELSE 0 END
            - CASE WHEN source = 'pool' OR source LIKE 'edge:%' THEN 1 ELSE 0 END
        )) OVER (PARTITION BY variant ORDER BY id) AS unsold FROM stock_movement
    ) AS counted WHERE counted.id = stock_movement.id
"""
SEEN = "UPDATE stock_grant SET seen_sold = sold, seen_returned = returned"

REFUSE = """
CREATE FUNCTION stock_ledger_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a movement of the stock ledger cannot be changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER stock_ledger_stands BEFORE UPDATE OR DELETE ON stock_movement
    FOR EACH ROW EXECUTE FUNCTION stock_ledger_stands();
"""
ALLOW = """
DROP TRIGGER stock_ledger_stands ON stock_movement;
DROP FUNCTION stock_ledger_stands();
"""


def fill(apps, schema_editor):
    schema_editor.execute(FILL, None)
    schema_editor.execute(SEEN, None)


def refuse(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(REFUSE)


def allow(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(ALLOW)


class Migration(migrations.Migration):
    dependencies = [("stock", "0002_warehouses")]
    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(refuse, allow),
    ]
