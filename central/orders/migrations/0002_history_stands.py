"""History cannot be edited: PostgreSQL itself refuses to change or delete a row of it, whoever asks."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION orders_history_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of an order cannot be changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER orders_history_stands BEFORE UPDATE OR DELETE ON orders_orderchange
    FOR EACH ROW EXECUTE FUNCTION orders_history_stands();
"""
ALLOW = """
DROP TRIGGER orders_history_stands ON orders_orderchange;
DROP FUNCTION orders_history_stands();
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
