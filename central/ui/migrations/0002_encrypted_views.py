"""Filters of saved views are kept encrypted: one may be a phone or a name. Those there are are carried over."""

from typing import Any

import infra.crypto.fields
from django.db import migrations


def carry_over(apps: Any, schema_editor: Any) -> None:
    views = apps.get_model("ui", "SavedView").objects.using(schema_editor.connection.alias)
    for view in views.iterator():
        view.sealed = view.query
        view.save(update_fields=["sealed"])


class Migration(migrations.Migration):
    dependencies = [("ui", "0001_initial")]
    operations = [
        migrations.AddField(
            "savedview",
            "sealed",
            infra.crypto.fields.EncryptedTextField(column="ui.view.query", blank=True, null=True),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveField("savedview", "query"),
        migrations.RenameField("savedview", "sealed", "query"),
    ]
