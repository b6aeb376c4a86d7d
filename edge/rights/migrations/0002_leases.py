"""One lease for all rights, holds of carts, and how fast goods sell. Holds are for minutes: those there are end here."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


def end_holds(apps, schema_editor):
    apps.get_model("edge_rights", "Hold").objects.using(schema_editor.connection.alias).all().delete()
    apps.get_model("edge_rights", "Right").objects.using(schema_editor.connection.alias).filter(held__gt=0).update(held=0)


class Migration(migrations.Migration):
    dependencies = [("edge_rights", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("boot", models.CharField(max_length=36)),
                ("stop_at", models.BigIntegerField(default=0)),
                ("boottime_ms", models.BigIntegerField()),
                ("wall_ms", models.BigIntegerField()),
            ],
            options={"constraints": [models.CheckConstraint(condition=Q(id=1), name="lease_one_row")]},
        ),
        migrations.CreateModel(
            name="Pace",
            fields=[
                ("variant", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("score", models.FloatField()),
                ("at_ms", models.BigIntegerField()),
            ],
        ),
        migrations.RunPython(end_holds, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex(model_name="hold", name="edge_rights_order_2849a4_idx"),
        migrations.RenameField(model_name="hold", old_name="order", new_name="cart"),
        migrations.AddIndex(model_name="hold", index=models.Index(fields=["cart"], name="hold_of_cart")),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(fields=["cart", "right"], name="hold_once_per_right"),
        ),
    ]
