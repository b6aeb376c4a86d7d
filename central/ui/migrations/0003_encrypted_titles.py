"""What a view is called is kept encrypted, as its filter is: one may be called after a client."""

from typing import Any

import infra.crypto.fields
from django.db import migrations, models


def carry_over(apps: Any, schema_editor: Any) -> None:
    views = apps.get_model("ui", "SavedView").objects.using(schema_editor.connection.alias)
    for view in views.iterator():
        view.sealed = view.title
        view.save(update_fields=["sealed"])


class Migration(migrations.Migration):
    dependencies = [("ui", "0002_encrypted_views"), ("crypto", "0001_initial")]
    operations = [
        migrations.AddField(
            "savedview", "sealed", infra.crypto.fields.EncryptedTextField(column="ui.view.title", null=True)
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveConstraint("savedview", "view_title_once"),
        migrations.RemoveField("savedview", "title"),
        migrations.RenameField("savedview", "sealed", "title"),
        migrations.AddIndex("savedview", models.Index(fields=["list", "owner"], name="views_of_owner")),
    ]
