"""Levels of stock, and an index of what words begin with. A job fills both where there are goods already."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

import central.catalog.words


def fill_later(apps, schema_editor):
    # The stock lies in another database: a migration of this one cannot read it, a job can, and tries again.
    alias = schema_editor.connection.alias
    if apps.get_model("catalog", "Variant").objects.using(alias).exists():
        job = {"handler": "catalog.reindex", "payload": b""}
        apps.get_model("jobs", "Job").objects.using(alias).get_or_create(key="catalog.reindex:0005", defaults=job)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0004_logins"),
        ("jobs", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="StockLevel",
            fields=[
                (
                    "variant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="stock_level",
                        serialize=False,
                        to="catalog.variant",
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[("in", "in stock"), ("low", "few left"), ("out", "out of stock")], max_length=3
                    ),
                ),
                ("ver", models.PositiveBigIntegerField()),
            ],
            options={"indexes": [models.Index(fields=["level"], name="stock_level")]},
        ),
        migrations.AddIndex(
            model_name="listing",
            index=django.contrib.postgres.indexes.GinIndex(
                central.catalog.words.WordsOf("search_key"), name="listing_by_word"
            ),
        ),
        migrations.RunPython(fill_later, migrations.RunPython.noop),
    ]
