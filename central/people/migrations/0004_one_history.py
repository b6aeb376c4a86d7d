"""`central.history` keeps the changes of customers: written by the database, whoever changes them and however."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("people", "0003_changes_and_doubts")]
    operations = [migrations.DeleteModel("CustomerChange")]
