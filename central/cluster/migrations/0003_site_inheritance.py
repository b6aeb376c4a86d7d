import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cluster", "0002_site_groups")]

    operations = [
        migrations.AddField(
            "site",
            "parent",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="children",
                to="cluster.site",
            ),
        ),
        migrations.AddField("site", "inherits", models.JSONField(blank=True, default=list)),
        migrations.AddField("site", "locks", models.JSONField(blank=True, default=list)),
        migrations.AddField("site", "kept", models.JSONField(blank=True, default=dict)),
        migrations.AddField("sitechange", "through", models.CharField(blank=True, max_length=20)),
    ]
