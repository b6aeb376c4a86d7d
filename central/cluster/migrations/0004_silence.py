import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cluster", "0003_site_inheritance")]

    operations = [
        migrations.AddField("node", "operator_language", models.CharField(blank=True, max_length=8)),
        migrations.CreateModel(
            name="Silence",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("heard_at", models.DateTimeField(null=True)),
                ("noticed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "node",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="silences", to="cluster.node"
                    ),
                ),
            ],
            options={
                "ordering": ["-noticed_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("node",),
                        name="silence_open_once_per_node",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Watch",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("silent_after_minutes", models.PositiveSmallIntegerField(default=5)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("changed_by", models.CharField(blank=True, max_length=150)),
                ("ver", models.PositiveBigIntegerField(default=1)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="watch_one_row"),
                    models.CheckConstraint(
                        condition=models.Q(("silent_after_minutes__gte", 1)), name="watch_at_least_a_minute"
                    ),
                ]
            },
        ),
    ]
