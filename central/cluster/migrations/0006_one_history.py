"""`central.history` keeps the changes of sites: written by the database, whoever changes them and however."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cluster", "0005_realm_health")]
    operations = [migrations.DeleteModel("SiteChange")]
