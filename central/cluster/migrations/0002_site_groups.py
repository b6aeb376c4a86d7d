"""`Site.group` was the cart group; groups of sites for management take the name, in the history too."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


def _rename(old, new):
    def rename(apps, schema_editor):
        changes = apps.get_model("cluster", "SiteChange").objects.using(schema_editor.connection.alias)
        for change in changes.filter(models.Q(was__has_key=old) | models.Q(became__has_key=old)).iterator():
            for values in (change.was, change.became):
                if old in values:
                    values[new] = values.pop(old)
            change.save(update_fields=["was", "became"])

    return rename


class Migration(migrations.Migration):
    dependencies = [("cluster", "0001_initial")]

    operations = [
        migrations.RenameField("site", "group", "cart_group"),
        migrations.RunPython(_rename("group", "cart_group"), _rename("cart_group", "group")),
        migrations.CreateModel(
            name="SiteGroup",
            fields=[
                (
                    "id",
                    models.CharField(
                        max_length=20,
                        primary_key=True,
                        serialize=False,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z][a-z0-9-]{0,19}$",
                                "a small letter, then small letters, digits or dashes, 20 at most",
                            )
                        ],
                    ),
                ),
                ("title", models.CharField(max_length=80)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="cluster.sitegroup",
                    ),
                ),
                ("ver", models.PositiveBigIntegerField(default=1)),
            ],
            options={"ordering": ["title", "id"]},
        ),
        migrations.AddField(
            "site",
            "group",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sites",
                to="cluster.sitegroup",
            ),
        ),
    ]
