"""A run's filter is forgotten once its rows are fixed, and what was filled in when it is over: of those of before too."""

from django.db import migrations

FORGET = """
UPDATE bulk_bulkrun SET query = '' WHERE state <> 'waiting';
UPDATE bulk_bulkrun SET filled = '' WHERE state IN ('done', 'stopped');
"""


class Migration(migrations.Migration):
    dependencies = [("bulk", "0002_encrypted")]
    operations = [migrations.RunSQL(FORGET, migrations.RunSQL.noop)]
