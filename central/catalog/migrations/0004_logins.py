"""A source's login lies beside its address, encrypted; it was written into the address."""

from urllib.parse import unquote, urlsplit

from django.db import migrations

import infra.crypto.fields


def part_logins(apps, editor):
    sources = apps.get_model("catalog", "ImportSource").objects.using(editor.connection.alias)
    for source in sources.filter(url__contains="@"):
        parts = urlsplit(source.url)
        if parts.username:
            source.login, source.password = unquote(parts.username), unquote(parts.password or "")
            source.url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
            source.save(update_fields=["url", "login", "password"])


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0003_words'),
    ]

    operations = [
        migrations.AddField(
            model_name='importsource',
            name='login',
            field=infra.crypto.fields.EncryptedTextField(column='catalog.source.login', null=True),
        ),
        migrations.AddField(
            model_name='importsource',
            name='password',
            field=infra.crypto.fields.EncryptedTextField(column='catalog.source.password', null=True),
        ),
        migrations.RunPython(part_logins, migrations.RunPython.noop),
    ]
