import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cluster", "0004_silence")]

    operations = [
        migrations.CreateModel(
            name="RealmHealth",
            fields=[
                ("realm", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("is_up", models.BooleanField(default=True)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]
