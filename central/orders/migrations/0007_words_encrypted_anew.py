"""What was said in an order's history may be encrypted anew while rialto.rekeying is 'on'; all else of it stands."""

from django.db import migrations, models

REFUSE = r"""
CREATE OR REPLACE FUNCTION orders_history_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND coalesce(current_setting('rialto.rekeying', true), '') = 'on'
       AND to_jsonb(NEW) - 'words' = to_jsonb(OLD) - 'words' THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'the history of an order cannot be changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_unpaid")]
    operations = [
        migrations.RunSQL(REFUSE, migrations.RunSQL.noop),
        migrations.AlterField("order", "sealing_key", models.CharField(blank=True, max_length=40)),
    ]
