"""What customers are found by in lists of orders. A cluster that has orders already fills it by a job."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


def fill_later(apps, schema_editor):
    # Customers live in another database: a migration of this one cannot read them, a job can, and tries again.
    alias = schema_editor.connection.alias
    if apps.get_model("orders", "Order").objects.using(alias).exists():
        job = {"handler": "orders.reindex", "payload": b""}
        apps.get_model("jobs", "Job").objects.using(alias).get_or_create(key="orders.reindex:0003", defaults=job)


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0002_history_stands"),
        ("jobs", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderPerson",
            fields=[
                ("customer", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "marks",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BinaryField(), default=list, size=None),
                ),
                ("merged_into", models.UUIDField(null=True)),
                ("ver", models.PositiveBigIntegerField()),
            ],
            options={
                "indexes": [django.contrib.postgres.indexes.GinIndex(fields=["marks"], name="person_marks")],
            },
        ),
        migrations.RunPython(fill_later, migrations.RunPython.noop),
    ]
